using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>Large pages of the guest stay large where the host's RAM lies so that they can, and are split where it does not.</summary>
public sealed class ShadowLargePageTests
{
    private const ulong MiB = 1 << 20;
    private const ulong GiB = 1 << 30;

    /// <summary>Guest level, RAM, the host's address behind it, where the guest looks, the level that the host then has.</summary>
    [TestCase(0, 8 * MiB, 0UL, 0UL, 0)]
    [TestCase(1, 8 * MiB, 0UL, 0UL, 1)]
    [TestCase(1, 8 * MiB, 2 * MiB, 0x1f_f000UL, 1)]
    [TestCase(1, 8 * MiB, 0x1000UL, 0UL, 0)]
    [TestCase(1, 8 * MiB, MiB, 0x1f_f000UL, 0)]
    [TestCase(1, MiB, 0UL, 0xf_f000UL, 0)]
    [TestCase(2, 8 * MiB, 0UL, 0UL, 1)]
    [TestCase(2, 8 * MiB, 0x1000UL, 0x60_0000UL, 0)]
    [TestCase(2, 7 * MiB, 0UL, 0x60_0000UL, 0)]
    [TestCase(2, 7 * MiB, 0UL, 0x5f_f000UL, 1)]
    [TestCase(2, GiB, 0UL, 0x3fff_f000UL, 2)]
    [TestCase(2, GiB, 2 * MiB, 0UL, 1)]
    [TestCase(2, GiB - 0x1000, 0UL, 0x3fdf_f000UL, 1)]
    [TestCase(2, GiB - 0x1000, 0UL, 0x3fff_e000UL, 0)]
    public void IsAsLargeAsRamAllows(int guestLevel, ulong ramSize, ulong hostOffset, ulong offset, int hostLevel)
    {
        using var world = new MmuWorld(ramSize: ramSize, hostAddress: 0x1_0000_0000 + hostOffset);
        var space = new GuestTables(world);
        var va = 0x4000_0000UL;
        space.Map(va, MmuWorld.Ram, GuestTables.KernelCode, guestLevel);
        world.SetSatp(space.Satp());
        var result = world.Access(va + offset + 0x10, AccessKind.Store);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(new WalkResult(FaultResolution.Mapped, MmuWorld.Ram + offset + 0x10)));
            Assert.That(world.LevelAt(va + offset), Is.EqualTo(hostLevel));
        }
    }

    [TestCase(8 * MiB, 1)]
    [TestCase(MiB, 0)]
    [TestCase(GiB, 2)]
    public void TheIdentityMapHasPagesAsLargeAsFit(ulong ramSize, int level)
    {
        using var world = new MmuWorld(ramSize: ramSize);
        world.SetSatp(0);
        world.Access(MmuWorld.Ram, AccessKind.Fetch);
        Assert.That(world.LevelAt(MmuWorld.Ram), Is.EqualTo(level));
    }

    [Test]
    public void TheLargestPageOfSv48IsSplitToWhatFits()
    {
        using var world = new MmuWorld(ramSize: GiB);
        var space = new GuestTables(world, TranslationMode.Sv48);
        space.Map(0, 0, GuestTables.Kernel, level: 3);
        world.SetSatp(space.Satp());
        Assert.That(world.Access(MmuWorld.Ram + 0x123_4567, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Ram + 0x123_4567));
        Assert.That(world.LevelAt(MmuWorld.Ram), Is.EqualTo(2));
        Assert.That(world.Access(MmuWorld.Ram + GiB, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.NotMemory));
    }

    [Test]
    public void TheRestOfALargePageThatReachesBeyondRamIsNoMemory()
    {
        using var world = new MmuWorld(ramSize: 3 * MiB);
        var space = new GuestTables(world);
        space.Map(0, MmuWorld.Ram + (2 * MiB), GuestTables.Kernel, level: 1);
        world.SetSatp(space.Satp());
        Assert.That(world.Access(MiB - 8, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.Mapped));
        Assert.That(world.Access(MiB, AccessKind.Store), Is.EqualTo(new WalkResult(FaultResolution.NotMemory, MmuWorld.Ram + (3 * MiB))));
        Assert.That(world.IsMapped(MiB), Is.False);
    }

    [Test]
    public void ASplitLeafOfOneKindIsNotTakenForAnother()
    {
        using var world = new MmuWorld(hostAddress: 0x1_0000_1000);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        space.Map(0, MmuWorld.Ram, GuestTables.Kernel, level: 1);
        world.Access(0x1000, AccessKind.Store);
        space.Map(0, MmuWorld.Ram, GuestTables.KernelReadOnly, level: 1);
        world.FencePage(0);
        Assert.That(world.Access(0x2000, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.Mapped));
        Assert.That(world.Access(0x1000, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
        space.Map(0, MmuWorld.Ram + (2 * MiB), GuestTables.Kernel, level: 1);
        world.FencePage(0);
        Assert.That(world.Access(0x1000, AccessKind.Store).Address, Is.EqualTo(MmuWorld.Ram + (2 * MiB) + 0x1000));
    }

    [Test]
    public void ASplitLeafThatMovedLeavesNothingBehind()
    {
        using var world = new MmuWorld(hostAddress: 0x1_0000_1000);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        ulong[] pages = [0x1000, 0x2000, 0x1f_f000];
        for (var megabytes = 0UL; megabytes < 8; megabytes += 2)
        {
            var address = MmuWorld.Ram + (megabytes * MiB);
            space.Map(0, address, GuestTables.Kernel, level: 1);
            world.FencePage(0);
            // Another page than those, so that the rest is found as it was left.
            world.Access(0x5000 + (megabytes << 12), AccessKind.Load);
            foreach (var page in pages)
            {
                Assert.That(world.Access(page, AccessKind.Load).Address, Is.EqualTo(address + page), $"{page:x} at {megabytes} MiB");
            }

            // An instruction may need two of them.
            Assert.That(pages.Where(page => !world.IsMapped(page)), Is.Empty);
        }
    }

    [Test]
    public void ACleanLargePageBecomesDirtyAsAWhole()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        var entry = space.Map(0, MmuWorld.Ram, 0x47, level: 1);
        world.SetSatp(space.Satp());
        world.Access(0x1000, AccessKind.Load);
        Assert.That(world.Can(0x5000, AccessKind.Store), Is.False);
        world.Access(0x1000, AccessKind.Store);
        Assert.That(world.Read(entry) & 0x80, Is.Not.Zero);
        Assert.That(world.Can(0x5000, AccessKind.Store));
        Assert.That(world.Hart.TryAccess(0x1000, AccessKind.Store, out _), "the hart was told");
    }

    [Test]
    public void ALargePageReplacesATableAndATableALargePage()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(0x1000, MmuWorld.Ram + 0x5000, GuestTables.Kernel);
        var link = space.Entry(0x1000, 1);
        var table = world.Read(link);
        world.SetSatp(space.Satp());
        for (var round = 0; round < 3; round++)
        {
            world.Write(link, table);
            world.FenceAsid(1);
            Assert.That(world.Access(0x1000, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Ram + 0x5000));
            // Not even fenced: a fault at another page finds the new leaf.
            space.Map(0, MmuWorld.Ram, GuestTables.Kernel, level: 1);
            Assert.That(world.Access(0x2000, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Ram + 0x2000));
            Assert.That(world.Access(0x1000, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Ram + 0x1000));
            world.Write(link, table);
            world.FencePage(0x1000);
            Assert.That(world.Access(0x1000, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Ram + 0x5000));
        }
    }

    /// <summary>A large page is found by a fence of any of its pages, whatever else was mapped, fenced or dropped around it before.</summary>
    [TestCase(1, 2 * MiB, 0UL, true)]
    [TestCase(1, 2 * MiB, 0UL, false)]
    [TestCase(1, 2 * MiB, 0x1000UL, true)]
    [TestCase(2, GiB, 0UL, true)]
    [TestCase(2, GiB, 2 * MiB, true)]
    [TestCase(2, GiB, 0x1000UL, false)]
    public void AFenceOfAnyOfItsPagesDropsALargePage(int level, ulong size, ulong hostOffset, bool others)
    {
        using var world = new MmuWorld(ramSize: GiB, hostAddress: 0x1_0000_0000 + hostOffset);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        ulong[] places = [0x4000_0000, 0x7fe0_0000, 0x40_0000_0000 - GiB, 0xffff_ffff_c000_0000];
        foreach (var place in places)
        {
            var start = place & ~(size - 1);
            foreach (var offset in new[] { 0UL, 0x1000UL, size / 2, size - 0x1000 })
            {
                if (others)
                {
                    space.Map(0x8000_0000, MmuWorld.Ram + (6 * MiB), GuestTables.Kernel);
                    space.Map(0x8060_0000, MmuWorld.Ram, GuestTables.Kernel, level: 1);
                    world.Access(0x8060_1000, AccessKind.Load);
                    world.Access(0x8000_0000, AccessKind.Load);
                    world.FencePage(0x8000_0000);
                }

                var entry = space.Map(start, MmuWorld.Ram, GuestTables.Kernel, level);
                Assert.That(world.Access(start + offset, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.Mapped));
                world.Write(entry, 0);
                world.FencePage(start + offset);
                Assert.That(world.IsMapped(start + offset), Is.False, $"{start + offset:x}");
                if (others)
                {
                    world.FenceAll();
                }
            }
        }
    }
}
