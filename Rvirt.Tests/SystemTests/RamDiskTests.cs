using System;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Debian with its root on a disk in memory that the blob holds: it writes there, and each start finds what the blob says.</summary>
[Category("System,Image")]
public sealed class RamDiskTests
{
    private const string Prompt = @"root@guest0:[^#\r\n]*# ";

    [Test]
    public void DebianFindsItsRootAnewAfterAReboot()
    {
        using var folder = new TemporaryFolder();
        var socket = folder.File("monitor");
        using var qemu = QemuMachine.Start(
            [
                .. GuestMachine.Rvirt(Firmware.Sbi, GuestMachine.PackBlob(folder, [Debian(folder, [7])]), memory: 640),
                "-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:0-:22", "-device", "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.7",
                .. QemuMonitor.Arguments(socket),
            ],
            TimeSpan.FromSeconds(900));
        Ssh ssh;
        using (var monitor = new QemuMonitor(socket, qemu))
        {
            ssh = new Ssh(monitor.SshPort("net0"));
        }

        qemu.Expect("rvirt-guest: ssh ready", 300);
        Assert.That(ssh.Run("mount | grep -c '^/dev/vda on / type ext4 (rw'"), Is.EqualTo("1"));
        Assert.That(ssh.Run("cat /sys/block/vda/size"), Is.EqualTo("131072"), "64 MiB");
        var sum = ssh.Run("head -c 8388608 /dev/urandom > /root/kept; sync; echo 3 > /proc/sys/vm/drop_caches; md5sum < /root/kept");
        Assert.That(ssh.Run("echo 3 > /proc/sys/vm/drop_caches; md5sum < /root/kept"), Is.EqualTo(sum).And.Match("^[0-9a-f]{32} "));
        ssh.RunToTheEnd("reboot");
        qemu.Expect("rvirt: guest guest0 reboots", 120);
        qemu.Expect("rvirt-guest: ssh ready", 300);
        Assert.That(ssh.Run("ls /root/kept 2>/dev/null | wc -l"), Is.EqualTo("0"));
        Assert.That(ssh.Run("dmesg | grep -c 'EXT4-fs (vda): recovery complete' || true"), Is.EqualTo("0"), "its file system was never mounted before");
        ssh.RunToTheEnd("poweroff");
        qemu.Expect("rvirt: guest guest0 powered off", 120);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    /// <summary>The board lends guests no disk at all, and needs none for this one.</summary>
    [Test]
    public void DebianHasARootOnTheUnleashed()
    {
        using var folder = new TemporaryFolder();
        using var qemu = UnleashedGuestTests.Start(Firmware.Stub, GuestMachine.PackBlob(folder, [Debian(folder, [])]), harts: 2, memory: 640);
        qemu.Expect("guest0 login: ", 390);
        qemu.Send("root\n");
        qemu.Expect("Password: ", 60);
        qemu.Send(Repository.RootPassword + "\n");
        qemu.Expect(Prompt, 60);
        qemu.Send("echo $((6 * 7)) > /root/x; sync; echo read $(cat /root/x) of $(cat /sys/block/vda/size)\n");
        qemu.Expect("read 42 of 131072", 60);
        qemu.Send("poweroff\n");
        qemu.Expect("rvirt: guest guest0 powered off", 120);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    /// <summary>A guest with its root in memory.</summary>
    internal static GuestSpec Debian(TemporaryFolder folder, uint[] devices)
    {
        var root = folder.CopyDisk("root.ext4");
        var (status, output) = Commands.Run("/usr/sbin/resize2fs", [root, "64M"]);
        Assert.That(status, Is.Zero, output);
        return new GuestSpec("guest0", Repository.Kernel, Repository.Initrd, "console=ttyS0 panic=1 rvirt.name=guest0", 256 << 20, 1, devices) { RamDisk = root };
    }
}
