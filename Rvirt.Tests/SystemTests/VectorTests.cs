using System;
using System.Collections.Generic;
using System.Globalization;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Guests have vectors where the harts of the host have them (docs/guests.md).</summary>
[Category("System,Image")]
public sealed class VectorTests
{
    private const string IsaOfTheFirstHart = "grep -m1 ^isa /proc/cpuinfo";

    [TestCase(Firmware.Stub, 128)]
    [TestCase(Firmware.Stub, 1024)]
    [TestCase(Firmware.Sbi, 256)]
    public void DebiansProcessesKeepTheirVectorRegisters(Firmware firmware, int length)
    {
        using var machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(600), more: ["-cpu", $"rv64,v=on,vlen={length}"]);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 300);
        Assert.That(machine.Guests[0].Run(IsaOfTheFirstHart), Does.Match(@"rv64imafdcv_"));
        using var folder = new TemporaryFolder();
        machine.Guests[0].CopyFile(BareProgram.BuildForLinux(folder, "vector-program.S"), "/root/vectors");
        const string Switches = "awk '/^ctxt/ { print $2 }' /proc/stat";
        var before = long.Parse(machine.Guests[0].Run(Switches), CultureInfo.InvariantCulture);
        Assert.That(machine.Guests[0].Run("/root/vectors; echo $?"), Is.EqualTo("0"));
        Assert.That(long.Parse(machine.Guests[0].Run(Switches), CultureInfo.InvariantCulture), Is.GreaterThan(before + 50), "they ran in turns");
        machine.Guests[0].RunToTheEnd("poweroff");
        Assert.That(machine.Qemu.WaitForExit(120), Is.Zero, machine.Qemu.Describe);
    }

    [Test]
    public void HartsWithoutThemGiveGuestsNone()
    {
        using var machine = GuestMachine.BootDebian(Firmware.Stub, 1, TimeSpan.FromSeconds(600));
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 300);
        Assert.That(machine.Guests[0].Run(IsaOfTheFirstHart), Does.Match(@"rv64imafdc_"));
        using var folder = new TemporaryFolder();
        machine.Guests[0].CopyFile(BareProgram.BuildForLinux(folder, "vector-program.S"), "/root/vectors");
        Assert.That(machine.Guests[0].Run("/root/vectors; echo $?"), Is.Not.EqualTo("0"), "the program would notice");
    }

    /// <summary>With the third guest, which leaves vectors alone, a switch stores them for one that is not loaded next.</summary>
    [TestCase(Firmware.Stub, 128)]
    [TestCase(Firmware.Stub, 1024)]
    [TestCase(Firmware.Resident, 256)]
    [TestCase(Firmware.Sbi, 256)]
    public void GuestsThatShareAHartKeepTheirVectorState(Firmware firmware, int length)
    {
        using var folder = new TemporaryFolder();
        var guests = new List<GuestSpec> { new("plain", BareProgram.Build(folder, "share-payload.S", 0x80200000), null, "", 8 << 20, 1, []) };
        for (var number = 1; number <= 2; number++)
        {
            using var own = new TemporaryFolder();
            var program = BareProgram.Build(own, "vector-guest-payload.S", 0x80200000, string.Create(CultureInfo.InvariantCulture, $"NUMBER={(number * 3) - 1}"));
            guests.Add(new($"v{number}", folder.Write($"v{number}", System.IO.File.ReadAllBytes(program)), null, "", 8 << 20, 1, []));
        }

        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, guests), memory: 128), "-cpu", $"rv64,v=on,vlen={length}", "-smp", "1", "-icount", "shift=4,sleep=off"],
            TimeSpan.FromSeconds(120));
        var found = new List<string> { qemu.Expect(@"\[(v\d)\] (=|!\d)", 90).Value, qemu.Expect(@"\[(v\d)\] (=|!\d)", 90).Value };
        Assert.That(found, Is.EquivalentTo(["[v1] =", "[v2] ="]), qemu.Describe);
    }

    /// <summary>What a switch of virtual harts stores and loads, on the bare machine.</summary>
    [TestCase(128)]
    [TestCase(512)]
    [TestCase(1024)]
    public void StoringAndLoadingTheStateLosesNothing(int length)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "vector-state-payload.S", 0x80200000, string.Create(CultureInfo.InvariantCulture, $"VLENB={length / 8}"));
        using var qemu = QemuMachine.Start(["-cpu", $"rv64,v=on,vlen={length}", "-kernel", payload], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Zero, qemu.Describe);
    }
}
