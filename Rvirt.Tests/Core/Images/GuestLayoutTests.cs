using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Images;

namespace Rvirt.Tests.Core.Images;

internal sealed class GuestLayoutTests
{
    private const ulong Mebibyte = 1 << 20;

    [TestCase(512ul, 0x88000000ul, 0x9fe00000ul)]
    [TestCase(128ul, 0x84000000ul, 0x87e00000ul)]
    [TestCase(4096ul, 0x88000000ul, 0xbfe00000ul)]
    public void PlacesWhereQemuDoes(ulong mebibytes, ulong initrd, ulong tree)
    {
        using var ram = new Ram(ElfBuilder.Sound().Build());
        Assert.That(ram.Check(out var kernel), Is.EqualTo(ImageError.None));
        Assert.That(GuestLayout.Place(kernel, Ram.Base, mebibytes * Mebibyte, 5 * Mebibyte, 0x4000, out var layout), Is.EqualTo(ImageError.None));
        Assert.That((layout.Initrd, layout.DeviceTree), Is.EqualTo((initrd, tree)));
    }

    [Test]
    public void NothingEverOverlaps()
    {
        using var ram = new Ram(ElfBuilder.Sound().Build());
        Assert.That(ram.Check(out var kernel), Is.EqualTo(ImageError.None));
        Gen.Select(Gen.ULong[0x203, 0x2000], Gen.ULong[0, 0x2000000], Gen.ULong[1, 0x10000]).Sample(
            (pages, initrdLength, treeLength) =>
            {
                var ramLength = pages * 0x1000;
                var error = GuestLayout.Place(kernel, Ram.Base, ramLength, initrdLength, treeLength, out var layout);
                var needed = initrdLength + treeLength + 0x2000;
                if (error == ImageError.NoRoom)
                {
                    // Refused only where the RAM is short, give or take what alignment to 2 MiB costs.
                    Assert.That(kernel.End + needed + 0x200000, Is.GreaterThan(Ram.Base + ramLength));
                    return;
                }

                Assert.That(error, Is.EqualTo(ImageError.None));
                Assert.That(layout.DeviceTree, Is.GreaterThanOrEqualTo(kernel.End));
                Assert.That(layout.DeviceTree + treeLength, Is.LessThanOrEqualTo(Ram.Base + ramLength));
                Assert.That(layout.DeviceTree % 4096, Is.Zero);
                if (initrdLength != 0)
                {
                    Assert.That(layout.Initrd, Is.GreaterThanOrEqualTo(kernel.End));
                    Assert.That(layout.Initrd + initrdLength, Is.LessThanOrEqualTo(layout.DeviceTree));
                    Assert.That(layout.Initrd % 4096, Is.Zero);
                }
            },
            iter: 2000);
    }

    [Test]
    public void SaysThatThereIsNoRoom()
    {
        using var ram = new Ram(ElfBuilder.Sound().Build());
        Assert.That(ram.Check(out var kernel), Is.EqualTo(ImageError.None));
        Assert.That(GuestLayout.Place(kernel, Ram.Base, 0x400000, ulong.MaxValue, 0x1000, out _), Is.EqualTo(ImageError.NoRoom));
        Assert.That(GuestLayout.Place(kernel, Ram.Base, 0x400000, 0, ulong.MaxValue, out _), Is.EqualTo(ImageError.NoRoom));
        Assert.That(GuestLayout.Place(kernel, Ram.Base, 0x203000, 0, 0x1000, out _), Is.EqualTo(ImageError.NoRoom));
    }
}
