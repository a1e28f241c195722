using System;
using System.Buffers.Binary;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.Images;

namespace Rvirt.Tests.Core.Images;

internal sealed class KernelImageTests
{
    private static byte[] Linux(ulong offset = 0x200000, ulong size = 0x10000, ulong flags = 0)
    {
        var file = new byte[0x8000];
        file.AsSpan().Fill(0x55);
        "MZ"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(8), offset);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(16), size);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(24), flags);
        "RSC\x05"u8.CopyTo(file.AsSpan(56));
        return file;
    }

    [Test]
    public void LoadsALinuxImageAndZeroesWhatItClaims()
    {
        using var ram = new Ram(Linux());
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That((image.Kind, image.Entry, image.Start, image.End), Is.EqualTo((ImageKind.LinuxImage, 0x80200000UL, 0x80200000UL, 0x80210000UL)));
        Assert.That(image.Load(ram.Memory));
        Assert.That(ram.At(0x80200000, 0x8000).SequenceEqual(Linux()));
        Assert.That(ram.At(0x80208000, 0x8000).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        Assert.That(ram.At(0x80210000, 0x1000).IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1));
    }

    [Test]
    public void AHeaderAloneIsALinuxImage()
    {
        using var ram = new Ram(Linux().AsSpan(0, 64));
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That(image.Kind, Is.EqualTo(ImageKind.LinuxImage));
    }

    [TestCase(0x200000UL, 0x100000UL, 0UL, ImageError.None)]
    [TestCase(0x200000UL, 0x100001UL, 0UL, ImageError.LinuxTooLarge)]
    [TestCase(0x200000UL, ulong.MaxValue, 0UL, ImageError.LinuxTooLarge)]
    [TestCase(0x2f9000UL, 0UL, 0UL, ImageError.LinuxTooLarge, Description = "no size: the file's counts")]
    [TestCase(0x2f8000UL, 0UL, 0UL, ImageError.None)]
    [TestCase(0xfffffffffffff000UL, 0x10000UL, 0UL, ImageError.LinuxTooLarge)]
    [TestCase(0x200800UL, 0x10000UL, 0UL, ImageError.LinuxWrongTextOffset)]
    [TestCase(0x200000UL, 0x10000UL, 1UL, ImageError.LinuxBigEndian)]
    public void ChecksALinuxHeader(ulong offset, ulong size, ulong flags, ImageError expected)
    {
        using var ram = new Ram(Linux(offset, size, flags));
        Assert.That(ram.Check(out _), Is.EqualTo(expected));
    }

    [TestCase("", ImageError.Empty)]
    [TestCase("13000000", ImageError.TooSmall)]
    [TestCase("1f8b0800000000000003", ImageError.Compressed)]
    [TestCase("fd377a585a000004e6d6b446", ImageError.Compressed)]
    [TestCase("28b52ffd0458", ImageError.Compressed)]
    [TestCase("4d5a00007a696d67", ImageError.Compressed)]
    [TestCase("303730373031303030303030303030303030", ImageError.Archive)]
    [TestCase("23212f62696e2f73680a6563686f2068656c6c6f0a", ImageError.Text)]
    [TestCase("202020202020202020202020202020207e", ImageError.Text)]
    [TestCase("202020202020202020202020202020207f", ImageError.NotCode, Description = "DEL is in no text")]
    [TestCase("00000000000000000000000000000000", ImageError.NotCode)]
    [TestCase("ffffffffffffffffffffffffffffffff", ImageError.NotCode)]
    [TestCase("d00dfeed00000000000000000000000000000000", ImageError.NotCode)]
    [TestCase("89504e470d0a1a0a0000000d49484452000001", ImageError.NotCode, Description = "a PNG")]
    public void NamesAFileThatIsNoKernel(string hex, ImageError expected)
    {
        using var ram = new Ram(Convert.FromHexString(hex));
        Assert.That(ram.Check(out _), Is.EqualTo(expected));
    }

    [Test]
    public void NamesKernelsOfOtherMachines()
    {
        var arm = new byte[4096];
        "ARM\x64"u8.CopyTo(arm.AsSpan(0x38));
        var x86 = new byte[4096];
        "HdrS"u8.CopyTo(x86.AsSpan(0x202));
        foreach (var file in new[] { arm, x86 })
        {
            using var ram = new Ram(file);
            Assert.That(ram.Check(out _), Is.EqualTo(ImageError.ForeignMachine));
        }
    }

    [Test]
    public void RefusesRandomFiles()
    {
        var random = new Random(1);
        var file = new byte[4096];
        var accepted = 0;
        for (var i = 0; i < 4_000; i++)
        {
            random.NextBytes(file);
            using var ram = new Ram(file, 0x1000, false);
            accepted += ram.Check(out _) == ImageError.NotCode ? 0 : 1;
        }

        Assert.That(accepted, Is.LessThan(20));
    }

    [Test]
    public void SurvivesFilesOfEveryLength()
    {
        var random = new Random(2);
        for (var length = 0; length < 700; length++)
        {
            var file = new byte[length];
            random.NextBytes(file);
            using var ram = new Ram(file, 0x1000, false);
            Assert.That(ram.Check(out _), Is.Not.EqualTo(ImageError.None));

            // Only NOPs: the decoder runs to the end of the file and no further.
            for (var i = 0; i < length; i++)
            {
                ram.FileBytes[i] = (byte)((i & 3) == 0 ? 0x13 : 0);
            }

            ram.Check(out _);
        }
    }

    [Test]
    public void AFlatBinaryGoesTwoMebibytesIn()
    {
        // csrw sie, zero; li a0, 1; j .
        using var ram = new Ram(Convert.FromHexString("7310401005456f0000000000000000000000"));
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That((image.Kind, image.Entry, image.End), Is.EqualTo((ImageKind.Flat, 0x80200000UL, 0x80200012UL)));
        Assert.That(image.Load(ram.Memory));
        Assert.That(ram.At(0x80200000, 18).SequenceEqual(ram.FileBytes));
        Assert.That(ram.At(0x80200012, 64).IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1));
    }

    [TestCase(0x1fffff, ImageError.FlatTooLarge)]
    [TestCase(0x200000, ImageError.FlatTooLarge)]
    [TestCase(0x200fff, ImageError.FlatTooLarge)]
    [TestCase(0x201000, ImageError.None)]
    public void AFlatBinaryMustFit(int ramLength, ImageError expected)
    {
        using var ram = new Ram(Enumerable.Repeat(new byte[] { 0x13, 0, 0, 0 }, 1024).SelectMany(b => b).ToArray(), ramLength);
        Assert.That(ram.Check(out _), Is.EqualTo(expected));
    }

    // Jumps of the first instruction into a file of 4096 bytes: the target must be a NOP in the file.
    [TestCase(2044)]
    [TestCase(-4)]
    [TestCase(4092)]
    [TestCase(4096)]
    [TestCase(0x80000)]
    [TestCase(254)]
    public void FollowsJumpsWithinTheFile(int offset)
    {
        foreach (var (name, encoded, size) in Jumps(offset))
        {
            var file = Enumerable.Repeat(new byte[] { 0xff, 0xff, 0, 0 }, 1024).SelectMany(b => b).ToArray();
            BinaryPrimitives.WriteUInt32LittleEndian(file, encoded);
            if (size == 2)
            {
                // The two bytes behind it are looked at only when it falls through.
                file[2] = 0x13;
                file[3] = 0;
            }

            var inside = offset >= 0 && offset < file.Length;
            if (inside)
            {
                // nop; j .
                Convert.FromHexString("13000000").CopyTo(file.AsSpan(offset));
                Convert.FromHexString("6f000000").CopyTo(file.AsSpan(Math.Min(offset + 4, file.Length - 4)));
            }

            using var ram = new Ram(file);
            Assert.That(ram.Check(out _), Is.EqualTo(inside ? ImageError.None : ImageError.NotCode), $"{name} {offset}");
        }
    }

    [Test]
    public void HasATextForEveryError()
    {
        var texts = Enum.GetValues<ImageError>().Select(error => Encoding.ASCII.GetString(ImageErrorText.Of(error))).ToList();
        Assert.That(texts, Is.Unique);
        Assert.That(texts, Has.None.EqualTo("unknown error"));
        Assert.That(texts.Skip(1), Has.All.Contain(": "), "what is wrong: what to do");
    }

    /// <summary>The jumps that reach an offset, encoded from the tables of the unprivileged specification (§2.5, §26.4).</summary>
    private static (string Name, uint Encoded, int Size)[] Jumps(int offset)
    {
        uint Bits(int high, int low, int at) => (uint)((offset >> low) & ((1 << (high - low + 1)) - 1)) << at;
        var jal = 0x6f | Bits(20, 20, 31) | Bits(10, 1, 21) | Bits(11, 11, 20) | Bits(19, 12, 12);
        var compressed = 0xa001 | Bits(11, 11, 12) | Bits(4, 4, 11) | Bits(9, 8, 9) | Bits(10, 10, 8) | Bits(6, 6, 7) | Bits(7, 7, 6) | Bits(3, 1, 3) | Bits(5, 5, 2);
        return offset is >= -2048 and < 2048 ? [("jal", jal, 4), ("c.j", compressed, 2)] : [("jal", jal, 4)];
    }

    [TestCase(256, true)]
    [TestCase(4094, true)]
    [TestCase(-2, false)]
    [TestCase(-4096, false)]
    public void BranchesMustStayInTheFile(int offset, bool inside)
    {
        uint Bits(int high, int low, int at) => (uint)((offset >> low) & ((1 << (high - low + 1)) - 1)) << at;
        var file = Enumerable.Repeat(new byte[] { 0x13, 0, 0, 0 }, 1024).SelectMany(b => b).ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(file, 0x63 | Bits(12, 12, 31) | Bits(10, 5, 25) | Bits(4, 1, 8) | Bits(11, 11, 7));
        using var ram = new Ram(file);
        Assert.That(ram.Check(out _), Is.EqualTo(inside ? ImageError.None : ImageError.NotCode));
    }

    [TestCase(254, 256, true)]
    [TestCase(254, 254, false)]
    [TestCase(128, 129, true)]
    [TestCase(128, 128, false)]
    [TestCase(-2, 256, false)]
    public void CompressedBranchesMustStayInTheFile(int offset, int length, bool inside)
    {
        uint Bits(int high, int low, int at) => (uint)((offset >> low) & ((1 << (high - low + 1)) - 1)) << at;
        var file = Enumerable.Repeat(new byte[] { 0x01, 0x00 }, length).SelectMany(b => b).Take(length).ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(file, (ushort)(0xc001 | Bits(8, 8, 12) | Bits(4, 3, 10) | Bits(7, 6, 5) | Bits(2, 1, 3) | Bits(5, 5, 2)));
        file[2] = 0x93;
        using var ram = new Ram(file);
        var expected = inside ? ImageError.None : ImageError.NotCode;
        Assert.That(ram.Check(out _), Is.EqualTo(expected));
    }
}
