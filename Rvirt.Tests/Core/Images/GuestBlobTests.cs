using System;
using System.IO;
using System.Linq;
using System.Text;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Reference.Assembly;
using Rvirt.Testing.Memory;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.Core.Images;

internal sealed unsafe class GuestBlobTests
{
    private const string Two = """
        /dts-v1/;
        / {
            compatible = "rvirt,guests";
            guest-0 {
                compatible = "rvirt,guest";
                label = "one";
                kernel = [01 02 03];
                initrd = [04 05];
                bootargs = "console=ttyS0";
                harts = <2>;
                memory = <0x1 0x00200000>;
                devices = <3 0>;
                share = <250>;
                pinned = <1>;
                autostart = <0>;
                snapshot = <1>;
            };
            guest-1 {
                compatible = "rvirt,guest";
                label = "two";
                kernel = [06];
                memory = <0x400000>;
                devices = <1>;
            };
        };
        """;

    [Test]
    public void ReadsGuests()
    {
        using var file = new GuardedBuffer(Tools.Compile(Two));
        Assert.That(Read(file, out var blob), Is.EqualTo(GuestBlobError.None));
        Assert.That(blob.Count, Is.EqualTo(2));
        var one = blob.Guests[0];
        Assert.That(one.Label.SequenceEqual("one"u8));
        Assert.That(one.Kernel.Bytes.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(one.Initrd.Bytes.ToArray(), Is.EqualTo(new byte[] { 4, 5 }));
        Assert.That(one.BootArguments.SequenceEqual("console=ttyS0"u8));
        Assert.That((one.HartCount, one.MemorySize, one.HasDevices, one.Devices), Is.EqualTo((2, 0x1_0020_0000UL, true, (byte)0b1001)));
        Assert.That((one.DeviceCount, one.DeviceOrder[0], one.DeviceOrder[1]), Is.EqualTo((2, (byte)3, (byte)0)), "in the order given");
        Assert.That((one.Share, one.Pinned, one.Autostart, one.Snapshot), Is.EqualTo((250u, true, false, true)));
        var two = blob.Guests[1];
        Assert.That((two.Share, two.Pinned, two.Autostart, two.Snapshot), Is.EqualTo((100u, false, true, false)));
        Assert.That(two.Label.SequenceEqual("two"u8));
        Assert.That(two.Initrd.Length, Is.Zero);
        Assert.That(two.BootArguments.Length, Is.Zero);
        Assert.That((two.HartCount, two.MemorySize, two.HasDevices, two.Devices), Is.EqualTo((1, 0x400000UL, true, (byte)0b10)));
    }

    [Test]
    public void IncludesFilesWithoutCopyingThem()
    {
        var directory = Directory.CreateTempSubdirectory("rvirt");
        try
        {
            File.WriteAllBytes(Path.Combine(directory.FullName, "Image"), ElfBuilder.Sound().Build());
            using var file = new GuardedBuffer(Tools.Compile(
                "/dts-v1/; / { compatible = \"rvirt,guests\"; guest-0 { compatible = \"rvirt,guest\"; kernel = /incbin/(\"Image\"); }; };", directory.FullName));
            Assert.That(Read(file, out var blob), Is.EqualTo(GuestBlobError.None));
            var kernel = blob.Guests[0].Kernel;
            Assert.That(kernel.Pointer >= file.Pointer && kernel.Pointer + kernel.Length <= file.Pointer + file.Length);
            Assert.That(KernelImage.Check(kernel.Pointer, (ulong)kernel.Length, Ram.Base, 0x400000, out _), Is.EqualTo(ImageError.None));
            Assert.That(blob.Guests[0].HasDevices, Is.False);
            Assert.That(blob.Guests[0].MemorySize, Is.Zero);
        }
        finally
        {
            directory.Delete(true);
        }
    }

    [Test]
    public void AKernelAloneIsOneGuest()
    {
        using var arguments = new GuardedBuffer("root=/dev/vda\0"u8);
        using var file = new GuardedBuffer(ElfBuilder.Sound().Build());
        var error = GuestBlob.Read(file.Pointer, file.Length, FdtProperty.FromMemory(arguments.Pointer, (int)arguments.Length), out var blob);
        Assert.That(error, Is.EqualTo(GuestBlobError.None));
        Assert.That(blob.Count, Is.EqualTo(1));
        Assert.That(blob.Guests[0].BootArguments.SequenceEqual("root=/dev/vda"u8));
        Assert.That((ulong)blob.Guests[0].Kernel.Length, Is.EqualTo(file.Length));
        Assert.That((blob.Guests[0].HartCount, blob.Guests[0].HasDevices), Is.EqualTo((1, false)));
        Assert.That((blob.Guests[0].Share, blob.Guests[0].Pinned, blob.Guests[0].Autostart), Is.EqualTo((100u, false, true)));
    }

    [TestCase("disk = \"rvirt.one\";", "", GuestBlobError.None)]
    [TestCase("disk = \"rvirt.one\"; disk-readonly;", "", GuestBlobError.None)]
    [TestCase("disk = \"abcdefghijklmnopqrstuvwxyz-._ABCDEFG\";", "", GuestBlobError.None, Description = "36 letters")]
    [TestCase("disk = \"abcdefghijklmnopqrstuvwxyz-._ABCDEFGH\";", "", GuestBlobError.WrongDisk)]
    [TestCase("disk = \"\";", "", GuestBlobError.WrongDisk)]
    [TestCase("disk = \"a\", \"b\";", "", GuestBlobError.WrongDisk)]
    [TestCase("disk = <1>;", "", GuestBlobError.WrongDisk)]
    [TestCase("disk;", "", GuestBlobError.WrongDisk)]
    [TestCase("disk-readonly;", "", GuestBlobError.WrongDisk)]
    [TestCase("disk = \"a\"; disk-readonly = <1>;", "", GuestBlobError.WrongDisk)]
    [TestCase("disk = \"a\";", "disk = \"b\";", GuestBlobError.None)]
    [TestCase("disk = \"a\";", "disk = \"a\";", GuestBlobError.DiskGivenTwice)]
    [TestCase("disk = \"a\"; disk-readonly;", "disk = \"a\";", GuestBlobError.DiskGivenTwice)]
    [TestCase("disk = \"a\";", "disk = \"a\"; disk-readonly;", GuestBlobError.DiskGivenTwice)]
    [TestCase("disk = \"a\"; disk-readonly;", "disk-readonly; disk = \"a\";", GuestBlobError.None)]
    public void ADiskIsAPartitionsLabelAndSharedToBeReadAlone(string one, string two, GuestBlobError expected)
    {
        using var file = new GuardedBuffer(Tools.Compile(
            $"/dts-v1/; / {{ compatible = \"rvirt,guests\"; guest-0 {{ compatible = \"rvirt,guest\"; kernel = [01]; {one} }}; guest-1 {{ compatible = \"rvirt,guest\"; kernel = [01]; {two} }}; }};"));
        Assert.That(Read(file, out var blob), Is.EqualTo(expected));
        if (expected == GuestBlobError.None)
        {
            var guest = blob.Guests[0];
            Assert.That((guest.HasDevices, guest.DeviceCount, guest.DiskIsReadOnly), Is.EqualTo((true, 0, one.Contains("readonly", StringComparison.Ordinal))));
            Assert.That($"disk = \"{Encoding.ASCII.GetString(guest.Disk)}\";", Is.EqualTo(one.Replace(" disk-readonly;", "", StringComparison.Ordinal)));
            Assert.That(blob.Guests[1].HasDevices, Is.EqualTo(two.Length != 0));
        }
    }

    [TestCase(512, GuestBlobError.None)]
    [TestCase(4096, GuestBlobError.None)]
    [TestCase(0, GuestBlobError.WrongRamDisk)]
    [TestCase(511, GuestBlobError.WrongRamDisk)]
    [TestCase(513, GuestBlobError.WrongRamDisk)]
    public void ADiskInMemoryIsOfWholeSectors(int length, GuestBlobError expected)
    {
        var sectors = new byte[length];
        new Random(length).NextBytes(sectors);
        using var file = new GuardedBuffer(Tools.Compile(
            $"/dts-v1/; / {{ compatible = \"rvirt,guests\"; guest-0 {{ compatible = \"rvirt,guest\"; kernel = [01]; ramdisk = [{Convert.ToHexString(sectors)}]; }}; }};"));
        Assert.That(Read(file, out var blob), Is.EqualTo(expected));
        if (expected == GuestBlobError.None)
        {
            Assert.That(blob.Guests[0].RamDisk.Bytes.ToArray(), Is.EqualTo(sectors));
            Assert.That((blob.Guests[0].HasDevices, blob.Guests[0].DeviceCount), Is.EqualTo((true, 0)), "what else there is, it does not get");
        }
    }

    [TestCase("\"rvirt,guests\"", "\"rvirt,guest\"", GuestBlobError.NotGuests, 0)]
    [TestCase("bootargs", "bootarg", GuestBlobError.UnknownProperty, 0)]
    [TestCase("kernel = [06];", "", GuestBlobError.GuestWithoutKernel, 1)]
    [TestCase("kernel = [06]", "kernel", GuestBlobError.GuestWithoutKernel, 1)]
    [TestCase("\"one\"", "\"a b\"", GuestBlobError.WrongLabel, 0)]
    [TestCase("\"one\"", "\"\"", GuestBlobError.WrongLabel, 0)]
    [TestCase("\"one\"", "\"a\", \"b\"", GuestBlobError.WrongLabel, 0)]
    [TestCase("\"one\"", "\"abcdefghijklmnopqrstuvwxyzabcdef\"", GuestBlobError.WrongLabel, 0)]
    [TestCase("\"one\"", "\"two\"", GuestBlobError.SameLabel, 1)]
    [TestCase("\"console=ttyS0\"", "<1>", GuestBlobError.WrongBootArguments, 0)]
    [TestCase("harts = <2>", "harts = <0>", GuestBlobError.WrongHarts, 0)]
    [TestCase("harts = <2>", "harts = <9>", GuestBlobError.WrongHarts, 0)]
    [TestCase("harts = <2>", "harts = <0xffffffff>", GuestBlobError.WrongHarts, 0)]
    [TestCase("harts = <2>", "harts = <1 2>", GuestBlobError.WrongHarts, 0)]
    [TestCase("<0x400000>", "<0>", GuestBlobError.WrongMemory, 1)]
    [TestCase("<0x400000>", "<0x100000>", GuestBlobError.WrongMemory, 1)]
    [TestCase("<0x400000>", "<0 0 0x400000>", GuestBlobError.WrongMemory, 1)]
    [TestCase("share = <250>", "share = <0>", GuestBlobError.WrongShare, 0)]
    [TestCase("share = <250>", "share = <10001>", GuestBlobError.WrongShare, 0)]
    [TestCase("share = <250>", "share = <0 250>", GuestBlobError.WrongShare, 0)]
    [TestCase("share = <250>", "share", GuestBlobError.WrongShare, 0)]
    [TestCase("share = <250>", "shares = <250>", GuestBlobError.UnknownProperty, 0)]
    [TestCase("pinned = <1>", "pinned = <2>", GuestBlobError.WrongPinned, 0)]
    [TestCase("pinned = <1>", "pinned", GuestBlobError.WrongPinned, 0)]
    [TestCase("autostart = <0>", "autostart = <2>", GuestBlobError.WrongAutostart, 0)]
    [TestCase("autostart = <0>", "autostart = \"no\"", GuestBlobError.WrongAutostart, 0)]
    [TestCase("snapshot = <1>", "snapshot = <2>", GuestBlobError.WrongSnapshot, 0)]
    [TestCase("snapshot = <1>", "snapshot", GuestBlobError.WrongSnapshot, 0)]
    [TestCase("<3 0>", "<8 0>", GuestBlobError.WrongDevices, 0)]
    [TestCase("<3 0>", "[00 00]", GuestBlobError.WrongDevices, 0)]
    [TestCase("<3 0>", "<3 3>", GuestBlobError.DeviceGivenTwice, 0)]
    [TestCase("<3 0>", "<1 0>", GuestBlobError.DeviceGivenTwice, 1)]
    public void NamesWhatIsWrong(string text, string instead, GuestBlobError expected, int guest)
    {
        var bent = Two.ReplaceLineEndings("\n").Replace(text, instead, StringComparison.Ordinal);
        Assert.That(bent, Is.Not.EqualTo(Two.ReplaceLineEndings("\n")));
        using var file = new GuardedBuffer(Tools.Compile(bent));
        Assert.That(Read(file, out var blob), Is.EqualTo(expected));
        Assert.That(blob.Count, Is.EqualTo(guest), "the guest it is about");
        Assert.That(Encoding.ASCII.GetString(blob.Unknown.Name), Is.EqualTo(expected == GuestBlobError.UnknownProperty ? instead.Split(' ')[0] : ""));
    }

    [TestCase(GuestDeviceTree.MaximumBootArguments, GuestBlobError.None)]
    [TestCase(GuestDeviceTree.MaximumBootArguments + 1, GuestBlobError.LongBootArguments)]
    public void RefusesACommandLineThatNoTreeHolds(int length, GuestBlobError expected)
    {
        var line = new string('x', length);
        using var blob = new GuardedBuffer(Tools.Compile(Two.Replace("console=ttyS0", line, StringComparison.Ordinal)));
        Assert.That(Read(blob, out _), Is.EqualTo(expected));

        using var arguments = new GuardedBuffer(Encoding.ASCII.GetBytes(line + "\0"));
        using var kernel = new GuardedBuffer(ElfBuilder.Sound().Build());
        var property = FdtProperty.FromMemory(arguments.Pointer, (int)arguments.Length);
        Assert.That(GuestBlob.Read(kernel.Pointer, kernel.Length, property, out var alone), Is.EqualTo(expected));
        Assert.That(alone.Count, Is.EqualTo(1));
    }

    [Test]
    public void AGuestWithoutALabelIsCalledAsItsNode()
    {
        using var file = new GuardedBuffer(Tools.Compile(Two.Replace("label = \"two\";", "", StringComparison.Ordinal)));
        Assert.That(Read(file, out var blob), Is.EqualTo(GuestBlobError.None));
        Assert.That(blob.Guests[1].Label.SequenceEqual("guest-1"u8));
    }

    [Test]
    public void PassesOverOtherNodes()
    {
        using var file = new GuardedBuffer(Tools.Compile(Two.Replace("guest-1 {", "notes { by = \"me\"; }; guest-1 {", StringComparison.Ordinal)));
        Assert.That(Read(file, out var blob), Is.EqualTo(GuestBlobError.None));
        Assert.That(blob.Count, Is.EqualTo(2));
    }

    [TestCase(0, GuestBlobError.NoGuest)]
    [TestCase(8, GuestBlobError.None)]
    [TestCase(17, GuestBlobError.TooManyGuests)]
    public void CountsGuests(int count, GuestBlobError expected)
    {
        var guests = string.Concat(Enumerable.Range(0, count).Select(i => $"guest-{i} {{ compatible = \"rvirt,guest\"; kernel = [01]; }}; "));
        using var file = new GuardedBuffer(Tools.Compile($"/dts-v1/; / {{ compatible = \"rvirt,guests\"; {guests} }};"));
        Assert.That(Read(file, out _), Is.EqualTo(expected));
    }

    [Test]
    public void NamesNoKernelAndADamagedTree()
    {
        Assert.That(GuestBlob.Read(null, 0, default, out _), Is.EqualTo(GuestBlobError.NoKernel));
        Assert.That(GuestBlob.Read(null, 1UL << 31, default, out _), Is.EqualTo(GuestBlobError.TooLarge));
        using var file = new GuardedBuffer(Tools.Compile(Two).AsSpan(0, 100));
        Assert.That(Read(file, out var blob), Is.EqualTo(GuestBlobError.WrongTree));
        Assert.That(blob.TreeError, Is.EqualTo(FdtError.Truncated));
    }

    [Test]
    public void SurvivesTruncationAtEveryLength()
    {
        var sound = Tools.Compile(Two);
        for (var length = 4; length < sound.Length; length++)
        {
            using var file = new GuardedBuffer(sound.AsSpan(0, length));
            Assert.That(Read(file, out _), Is.EqualTo(GuestBlobError.WrongTree), $"{length} bytes");
        }
    }

    [Test]
    public void SurvivesChangedBytes()
    {
        var sound = Tools.Compile(Two);
        Gen.Select(Gen.Int[4, sound.Length - 1], Gen.OneOf(Gen.Byte, Gen.Byte[0, 9])).Array[1, 6].ForAll(
            changes =>
            {
                using var file = new GuardedBuffer(sound);
                foreach (var (at, value) in changes)
                {
                    file.Span[at] = value;
                }

                if (Read(file, out var blob) != GuestBlobError.None)
                {
                    return;
                }

                for (var i = 0; i < blob.Count; i++)
                {
                    ref var guest = ref blob.Guests[i];
                    var sum = 0;
                    foreach (var value in guest.Kernel.Bytes)
                    {
                        sum += value;
                    }

                    Assert.That(sum + guest.Initrd.Length + guest.Label.Length + guest.BootArguments.Length, Is.GreaterThanOrEqualTo(0));
                    Assert.That(guest.HartCount, Is.InRange(1, GuestBlob.MaximumHarts));
                }
            },
            iter: 3000);
    }

    [TestCase("azAZ09-._", GuestBlobError.None)]
    [TestCase("abcdefghijklmnopqrstuvwxyz01234", GuestBlobError.None, Description = "31 letters")]
    [TestCase("abcdefghijklmnopqrstuvwxyz012345", GuestBlobError.WrongLabel)]
    [TestCase("", GuestBlobError.WrongLabel)]
    [TestCase("a`", GuestBlobError.WrongLabel)]
    [TestCase("a{", GuestBlobError.WrongLabel)]
    [TestCase("a@", GuestBlobError.WrongLabel)]
    [TestCase("a[", GuestBlobError.WrongLabel)]
    [TestCase("a/", GuestBlobError.WrongLabel)]
    [TestCase("a:", GuestBlobError.WrongLabel)]
    public void ALabelIsOfLettersDigitsAndThreeSigns(string label, GuestBlobError expected)
    {
        using var file = new GuardedBuffer(Tools.Compile(Two.Replace("\"one\"", $"\"{label}\"", StringComparison.Ordinal)));
        Assert.That(Read(file, out _), Is.EqualTo(expected));
    }

    [TestCase(8, GuestBlobError.None)]
    [TestCase(9, GuestBlobError.WrongHarts)]
    public void AGuestHasUpToEightHarts(int harts, GuestBlobError expected)
    {
        using var file = new GuardedBuffer(Tools.Compile(Two.Replace("<2>", $"<{harts}>", StringComparison.Ordinal)));
        Assert.That(Read(file, out _), Is.EqualTo(expected));
    }

    [TestCase((ulong)int.MaxValue, GuestBlobError.None)]
    [TestCase(int.MaxValue + 1UL, GuestBlobError.TooLarge)]
    public void AFileIsSmallerThanTwoGibibytes(ulong length, GuestBlobError expected)
    {
        // A kernel alone is not looked at here but for its first bytes.
        using var file = new GuardedBuffer(ElfBuilder.Sound().Build());
        Assert.That(GuestBlob.Read(file.Pointer, length, default, out _), Is.EqualTo(expected));
    }

    [Test]
    public void HasATextForEveryError()
    {
        var texts = Enum.GetValues<GuestBlobError>().Select(error => Encoding.ASCII.GetString(GuestBlobErrorText.Of(error))).ToList();
        Assert.That(texts, Is.Unique);
        Assert.That(texts, Has.None.EqualTo("unknown error"));
        Assert.That(texts.Skip(1), Has.All.Contain(": "), "what is wrong: what to do");
    }

    private static GuestBlobError Read(GuardedBuffer file, out GuestBlob blob) => GuestBlob.Read(file.Pointer, file.Length, default, out blob);
}
