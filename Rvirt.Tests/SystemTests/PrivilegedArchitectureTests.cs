using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// The virtual hart against the hart itself: a program that tries out the privileged architecture in S-mode and U-mode prints the same
/// under Rvirt as on the bare machine, and sees no CSR that a guest does not have.
/// </summary>
[Category("System,Image")]
public sealed class PrivilegedArchitectureTests
{
    // Without the extensions that guests are not offered.
    private const string Hart = "rv64,h=off,sstc=off,svinval=off";
    private const int Probes = 0x3a;

    // QEMU 7.2 keeps bit 0 of sepc, which is always zero (Privileged spec 1.13 §12.1.7).
    private const string KeptByQemu = "2c 100 3 0 c 200002100 ffffffffffffffff";

    // OpenSBI 1.1 reads time for U-mode even where scounteren forbids it; Rvirt's own machine-mode part does not.
    private const string ReadByOpenSbi = "38 100 3 0 20 200002020 1111";
    private const string Denied = "38 100 2 c01022f3 1c 200002020 1111";

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Resident)]
    [TestCase(Firmware.Sbi)]
    public void DoesWhatTheHartItselfDoes(Firmware firmware)
    {
        var native = Run(Firmware.Native);
        var guest = Run(firmware);
        Assert.That(native, Has.Count.EqualTo((2 * Probes) + 2));
        Assert.That(native, Does.Contain(KeptByQemu).And.Contain(ReadByOpenSbi));
        var expected = native.Take(2 * Probes).Select(line => line switch
        {
            // A resident guest's is the hart's own.
            KeptByQemu when firmware != Firmware.Resident => KeptByQemu[..^1] + "e",
            ReadByOpenSbi when firmware != Firmware.Sbi => Denied,
            _ => line,
        });
        Assert.That(guest.Take(2 * Probes), Is.EqualTo(expected));
    }

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Resident)]
    [TestCase(Firmware.Sbi)]
    public void HasJustTheCSRsOfItsGuests(Firmware firmware)
    {
        var lines = Run(firmware);
        Assert.Multiple(() =>
        {
            Assert.That(lines[^2], Is.EqualTo("1 2 3 100 104 105 106 10a 140 141 142 143 144 180 c00 c01 c02"), "in S-mode");
            Assert.That(lines[^1], Is.EqualTo("1 2 3 c00 c01 c02"), "in U-mode");
        });
    }

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void AHypervisorsLoadIsIllegalOnAHostThatHasIt(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "hypervisor-load-payload.S", 0x80200000);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(firmware, payload, memory: 256), "-cpu", "rv64"], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Zero, qemu.Describe);
    }

    private static List<string> Run(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "supervisor-payload.S", 0x80200000);
        string[] arguments = firmware == Firmware.Native ? ["-m", "256M", "-kernel", payload] : [.. GuestMachine.Rvirt(firmware, payload, memory: 256)];
        using var qemu = QemuMachine.Start([.. arguments, "-cpu", Hart], TimeSpan.FromSeconds(120));
        Assert.That(qemu.WaitForExit(100), Is.Zero, qemu.Describe);
        return [.. qemu.Serial.Split('\n', StringSplitOptions.TrimEntries).Where(line => Regex.IsMatch(line, "^[0-9a-f]+( [0-9a-f]+){5,}$"))];
    }
}
