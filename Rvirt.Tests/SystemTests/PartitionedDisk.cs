using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Tests.Core.Disks;

namespace Rvirt.Tests.SystemTests;

/// <summary>One disk for all guests: a partition with a root of Debian's for each.</summary>
internal static class PartitionedDisk
{
    private const long MiB = 1 << 20, RootBytes = 64 * MiB;
    private const int Sector = 512, FirstSector = 2048;

    /// <summary>The label of a guest's partition.</summary>
    public static string Label(int guest) => $"rvirt.g{guest}";

    /// <summary>QEMU's arguments for the disk.</summary>
    public static string[] Arguments(string disk) => ["-drive", $"if=none,id=disk,format=raw,cache=unsafe,file={disk}", "-device", "virtio-blk-device,drive=disk"];

    /// <summary>Makes the disk.</summary>
    /// <param name="folder">Where it goes.</param>
    /// <param name="guests">How many partitions.</param>
    /// <param name="program">A program that takes the place of one in each root: its path there, and its text.</param>
    public static string Make(TemporaryFolder folder, int guests, (string Path, string Text)? program = null)
    {
        var root = folder.CopyDisk("root.ext4");
        Run("/usr/sbin/resize2fs", [root, $"{RootBytes / MiB}M"]);
        if (program is { } own)
        {
            var text = folder.Write("program", Encoding.ASCII.GetBytes(own.Text.ReplaceLineEndings("\n") + "\n"));
            Run("/usr/sbin/debugfs", ["-w", "-f", folder.Write("commands", Encoding.ASCII.GetBytes($"rm {own.Path}\nwrite {text} {own.Path}\nsif {own.Path} mode 0100755\n")), root]);
        }

        var sectors = FirstSector + (guests * RootBytes / Sector) + FirstSector;
        var image = new DiskImage((int)sectors, [.. Enumerable.Range(0, guests).Select(i => (Label(i), (ulong)Place(i), (ulong)Place(i + 1) - 1))]);
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

    /// <summary>A copy of a guest's partition as it is now.</summary>
    public static string Root(TemporaryFolder folder, string disk, int guest)
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

    private static void Run(string program, IReadOnlyList<string> arguments)
    {
        var (status, output) = Commands.Run(program, arguments);
        Assert.That(status, Is.Zero, output);
    }
}
