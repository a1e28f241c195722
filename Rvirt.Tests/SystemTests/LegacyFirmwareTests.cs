using System;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Firmware that knows nothing but SBI 0.1, as BBL did: it starts all harts together, sets timers and interrupts harts by the legacy calls, and hands illegal instructions on.</summary>
[Category("System,Image")]
public sealed class LegacyFirmwareTests
{
    [TestCase(2, 2)]
    [TestCase(3, 2, Description = "more virtual harts than harts")]
    public void DebianRunsAboveIt(int virtualHarts, int harts)
    {
        using var folder = new TemporaryFolder();
        var bios = BareProgram.Build(folder, "legacy-firmware.S", 0x80000000);
        using var machine = GuestMachine.BootDebian(Firmware.Sbi, 1, TimeSpan.FromSeconds(900), harts: (uint)virtualHarts, hostHarts: harts, more: ["-bios", bios]);
        machine.Qemu.Expect($"rvirt: QEMU virt, Sv57, timers of the firmware, {harts} hart", 60);
        machine.Qemu.Expect("rvirt-guest: ssh ready", 390);
        var guest = machine.Guests[0];
        Assert.That(guest.Run("nproc"), Is.EqualTo($"{virtualHarts}"));
        Assert.That(guest.Run("for i in 1 2 3 4; do head -c 1048576 /dev/zero | md5sum & done | sort -u; wait"), Does.StartWith("b6d81b360a5672d80c27430f39153e2c "), "a MiB of zeros");
        guest.RunToTheEnd("poweroff");
        machine.Qemu.Expect("rvirt: guest .* powered off", 120);
        Assert.That(machine.Qemu.WaitForExit(60), Is.Zero, machine.Qemu.Describe);
    }
}
