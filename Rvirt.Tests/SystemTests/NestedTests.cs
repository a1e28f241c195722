using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Rvirt as a guest of Rvirt: docs/nested.md says how, and what it costs.</summary>
[Category("System,Image")]
public sealed class NestedTests
{
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void ABareGuestFailsThroughThreeLevels(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "failing-payload.S", 0x80200000);
        using var qemu = Start(folder, firmware, 3, payload);
        Assert.That(qemu.WaitForExit(60), Is.EqualTo(7), qemu.Describe);
        Assert.That(Hosts(qemu), Is.EqualTo(["Sv57", "Sv48", "Sv39"]), "each leaves its guest a shorter mode");
        Assert.That(Ends(qemu, "reported a failure, code 7"), Is.EqualTo(["innermost", "innermost-host", "innermost-host-host"]));
    }

    /// <summary>System calls, page faults, fences, switches of tables, timers, and registers of three kinds of device.</summary>
    [Test]
    public void TheBenchmarkGuestRunsThreeLevelsDeep()
    {
        using var folder = new TemporaryFolder();
        var payload = folder.File("bench.elf");
        var (status, output) = Commands.Run("make", ["-s", "-C", Path.Combine(Repository.Top, "guests/bench"), $"out={Path.GetDirectoryName(payload)}", payload]);
        Assert.That(status, Is.Zero, output);
        using var qemu = Start(folder, Firmware.Stub, 3, payload, "-device", "virtio-rng-device,bus=virtio-mmio-bus.7");
        qemu.Expect("rvirt-bench: done", 300);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        Assert.That(Hosts(qemu), Has.Length.EqualTo(3));
        Assert.That(Ends(qemu, "powered off"), Is.EqualTo(["innermost", "innermost-host", "innermost-host-host"]));
        Assert.That(Regex.Count(qemu.Serial, @"(?m)^(timer interrupt round trip|virtio register read|null system call) {2,}[\d.]+\r?$"), Is.EqualTo(3), qemu.Describe);
    }

    [Test]
    public void DebianAnswersBySshTwoLevelsDeep()
    {
        using var machine = GuestMachine.BootDebian(Firmware.Stub, 1, TimeSpan.FromSeconds(600), guestMemory: 256, levels: 2, harts: 2);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 300);
        Assert.That(Hosts(machine.Qemu), Is.EqualTo(["Sv57", "Sv48"]));
        Assert.That(machine.Guests[0].Run("nproc; dd if=/dev/vda bs=1M count=4 2>/dev/null | wc -c; dmesg | grep -c 'SBI implementation ID=0x52565254'"), Is.EqualTo("2\n4194304\n1"));
        machine.Guests[0].RunToTheEnd("poweroff");
        Assert.That(machine.Qemu.WaitForExit(240), Is.Zero, machine.Qemu.Describe);
        Assert.That(Ends(machine.Qemu, "powered off"), Is.EqualTo(["guest0", "guest0-host"]));
    }

    private static QemuMachine Start(TemporaryFolder folder, Firmware firmware, int levels, string payload, params string[] devices)
    {
        var guest = GuestMachine.Nest(folder, levels - 1, new GuestSpec("innermost", payload, null, "", 64 << 20, 1, devices.Length == 0 ? null : [7]));
        return QemuMachine.Start(
            [.. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, [guest]), memory: 320), .. devices], TimeSpan.FromSeconds(300));
    }

    // What each Rvirt says as it starts: the longest mode of translation that its harts have.
    private static string[] Hosts(QemuMachine qemu) =>
        [.. Regex.Matches(qemu.Serial, @"rvirt: QEMU virt, (\w+), ").Select(match => match.Groups[1].Value)];

    private static string[] Ends(QemuMachine qemu, string how) =>
        [.. Regex.Matches(qemu.Serial, $@"rvirt: guest (\S+) {Regex.Escape(how)}").Select(match => match.Groups[1].Value)];
}
