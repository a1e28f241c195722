using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Images;
using Rvirt.Reference.Assembly;

namespace Rvirt.Tests.Core.Images;

internal sealed class GuestLayoutTests
{
    private const ulong Mebibyte = 1 << 20;

    [TestCase(512UL, 0x88000000UL, 0x9fe00000UL)]
    [TestCase(128UL, 0x84000000UL, 0x87e00000UL)]
    [TestCase(4096UL, 0x88000000UL, 0xbfe00000UL)]
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
        Gen.Select(Gen.ULong[0x203, 0x2000], Gen.ULong[0, 0x2000000], Gen.ULong[1, 0x10000]).ForAll(
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

    private static ImageError Place(ulong kernelEnd, ulong ramLength, ulong initrdLength, ulong treeLength, out GuestLayout layout)
    {
        var start = kernelEnd & ~0xfffUL;
        start = start == kernelEnd ? start - 0x1000 : start;
        using var ram = new Ram(new ElfBuilder { Entry = start }.Load(start, ElfBuilder.Code(8), kernelEnd - start).Build(), 0x800000, fill: false);
        Assert.That(ram.Check(out var kernel), Is.EqualTo(ImageError.None));
        Assert.That(kernel.End, Is.EqualTo(kernelEnd));
        return GuestLayout.Place(kernel, Ram.Base, ramLength, initrdLength, treeLength, out layout);
    }

    [TestCase(0x80400000UL, 0x402000UL, 0x1000UL, 0x80400000UL, Description = "a boundary right behind the kernel")]
    [TestCase(0x80202064UL, 0x204000UL, 0x800UL, 0x80203000UL, Description = "no boundary is free: the last page that holds it")]
    [TestCase(0x80203000UL, 0x204000UL, 0x1000UL, 0x80203000UL, Description = "the kernel leaves just that page")]
    public void TheTreeGoesAsHighAsItCan(ulong kernelEnd, ulong ramLength, ulong treeLength, ulong expected)
    {
        Assert.That(Place(kernelEnd, ramLength, 0, treeLength, out var layout), Is.EqualTo(ImageError.None));
        Assert.That((layout.DeviceTree, layout.Initrd), Is.EqualTo((expected, 0UL)));
    }

    [TestCase(0x80400000UL, 0x800000UL, 0x1000UL, 0x1000UL, 0x80400000UL, Description = "half of RAM, right behind the kernel")]
    [TestCase(0x80401000UL, 0x800000UL, 0x1000UL, 0x1000UL, 0x805ff000UL, Description = "the kernel reaches beyond half of RAM")]
    [TestCase(0x80202064UL, 0x1000000UL, 0x1000UL, 0xa00000UL, 0x805ff000UL, Description = "the tree reaches below half of RAM")]
    [TestCase(0x80203000UL, 0x402000UL, 0x1fd000UL, 0x1000UL, 0x80203000UL, Description = "all that is left, behind whole pages")]
    [TestCase(0x80203064UL, 0x402000UL, 0x1fc000UL, 0x1000UL, 0x80204000UL, Description = "all that is left, behind a page in part")]
    [TestCase(0x80202064UL, 0x402000UL, 0x1fd001UL, 0x1000UL, 0UL, Description = "a byte more than is left")]
    [TestCase(0x80202064UL, 0x402000UL, 0x1fe000UL, 0x1000UL, 0UL, Description = "into the kernel's last page")]
    [TestCase(0x80202064UL, 0x402000UL, 0x90000000UL, 0x1000UL, 0UL, Description = "longer than the tree's address")]
    [TestCase(0x80202064UL, 0x402000UL, 0x1000UL, 0x90000000UL, 0UL, Description = "a tree longer than the end's address")]
    public void TheInitrdGoesBetweenKernelAndTree(ulong kernelEnd, ulong ramLength, ulong initrdLength, ulong treeLength, ulong expected)
    {
        Assert.That(Place(kernelEnd, ramLength, initrdLength, treeLength, out var layout), Is.EqualTo(expected == 0 ? ImageError.NoRoom : ImageError.None));
        if (expected != 0)
        {
            Assert.That(layout.Initrd, Is.EqualTo(expected));
        }
    }

    [TestCase(0xc000_0000UL)]
    [TestCase(0x1_0000_0000UL)]
    public unsafe void RamThatStartsBeyondThreeGibibytesIsUsedToItsEnd(ulong ramBase)
    {
        var file = new ElfBuilder { Entry = ramBase }.Load(ramBase, ElfBuilder.Code(8), 8).Build();
        fixed (byte* bytes = file)
        {
            Assert.That(KernelImage.Check(bytes, (ulong)file.Length, ramBase, 0x800000, out var kernel), Is.EqualTo(ImageError.None));
            Assert.That(GuestLayout.Place(kernel, ramBase, 0x800000, 0x1000, 0x1000, out var layout), Is.EqualTo(ImageError.None));
            Assert.That((layout.DeviceTree, layout.Initrd), Is.EqualTo((ramBase + 0x600000, ramBase + 0x400000)));
        }
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
