using System;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Debian on a host that has an APLIC in the place of its PLIC: its disk, network and console are interrupted by it, and it has a PLIC of its own all the same.</summary>
[Category("System,Image")]
public sealed class AplicTests
{
    [TestCase(Firmware.Stub, Description = "nobody but Rvirt delegates the sources to S-mode")]
    [TestCase(Firmware.Sbi)]
    public void DebianHasItsDevices(Firmware firmware)
    {
        using var machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(600), more: ["-machine", "aia=aplic"]);
        machine.Qemu.Expect("rvirt-guest: ssh ready", 240);
        var guest = machine.Guests[0];
        Assert.That(guest.Run("grep -c 'SiFive PLIC .*virtio' /proc/interrupts"), Is.EqualTo("3"), "disk, network, entropy");
        var sum = guest.Run("head -c 4194304 /dev/urandom > /root/file; sync; echo 3 > /proc/sys/vm/drop_caches; md5sum < /root/file");
        Assert.That(guest.Run("echo 3 > /proc/sys/vm/drop_caches; md5sum < /root/file"), Is.EqualTo(sum));
        guest.RunToTheEnd("poweroff");
        machine.Qemu.Expect("rvirt: guest .* powered off", 120);
        Assert.That(machine.Qemu.WaitForExit(60), Is.Zero, machine.Qemu.Describe);
    }
}
