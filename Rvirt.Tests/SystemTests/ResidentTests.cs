using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Guests in the hart's own S-mode, with Rvirt in M-mode (docs/resident.md).</summary>
[Category("System"), Category("Image")]
public sealed class ResidentTests
{
    private const string Unfit =
        "rvirt.mode=resident needs Rvirt's image with its own machine-mode part, and a hart with S-mode, TVM and four PMP entries: use rvirt.mode=deprivileged";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    /// <summary>
    /// QEMU's hart has the H extension and cannot be told to drop it: it is physical memory protection that a guest meets on every way past its tables,
    /// and that ends it. Deprivileged the same program has an illegal instruction.
    /// </summary>
    [TestCase]
    [TestCase("ENTER")]
    public void AGuestThatUsesTheHypervisorExtensionIsStopped(params string[] defines)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "escape-payload.S", 0x80200000, defines: defines);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Resident, payload, memory: 256), "-cpu", "rv64,h=on"], s_limit);
        var status = qemu.WaitForExit(50);
        Assert.That(qemu.Serial, Does.Contain("rvirt: guest guest0 went where it is shut out").And.Not.Contain("panic").And.Not.Contain("reported a failure"), qemu.Describe);
        Assert.That(status, Is.Not.Zero, qemu.Describe);
    }

    /// <summary>What is wrong with it is the guest's own affair: its instruction is illegal, and it goes on.</summary>
    [Test]
    public void AGuestOfAHartWithoutThatExtensionHasAnIllegalInstruction()
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "escape-payload.S", 0x80200000);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Resident, payload, memory: 256), "-cpu", "rv64,h=off"], s_limit);
        Assert.That(qemu.WaitForExit(50), Is.EqualTo(2), qemu.Describe);
    }

    /// <summary>
    /// Where QEMU's hart has the H extension, what trapped is read before it is carried out. A boot took half as long again when that went by MPRV, at each
    /// change of which QEMU forgets what it has translated; it counts that by each of eight modes of access.
    /// </summary>
    [Test]
    public void WhatTrapsIsReadWithoutTheHartForgettingItsTranslations()
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "reading-payload.S", 0x80200000);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Resident, payload, memory: 256), "-cpu", "rv64,h=on", .. QemuMonitor.Arguments(folder.File("monitor"))], s_limit);
        qemu.ExpectAnywhere("trapped", 50);
        using var monitor = new QemuMonitor(folder.File("monitor"), qemu);
        var flushes = Regex.Matches(monitor.Human("info jit"), @"TLB \w+ flushes\s+(\d+)").Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)) / 8;
        Assert.That(flushes, Is.InRange(1, 500), "a thousand traps");
    }

    /// <summary>Two harts that fence each other, and a kernel that starts the second.</summary>
    [Test]
    public void AGuestHasSeveralHarts()
    {
        const int Harts = 2;
        using var machine = GuestMachine.BootDebian(Firmware.Resident, 1, TimeSpan.FromSeconds(600), harts: Harts);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 300);
        var lines = machine.Guests[0].Run("grep -c ^processor /proc/cpuinfo; for i in 1 2 3 4; do sh -c 'head -c 4000000 /dev/zero | md5sum' & done; wait", 120).Split('\n');
        Assert.That(lines[0], Is.EqualTo(Harts.ToString(CultureInfo.InvariantCulture)));
        Assert.That(lines[1..].Distinct().Count(), Is.EqualTo(1), string.Join('\n', lines));
        Assert.That(lines, Has.Length.EqualTo(5));
        Assert.That(machine.Qemu.Serial, Does.Contain(", resident guests, "));
    }

    [Test]
    public void TheWordIsOneOfTwo() => Refusal.Expect(
        Firmware.Stub, "rvirt.mode on the command line is neither deprivileged nor resident", Repository.UBootElf, further: ["-append", "rvirt.mode=often"]);

    [Test]
    public void TheHypervisorMustHaveMachineMode() => Refusal.Expect(
        Firmware.Sbi, Unfit, Repository.UBootElf, further: ["-append", "rvirt.mode=resident"]);

    /// <summary>QEMU's harts without PMP have no wall.</summary>
    [Test]
    public void TheHartMustHavePMP() => Refusal.Expect(
        Firmware.Resident, Unfit, Repository.UBootElf, further: ["-cpu", "rv64,pmp=off"]);

    /// <summary>
    /// On a hart with the H extension nothing keeps a guest from its CSRs. What one writes there, interrupts that it raises for virtual machines above all,
    /// the next one on the hart has nothing of.
    /// </summary>
    [Test]
    public void WhatAGuestLeavesInTheHypervisorExtensionNoNeighbourMeets()
    {
        using var folder = new TemporaryFolder();
        var guests = new[] { "MEDDLES", "WATCHES" }.Select(part =>
        {
            using var own = new TemporaryFolder();
            var program = folder.Write(part, File.ReadAllBytes(BareProgram.Build(own, "meddler-payload.S", 0x80200000, defines: part)));
            return new GuestSpec(part, program, null, "", 8 << 20, 1, []);
        });
        var blob = GuestMachine.PackBlob(folder, [.. guests]);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Resident, blob, memory: 256), "-cpu", "rv64,h=on"], s_limit);
        qemu.ExpectAnywhere(@"\[MEDDLES\] holds\r\n", 50);
        var answer = qemu.ExpectAnywhere(@"\[WATCHES\] (quiet|met .*)\r\n", 50);
        Assert.That(answer.Groups[1].Value, Is.EqualTo("quiet"), qemu.Describe);
    }
}
