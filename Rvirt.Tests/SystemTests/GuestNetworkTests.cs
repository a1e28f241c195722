using System;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>The Debian guest on a network that does not answer yet, and without one. It runs on QEMU alone: what is tested is the guest, which other tests stand on.</summary>
[Category("System,Native")]
public sealed class GuestNetworkTests
{
    /// <summary>However late the answer comes, the guest is ready once it has it, and not before; whoever sits at its serial line need not wait for that.</summary>
    [Test]
    public void AsksForAnAddressUntilItHasOne()
    {
        using var machine = GuestMachine.BootDebian(Firmware.Native, 1, TimeSpan.FromSeconds(400), more: ["-S"]);
        using var monitor = machine.OpenMonitor();
        monitor.Human("set_link net0 off");
        monitor.Human("cont");
        machine.Qemu.Expect("rvirt-guest: no address yet, asking on", 300);
        machine.Qemu.Expect("guest0 login: ", 60);
        Assert.That(machine.Qemu.Serial, Does.Not.Contain("rvirt-guest: ssh ready"));
        monitor.Human("set_link net0 on");
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 60);
        Assert.That(machine.Guests[0].Run("hostname"), Is.EqualTo("guest0"));
    }

    [Test]
    public void HasALoginWhereThereIsNoNetworkCard()
    {
        using var folder = new TemporaryFolder();
        using var qemu = QemuMachine.Start(
            [
                "-m", "512M", "-kernel", Repository.Kernel, "-initrd", Repository.Initrd, "-append", "console=ttyS0 panic=1 rvirt.name=guest0", "-nic", "none",
                "-drive", $"if=none,id=disk0,format=raw,cache=unsafe,file={folder.CopyDisk("disk.img")}", "-device", "virtio-blk-device,drive=disk0",
            ],
            TimeSpan.FromSeconds(300));
        qemu.Expect("rvirt-guest: no network", 240);
        qemu.Expect("guest0 login: ", 60);
    }
}
