using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.Core.Disks;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Debian guests with their roots on partitions of one disk of the host: each writes 16 MiB, reboots, and finds them.</summary>
[Category("System,Image")]
public sealed class SharedDiskTests
{
    private const long MiB = 1 << 20, RootBytes = 64 * MiB;
    private const int Sector = 512, FirstSector = 2048;

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
    public void Guests_keep_their_data_on_partitions_of_one_disk(int guests, Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var disk = MakeDisk(folder, guests);
        var specs = Enumerable.Range(0, guests).Select(i => new GuestSpec(
            $"guest{i}", Repository.Kernel, Repository.Initrd, $"console=ttyS0 panic=1 rvirt.name=guest{i}", 160 << 20, 1, null)
        {
            Disk = $"rvirt.g{i}",
        }).ToList();
        using var qemu = QemuMachine.Start(
            [
                .. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, specs), memory: 320 + (160 * guests), harts: Math.Min(guests, 4)),
                "-drive", $"if=none,id=disk,format=raw,cache=unsafe,file={disk}", "-device", "virtio-blk-device,drive=disk",
            ],
            TimeSpan.FromSeconds(1500));
        Assert.That(qemu.WaitForExit(900), Is.Zero, qemu.Describe);
        for (var i = 0; i < guests; i++)
        {
            var wrote = Regex.Matches(qemu.Serial, $@"disk-test: guest{i} wrote ([0-9a-f]{{32}})  -").Single().Groups[1].Value;
            var found = Regex.Matches(qemu.Serial, $@"disk-test: guest{i} found ([0-9a-f]{{32}})  - and ([0-9a-f]{{32}})  -").Single();
            Assert.That((found.Groups[1].Value, found.Groups[2].Value), Is.EqualTo((wrote, wrote)), qemu.Describe);
            var root = Root(folder, disk, i);
            var (status, output) = Commands.Run("/usr/sbin/e2fsck", ["-fn", root]);
            Assert.That(status, Is.Zero, output);
            using var content = new MemoryStream();
            Commands.Pipe("/usr/sbin/debugfs", ["-R", "cat /root/data", root], null, content);
            Assert.That((content.Length, Convert.ToHexStringLower(MD5.HashData(content.ToArray()))), Is.EqualTo((16 * MiB, wrote)), "what is on the host's disk");
        }

        Assert.That(qemu.Serial, Does.Not.Contain("I/O error"));
    }

    // A partition of the root's size for each guest, on a disk that is as long as it takes.
    private static string MakeDisk(TemporaryFolder folder, int guests)
    {
        var root = folder.CopyDisk("root.ext4");
        var commands = folder.Write("commands", System.Text.Encoding.ASCII.GetBytes(
            $"rm /etc/init.d/rcS\nwrite {folder.Write("rcS", System.Text.Encoding.ASCII.GetBytes(Life.ReplaceLineEndings("\n") + "\n"))} /etc/init.d/rcS\nsif /etc/init.d/rcS mode 0100755\n"));
        foreach (var (program, arguments) in new (string, IReadOnlyList<string>)[] { ("/usr/sbin/resize2fs", [root, $"{RootBytes / MiB}M"]), ("/usr/sbin/debugfs", ["-w", "-f", commands, root]) })
        {
            var (status, output) = Commands.Run(program, arguments);
            Assert.That(status, Is.Zero, output);
        }

        var sectors = FirstSector + (guests * RootBytes / Sector) + FirstSector;
        var image = new DiskImage((int)sectors, [.. Enumerable.Range(0, guests).Select(i => ($"rvirt.g{i}", (ulong)Place(i), (ulong)Place(i + 1) - 1))]);
        using var disk = File.Create(folder.File("disk.img"));
        using var content = File.OpenRead(root);
        disk.SetLength(sectors * Sector);
        Put(disk, 0, image.Bytes.AsSpan(0, FirstSector * Sector));
        Put(disk, (sectors - FirstSector) * Sector, image.Bytes.AsSpan()[^(FirstSector * Sector)..]);
        var piece = new byte[MiB];
        for (var at = 0L; at < RootBytes; at += MiB)
        {
            content.ReadExactly(piece);
            for (var i = 0; i < guests; i++)
            {
                Put(disk, (Place(i) * Sector) + at, piece);
            }
        }

        return disk.Name;
    }

    private static long Place(int guest) => FirstSector + (guest * RootBytes / Sector);

    // What is zero stays a hole.
    private static void Put(FileStream disk, long at, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOfAnyExcept((byte)0) >= 0)
        {
            disk.Position = at;
            disk.Write(bytes);
        }
    }

    private static string Root(TemporaryFolder folder, string disk, int guest)
    {
        using var from = File.OpenRead(disk);
        using var to = File.Create(folder.File("after.ext4"));
        from.Position = Place(guest) * Sector;
        var piece = new byte[MiB];
        for (var at = 0L; at < RootBytes; at += MiB)
        {
            from.ReadExactly(piece);
            to.Write(piece);
        }

        return to.Name;
    }
}
