using System;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Two Debian guests on a machine with one hart: each does its own, and they answer at the same time.</summary>
[Category("System,Image")]
public sealed class SharedDebianTests
{
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Resident)]
    public void TwoGuestsOnOneHartBootAndAnswerForThemselves(Firmware firmware)
    {
        using var machine = GuestMachine.BootDebian(firmware, 2, TimeSpan.FromSeconds(900), more: ["-smp", "1"]);
        foreach (var guest in new[] { 0, 1 })
        {
            machine.Qemu.ExpectAnywhere($@"\[guest{guest}\] rvirt-guest: ssh ready after [\d.]+ s on guest{guest}", 600);
        }

        Parallel.For(0, 2, guest => Assert.That(
            machine.Guests[guest].Run("hostname; nproc; dd if=/dev/zero bs=1M count=4 2>/dev/null | sha256sum | cut -c1-8", 240).Trim(),
            Is.EqualTo($"guest{guest}\n1\nbb9f8df6")));
        Assert.That(machine.Qemu.Serial, Does.Contain("shared harts, share 100"));
    }
}
