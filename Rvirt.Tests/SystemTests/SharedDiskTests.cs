using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Debian guests with their roots on partitions of one disk of the host: each writes 16 MiB, reboots, and finds them.</summary>
[Category("System,Image")]
public sealed class SharedDiskTests
{
    private const long MiB = 1 << 20;

    // What the guest does instead of starting its services: in its first life it writes, in its second it reads.
    private const string Life = """
        #!/bin/sh
        mount -o remount,rw /
        name=$(hostname)
        if [ -f /root/sum ]; then
            echo "disk-test: $name found $(md5sum < /root/data) and $(cat /root/sum)"
            echo done > /root/done
            mount -o remount,ro /
            poweroff -f
        fi
        head -c 16777216 /dev/urandom > /root/data
        md5sum < /root/data > /root/sum
        sync
        echo "disk-test: $name wrote $(cat /root/sum)"
        reboot -f
        """;

    [TestCase(2, Firmware.Stub)]
    public void GuestsKeepTheirDataOnPartitionsOfOneDisk(int guests, Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var disk = PartitionedDisk.Make(folder, guests, ("/etc/init.d/rcS", Life));
        var specs = Enumerable.Range(0, guests).Select(i => new GuestSpec(
            $"guest{i}", Repository.Kernel, Repository.Initrd, $"console=ttyS0 panic=1 rvirt.name=guest{i}", 160 << 20, 1, null)
        {
            Disk = PartitionedDisk.Label(i),
        }).ToList();
        using var qemu = QemuMachine.Start(
            [
                .. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, specs), memory: 320 + (160 * guests), harts: Math.Min(guests, 4)),
                .. PartitionedDisk.Arguments(disk),
            ],
            TimeSpan.FromSeconds(1500));
        Assert.That(qemu.WaitForExit(900), Is.Zero, qemu.Describe);
        for (var i = 0; i < guests; i++)
        {
            var wrote = Regex.Matches(qemu.Serial, $@"disk-test: guest{i} wrote ([0-9a-f]{{32}})  -").Single().Groups[1].Value;
            var found = Regex.Matches(qemu.Serial, $@"disk-test: guest{i} found ([0-9a-f]{{32}})  - and ([0-9a-f]{{32}})  -").Single();
            Assert.That((found.Groups[1].Value, found.Groups[2].Value), Is.EqualTo((wrote, wrote)), qemu.Describe);
            var root = PartitionedDisk.Root(folder, disk, i);
            var (status, output) = Commands.Run("/usr/sbin/e2fsck", ["-fn", root]);
            Assert.That(status, Is.Zero, output);
            using var content = new MemoryStream();
            Commands.Pipe("/usr/sbin/debugfs", ["-R", "cat /root/data", root], null, content);
            Assert.That((content.Length, Convert.ToHexStringLower(MD5.HashData(content.ToArray()))), Is.EqualTo((16 * MiB, wrote)), "what is on the host's disk");
        }

        Assert.That(qemu.Serial, Does.Not.Contain("I/O error"));
    }
}
