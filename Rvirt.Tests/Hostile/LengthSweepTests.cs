using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Fuzz.Engine;
using Rvirt.Fuzz.Targets;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// Device trees, blobs and kernels with every number of theirs wrong, one at a time, and cut at every length. The fuzz targets judge:
/// two readers agree, nothing outside of the file is read, nothing outside of the guest's RAM is written.
/// </summary>
internal sealed class LengthSweepTests
{
    [TestCase("tree", "board.dtb", true)]
    [TestCase("tree", "odd-cells.dtb", true)]
    [TestCase("blob", "two-guests.dtb", true)]
    [TestCase("kernel", "two-segments.elf", false)]
    [TestCase("kernel", "virtual.elf", false)]
    [TestCase("kernel", "linux.image", false)]
    public void EveryNumberOfAFileMayBeWrong(string name, string file, bool bigEndian)
    {
        var target = FuzzTargets.Get(name);
        var sound = Read(name, file);
        var tried = 0;
        foreach (var size in bigEndian ? new[] { 4 } : [2, 4, 8])
        {
            for (var at = 0; at + size <= sound.Length; at += size)
            {
                foreach (var value in Wrong(Number(sound.AsSpan(at, size), bigEndian), sound.Length))
                {
                    var bent = sound.ToArray();
                    Write(bent.AsSpan(at, size), value, bigEndian);
                    Try(target, bent, $"{size} bytes at {at:x} are {value:x}");
                    tried++;
                }
            }
        }

        Assert.That(tried, Is.GreaterThan(500));
    }

    [TestCase("tree", "board.dtb")]
    [TestCase("blob", "two-guests.dtb")]
    [TestCase("kernel", "two-segments.elf")]
    [TestCase("kernel", "linux.image")]
    [TestCase("kernel", "flat.bin")]
    public void AFileMayBeCutAnywhere(string name, string file)
    {
        var target = FuzzTargets.Get(name);
        var sound = Read(name, file);
        for (var length = 0; length < sound.Length; length++)
        {
            Try(target, sound[..length], $"{length} bytes");
        }
    }

    private static void Try(IFuzzTarget target, byte[] input, string what)
    {
        try
        {
            target.Run(input);
        }
        catch (Exception error)
        {
            Assert.Fail($"{what}: {error.Message}");
        }
    }

    private static IEnumerable<ulong> Wrong(ulong sound, int length)
    {
        ulong[] values =
        [
            0, 1, 2, 3, 4, 7, 8, 16, 0x1000, 0x7fff, 0xffff, 0x7fff_fffc, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_fffc, 0xffff_ffff, long.MaxValue, 1UL << 63,
            ulong.MaxValue - 7, ulong.MaxValue, sound - 8, sound - 4, sound - 1, sound + 1, sound + 4, sound + 8, sound << 1, ~sound, 0 - sound,
            (ulong)length - 4, (ulong)length - 1, (ulong)length, (ulong)length + 1, (ulong)length + 4,
        ];
        return values.Distinct();
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, bool bigEndian)
    {
        Span<byte> window = stackalloc byte[8];
        window.Clear();
        bytes.CopyTo(bigEndian ? window[(8 - bytes.Length)..] : window);
        return bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(window) : BinaryPrimitives.ReadUInt64LittleEndian(window);
    }

    private static void Write(Span<byte> bytes, ulong value, bool bigEndian)
    {
        Span<byte> window = stackalloc byte[8];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(window, value);
            window[(8 - bytes.Length)..].CopyTo(bytes);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(window, value);
            window[..bytes.Length].CopyTo(bytes);
        }
    }

    private static byte[] Read(string name, string file) => File.ReadAllBytes(Path.Combine(Repository.Top, "Rvirt.Fuzz", "Corpus", name, file));
}
