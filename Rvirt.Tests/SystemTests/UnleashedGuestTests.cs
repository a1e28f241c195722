using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// The HiFive Unleashed as QEMU has it (<c>sifive_u</c>), with the guests of the virt board. It ends by resetting itself, which ends QEMU here
/// with status 0; so what happened is read on the serial line.
/// </summary>
[Category("System,Image")]
public sealed class UnleashedGuestTests
{
    private const string Prompt = "~ # ";

    [Test]
    public void DebianHasAShellAboveOpenSBI()
    {
        using var folder = new TemporaryFolder();
        using var qemu = Start(Firmware.Sbi, GuestMachine.PackBlob(folder, [Debian("guest0", 256 << 20)]), harts: 2, memory: 512);
        qemu.Expect("rvirt: HiFive Unleashed, Sv39, timers of the firmware, 1 hart\r", 60);
        qemu.Expect(Prompt, 300);
        qemu.Send("grep -m1 mmu /proc/cpuinfo\n");
        qemu.Expect(@"mmu\s*: sv39\r", 60);
        qemu.Expect(Prompt, 60);
        PowerOff(qemu, "guest0");
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    /// <summary>The first hart has no S-mode; the other two have a guest each. The console is the first guest's, then the other's.</summary>
    [Test]
    public void TwoDebiansHaveAShellEachWithTheMachineModePart()
    {
        using var folder = new TemporaryFolder();
        using var qemu = Start(Firmware.Stub, GuestMachine.PackBlob(folder, [Debian("guest0", 256 << 20), Debian("guest1", 256 << 20)]), harts: 3, memory: 768);
        qemu.Expect("rvirt: HiFive Unleashed, Sv39, timers of the machine-mode part, 2 harts\r", 60);
        Assert.That(
            Enumerable.Range(0, 2).Select(guest => qemu.Expect($@"rvirt: guest guest{guest}: hart (\d), 256 MiB", 60).Groups[1].Value), Is.EquivalentTo(["1", "2"]));
        qemu.ExpectAnywhere(@"\[guest0\] rvirt-guest: no disk, shell in the initramfs", 300);
        qemu.ExpectAnywhere(@"\[guest1\] rvirt-guest: no disk, shell in the initramfs", 300);
        qemu.Skip();
        PowerOff(qemu, "guest0");
        PowerOff(qemu, "guest1");
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    /// <summary>Programs of the virt board's tests, unchanged: they find the machine that they find there, and end as they do there. One has most of the board's 8 GiB.</summary>
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void PayloadsFindTheMachineOfTheVirtBoard(Firmware firmware)
    {
        (string Payload, string End)[] payloads =
        [
            ("failing-payload.S", "reported a failure, code 7"), ("fence-payload.S", "reported a failure, code 7"), ("devices-payload.S", "reported a failure, code 0"),
            ("trap-counters-payload.S", "powered off"), ("second-life-payload.S", "powered off"),
        ];
        using var folder = new TemporaryFolder();
        var guests = payloads.Select((payload, i) => new GuestSpec($"p{i}", BareProgram.Build(folder, payload.Payload, 0x80200000), null, "", i == 0 ? 7UL << 30 : 64 << 20, 1, [])).ToList();
        using var qemu = Start(firmware, GuestMachine.PackBlob(folder, guests), harts: 3, memory: 8 << 10);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        Assert.That(
            Regex.Matches(qemu.Serial, @"rvirt: guest (p\d) (powered off|reported a failure, code \d+)").Select(match => $"{match.Groups[1]} {match.Groups[2]}"),
            Is.EquivalentTo(payloads.Select((payload, i) => $"p{i} {payload.End}")), qemu.Describe);
        Assert.That(qemu.Serial, Does.Contain("[p0] x\r"), qemu.Describe);
    }

    /// <summary>What operations cost, in the same instructions as on the virt board: every row is measured, and the guest ends by itself.</summary>
    [Test]
    public void TheBenchmarkGuestMeasuresEveryRow()
    {
        using var folder = new TemporaryFolder();
        var payload = folder.File("bench.elf");
        var (status, output) = Commands.Run("make", ["-s", "-C", Path.Combine(Repository.Top, "guests/bench"), $"out={Path.GetDirectoryName(payload)}", payload]);
        Assert.That(status, Is.Zero, output);
        using var qemu = Start(
            Firmware.Stub, payload, harts: 2, memory: 512, "-icount", "shift=0,sleep=off");
        qemu.Expect("rvirt-bench 1: ", 60);
        qemu.Expect("rvirt-bench: done", 120);
        qemu.Expect("rvirt: guest guest0 powered off", 60);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        // Its clock has a tenth of the virt board's ticks, of 100 instructions each there.
        var rows = Regex.Matches(qemu.Serial, @"(?m)^(\S[^\r\n]*?) +(\d+\.\d\d)\r?$").ToDictionary(match => match.Groups[1].Value, match => double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
        Assert.That(rows, Has.Count.GreaterThan(20), qemu.Describe);
        Assert.That(rows["null system call"], Is.GreaterThan(0).And.LessThan(250));
    }

    [Test]
    public void ResidentGuestsAreRefusedByName()
    {
        using var folder = new TemporaryFolder();
        using var qemu = Start(Firmware.Resident, BareProgram.Build(folder, "failing-payload.S", 0x80200000), harts: 2, memory: 512);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        Assert.That(qemu.Serial, Does.Contain("rvirt: error: rvirt.mode=resident is not for this board yet, whose harts ask PMP for whole pages: use rvirt.mode=deprivileged").And.Not.Contain("rvirt: guest"), qemu.Describe);
    }

    /// <summary>An image and a board that do not belong together.</summary>
    [Test]
    public void TheImageOnAnotherBoardSaysWhichItKnows()
    {
        using var folder = new TemporaryFolder();
        Refusal.Expect(
            Firmware.Sbi, "this machine is not one that the image was built for: it knows HiFive Unleashed$", BareProgram.Build(folder, "failing-payload.S", 0x80200000),
            image: Repository.UnleashedImage(Firmware.Sbi));
    }

    /// <summary>A line, and an end: of the machine too, by the pin that resets it.</summary>
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void WhatTheBoardLacksIsRefusedByName(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "failing-payload.S", 0x80200000);
        using var qemu = Start(firmware, GuestMachine.PackBlob(folder, [new GuestSpec("one", payload, null, "", 32 << 20, 1, [7])]), harts: 2, memory: 512);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        Assert.That(
            Regex.Matches(qemu.Serial, "rvirt: error: [^\r\n]*").Select(match => match.Value),
            Is.EqualTo(["rvirt: error: guest one: it asks for a virtio slot that the machine does not have: name those it has"]), qemu.Describe);
    }

    private static void PowerOff(QemuMachine qemu, string guest)
    {
        qemu.Send("poweroff -f\n");
        qemu.Expect($"rvirt: guest {guest} powered off", 120);
    }

    private static GuestSpec Debian(string name, ulong memory) =>
        new(name, Repository.Kernel, Repository.Initrd, $"console=ttyS0 panic=1 rvirt.name={name}", memory, 1, []);

    /// <summary>Rvirt on the board, with this file as its initrd.</summary>
    internal static QemuMachine Start(Firmware firmware, string initrd, int harts, int memory, params IReadOnlyList<string> more) => QemuMachine.Start(
        ["-M", "sifive_u", "-no-reboot", .. GuestMachine.Rvirt(firmware, initrd, memory, harts, Repository.UnleashedImage(firmware)), .. more], TimeSpan.FromSeconds(1500));
}
