using System;
using System.IO;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Images;
using Rvirt.Reference.Assembly;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Core.Images;

internal sealed class ElfTests
{
    [Test]
    public void LoadsSegmentsAndZeroesTheRest()
    {
        using var ram = new Ram(ElfBuilder.Sound().Build());
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That((image.Kind, image.Entry, image.Start, image.End), Is.EqualTo((ImageKind.Elf, 0x80200000UL, 0x80200000UL, 0x80202064UL)));
        Assert.That(ram.At(0x80200000, 1)[0], Is.EqualTo(0xee), "a check writes nothing");
        Assert.That(image.Load(ram.Memory));
        Assert.That(ram.At(0x80200000, 64).SequenceEqual(ElfBuilder.Code(64)));
        Assert.That(ram.At(0x80200040, 4096 - 64).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        Assert.That(ram.At(0x80201000, 0x1000).IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1), "between the segments");
        Assert.That(ram.At(0x80202000, 100).SequenceEqual(ElfBuilder.Code(100)));
        Assert.That(ram.At(0x80202064, 0x1000).IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1));
        Assert.That(ram.At(0x80000000, 0x200000).IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1));
    }

    [Test]
    public void TranslatesAVirtualEntry()
    {
        var elf = new ElfBuilder { Entry = 0xffffffff80000010 }.Load(ElfBuilder.Base, ElfBuilder.Code(64), 64, 0xffffffff80000000);
        using var ram = new Ram(elf.Build());
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That(image.Entry, Is.EqualTo(0x80200010));
    }

    [Test]
    public void FillsRamToItsLastByte()
    {
        using var ram = new Ram(ElfBuilder.Sound().Load(0x802ff000, ElfBuilder.Code(8), 0x1000).Build());
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That(image.Load(ram.Memory));
        Assert.That(image.End, Is.EqualTo(0x80300000));
    }

    [TestCase(4, 1, ImageError.ElfWrongClass)]
    [TestCase(5, 2, ImageError.ElfWrongEndianness)]
    [TestCase(6, 0, ImageError.ElfWrongVersion)]
    [TestCase(20, 2, ImageError.ElfWrongVersion)]
    [TestCase(18, 62, ImageError.ForeignMachine)]
    [TestCase(16, 1, ImageError.ElfWrongType)]
    [TestCase(16, 4, ImageError.ElfWrongType)]
    [TestCase(54, 32, ImageError.ElfWrongProgramHeaders)]
    [TestCase(56, 0, ImageError.ElfWrongProgramHeaders)]
    [TestCase(56, 65, ImageError.ElfWrongProgramHeaders)]
    [TestCase(56, 60, ImageError.ElfWrongProgramHeaders)]
    [TestCase(33, 0xff, ImageError.ElfWrongProgramHeaders)]
    [TestCase(39, 0xff, ImageError.ElfWrongProgramHeaders)]
    [TestCase(25, 0x10, ImageError.ElfWrongEntry)]
    [TestCase(24, 1, ImageError.ElfWrongEntry)]
    [TestCase(24, 64, ImageError.ElfWrongEntry, Description = "in memory that is zeroed")]
    [TestCase(64, 3, ImageError.ElfNeedsInterpreter)]
    [TestCase(64 + 8 + 1, 0xff, ImageError.ElfSegmentTruncated)]
    [TestCase(64 + 8 + 7, 0xff, ImageError.ElfSegmentTruncated)]
    [TestCase(64 + 32 + 1, 0x0f, ImageError.ElfSegmentTruncated)]
    [TestCase(64 + 32 + 7, 0x80, ImageError.ElfWrongSegment, Description = "longer than in memory")]
    [TestCase(64 + 40 + 1, 0x21, ImageError.ElfSegmentsOverlap)]
    [TestCase(64 + 40 + 7, 0x80, ImageError.ElfSegmentOutside)]
    [TestCase(64 + 40 + 2, 0x11, ImageError.ElfSegmentOutside)]
    [TestCase(64 + 24 + 3, 0x7f, ImageError.ElfSegmentOutside, Description = "below RAM")]
    [TestCase(64 + 24 + 4, 0x01, ImageError.ElfSegmentOutside, Description = "above RAM")]
    [TestCase(64 + 48, 0x03, ImageError.ElfWrongSegment)]
    public void NamesWhatIsWrong(int offset, byte value, ImageError expected)
    {
        var file = ElfBuilder.Sound().Build();
        file[offset] = value;
        using var ram = new Ram(file);
        Assert.That(ram.Check(out _), Is.EqualTo(expected));
    }

    [Test]
    public void NamesAnElfWithNothingToLoad()
    {
        using var ram = new Ram(new ElfBuilder().Add(new ElfBuilder.Segment(4, 0, 0, new byte[8], 8)).Load(1, [], 0).Build());
        Assert.That(ram.Check(out _), Is.EqualTo(ImageError.ElfNothingToLoad));
    }

    [Test]
    public void TakesAsManyProgramHeadersAsItAllows()
    {
        var elf = ElfBuilder.Sound();
        for (var i = 2; i < 64; i++)
        {
            elf.Add(new ElfBuilder.Segment(4, 0, 0, [], 0));
        }

        using var ram = new Ram(elf.Build());
        Assert.That(ram.Check(out _), Is.EqualTo(ImageError.None));
    }

    [TestCase(63, ImageError.ElfHeaderTruncated)]
    [TestCase(64, ImageError.ElfWrongProgramHeaders)]
    public void NamesAHeaderWithoutTheRest(int length, ImageError expected)
    {
        using var ram = new Ram(ElfBuilder.Sound().Build().AsSpan(0, length));
        Assert.That(ram.Check(out _), Is.EqualTo(expected));
    }

    [Test]
    public void ReadsProgramHeadersAtTheEndOfTheFile()
    {
        var sound = ElfBuilder.Sound().Build();
        byte[] file = [.. sound, .. sound.AsSpan(64, 2 * 56)];
        ElfBuilder.Put64(file, 32, (ulong)sound.Length);
        using var ram = new Ram(file);
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That(image.Load(ram.Memory));
        Assert.That(ram.At(0x80202000, 100).SequenceEqual(ElfBuilder.Code(100)));
    }

    [Test]
    public void SegmentsMayTouch()
    {
        var elf = new ElfBuilder().Load(Ram.Base, ElfBuilder.Code(8), 0x200000).Load(ElfBuilder.Base + 0x1000, ElfBuilder.Code(8), 8)
            .Load(ElfBuilder.Base, ElfBuilder.Code(8), 0x1000).Load(ElfBuilder.Base + 0x2000, [], 0x1000);
        using var ram = new Ram(elf.Build());
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That((image.Start, image.End), Is.EqualTo((Ram.Base, ElfBuilder.Base + 0x3000)));
        Assert.That(image.Load(ram.Memory));
        Assert.That(ram.At(ElfBuilder.Base + 0x2000, 0x1000).IndexOfAnyExcept((byte)0), Is.EqualTo(-1), "memory without a byte in the file");
    }

    [TestCase(0x800UL, 0UL)]
    [TestCase(0UL, 0x800UL)]
    [TestCase(0UL, 0xfffUL)]
    [TestCase(0UL, 0UL)]
    public void SegmentsOverlapInAnyOrder(ulong first, ulong second)
    {
        using var ram = new Ram(new ElfBuilder()
            .Load(ElfBuilder.Base + first, ElfBuilder.Code(8), 0x1000).Load(ElfBuilder.Base + second, ElfBuilder.Code(8), 0x1000).Build());
        Assert.That(ram.Check(out _), Is.EqualTo(ImageError.ElfSegmentsOverlap));
    }

    [Test]
    public void TakesAPhysicalEntry()
    {
        var elf = new ElfBuilder { Entry = ElfBuilder.Base + 0x10 }.Load(ElfBuilder.Base, ElfBuilder.Code(64), 64, 0xffffffff80000000);
        using var ram = new Ram(elf.Build());
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That(image.Entry, Is.EqualTo(ElfBuilder.Base + 0x10));
    }

    [Test]
    public void TheFirstVirtualMatchIsTheEntry()
    {
        var elf = new ElfBuilder { Entry = ElfBuilder.Base + 0x2000 }
            .Add(new ElfBuilder.Segment(4, 0, ElfBuilder.Base + 0x2000, new byte[64], 64))
            .Load(ElfBuilder.Base, ElfBuilder.Code(64), 64, ElfBuilder.Base + 0x2000)
            .Load(ElfBuilder.Base + 0x2000, ElfBuilder.Code(64), 64, ElfBuilder.Base + 0x4000);
        using var ram = new Ram(elf.Build());
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That(image.Entry, Is.EqualTo(ElfBuilder.Base), "neither the note's nor the physical address");
    }

    [Test]
    public void NamesAWrappingSegment()
    {
        using var ram = new Ram(ElfBuilder.Sound().Load(ulong.MaxValue - 7, ElfBuilder.Code(8), 16).Build());
        Assert.That(ram.Check(out _), Is.EqualTo(ImageError.ElfSegmentOutside));
    }

    [Test]
    public void RefusesEveryTruncation()
    {
        var file = ElfBuilder.Sound().Build();
        for (var length = 0; length < file.Length; length++)
        {
            using var ram = new Ram(file.AsSpan(0, length), 0x203000, false);
            Assert.That(ram.Check(out var image), Is.Not.EqualTo(ImageError.None), $"{length} bytes");
            Assert.That(image.Load(ram.Memory), Is.False, $"{length} bytes: an unchecked image loads nothing");
        }
    }

    [Test]
    public void LoadsOnlyIntoTheRamItWasCheckedFor()
    {
        using var ram = new Ram(ElfBuilder.Sound().Build());
        using var small = new Ram([1], 0x201000);
        Assert.That(ram.Check(out var image), Is.EqualTo(ImageError.None));
        Assert.That(image.Load(small.Memory), Is.False);
    }

    [Test]
    public void SurvivesChangedBytes()
    {
        var sound = ElfBuilder.Sound().Build();
        Gen.Select(Gen.Int[0, 175], Gen.OneOf(Gen.Byte, Gen.Byte[0, 3], Gen.Byte[0x7e, 0x82])).Array[1, 5].ForAll(
            changes =>
            {
                using var ram = new Ram(sound, 0x203000, false);
                foreach (var (at, value) in changes)
                {
                    ram.FileBytes[at] = value;
                }

                if (ram.Check(out var image) == ImageError.None)
                {
                    Assert.That(image.Load(ram.Memory));
                    Assert.That(ram.Memory.Contains(image.Entry, 2));
                    Assert.That(image.Start >= Ram.Base && image.End > image.Start && image.End <= Ram.Base + 0x203000);
                }
            },
            iter: 1000);
    }

    [Test]
    public void LoadsUBoot()
    {
        using var elf = new Ram(File.ReadAllBytes(Repository.UBootElf));
        using var flat = new Ram(File.ReadAllBytes(Repository.UBootBinary));
        Assert.That(elf.Check(out var fromElf), Is.EqualTo(ImageError.None));
        Assert.That(flat.Check(out var fromFlat), Is.EqualTo(ImageError.None));
        Assert.That((fromFlat.Kind, fromFlat.Entry), Is.EqualTo((ImageKind.Flat, fromElf.Entry)));
        Assert.That(fromElf.Load(elf.Memory) && fromFlat.Load(flat.Memory));

        // Further on the flat file has its relocations applied.
        Assert.That(elf.At(0x80200000, 400).SequenceEqual(flat.At(0x80200000, 400)));
    }
}
