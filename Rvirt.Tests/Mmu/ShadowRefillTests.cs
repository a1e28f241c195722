using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>The short way of a page fault does what the walk would do, and leaves to the walk what it does not know.</summary>
public sealed class ShadowRefillTests
{
    private const ulong Page = 0x20_9000;
    private const ulong Data = MmuWorld.Ram + 0x10_0000;

    [Test]
    public void AFaultInATableThatWasFilledNeedsNoWalk([Values] AccessKind access)
    {
        using var world = Prepare(out var space, GuestTables.KernelCode);
        world.FencePage(Page);
        space.Map(Page, Data + 0x1000, GuestTables.KernelCode);
        var (fills, refills) = (world.Mmu.Counters.Fills, world.Mmu.Counters.Refills);
        Assert.That(world.TryRefill(Page + 8, access));
        Assert.That(world.Hart.TryAccess(Page, access, out var physical));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(world.ToGuest(physical), Is.EqualTo(Data + 0x1000));
            Assert.That((world.Mmu.Counters.Fills, world.Mmu.Counters.Refills), Is.EqualTo((fills, refills + 1)));
        }
    }

    [TestCase(0xc6UL, AccessKind.Load, false)]
    [TestCase(0x87UL, AccessKind.Load, false)]
    [TestCase(0x47UL, AccessKind.Load, true)]
    [TestCase(0x47UL, AccessKind.Store, false)]
    [TestCase(0xc3UL, AccessKind.Load, true)]
    [TestCase(0xc3UL, AccessKind.Store, false)]
    [TestCase(0xc7UL, AccessKind.Store, true)]
    [TestCase(0xc7UL, AccessKind.Fetch, false)]
    [TestCase(0xcbUL, AccessKind.Fetch, true)]
    [TestCase(0xc9UL, AccessKind.Fetch, false)]
    [TestCase(0xc5UL, AccessKind.Load, false)]
    [TestCase(0xd7UL, AccessKind.Load, false)]
    [TestCase(0xe7UL, AccessKind.Load, true)]
    [TestCase(0x3c7UL, AccessKind.Load, true)]
    [TestCase(0xc7UL | (1UL << 54), AccessKind.Load, false)]
    [TestCase(0xc7UL | (1UL << 63), AccessKind.Load, false)]
    public void OnlySimpleLeavesThatAllowTheAccess(ulong flags, AccessKind access, bool done)
    {
        using var world = Prepare(out var space, GuestTables.KernelCode);
        space.Map(Page, 0, 0);
        world.FencePage(Page);
        var entry = space.Map(Page, Data, flags);
        Assert.That(world.TryRefill(Page, access), Is.EqualTo(done));
        Assert.That(world.IsMapped(Page), Is.EqualTo(done));
        Assert.That(world.Read(entry), Is.EqualTo((Data >> 2) | flags), "the guest's entry");
    }

    [TestCase(MmuWorld.Ram - 0x1000, false)]
    [TestCase(MmuWorld.Ram, true)]
    [TestCase(MmuWorld.Ram + (8 << 20) - 0x1000, true)]
    [TestCase(MmuWorld.Ram + (8 << 20), false)]
    [TestCase(0xff_ffff_ffff_f000UL, false)]
    public void OnlyPagesOfRam(ulong address, bool done)
    {
        using var world = Prepare(out var space, GuestTables.Kernel);
        space.Map(Page, address, GuestTables.Kernel);
        world.FencePage(Page);
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.EqualTo(done));
        Assert.That(world.IsMapped(Page), Is.EqualTo(done));
    }

    [TestCase(TranslationMode.Sv39, 1)]
    [TestCase(TranslationMode.Sv39, 2)]
    [TestCase(TranslationMode.Sv48, 1)]
    [TestCase(TranslationMode.Sv48, 2)]
    [TestCase(TranslationMode.Sv48, 3)]
    public void NotWhereALinkOfTheGuestsChanged(TranslationMode mode, int level)
    {
        using var world = Prepare(out var space, GuestTables.Kernel, mode);
        var link = space.Entry(Page, level);
        var old = world.Read(link);
        world.FencePage(Page);
        world.Write(link, old ^ 0x100);
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False);
        world.Write(link, 0);
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False);
        Assert.That(world.Resolve(Page, AccessKind.Load, out _), Is.EqualTo(FaultResolution.GuestPageFault));
        world.Write(link, old);
        Assert.That(world.TryRefill(Page, AccessKind.Load));
    }

    [Test]
    public void NotInAnotherViewSpaceOrRegion()
    {
        using var world = Prepare(out var space, GuestTables.Kernel);
        space.Map(Page + 0x20_0000, Data, GuestTables.Kernel);
        Assert.That(world.TryRefill(Page + 0x20_0000, AccessKind.Load), Is.False);
        Assert.That(world.TryRefill(Page + 0x400_0000, AccessKind.Load), Is.False, "which has the same place");
        Assert.That(world.TryRefill(Page | (1UL << 40), AccessKind.Load), Is.False, "which is not canonical");
        world.Become(PrivilegeMode.User);
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False);
        world.Become(PrivilegeMode.Supervisor);
        world.SetSatp(space.Satp(2));
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False);
        world.SetSatp(space.Satp(1));
        world.Resolve(Page, AccessKind.Load, out _);
        Assert.That(world.TryRefill(Page, AccessKind.Load));
    }

    [Test]
    public void NotThroughAnotherRootWithTheSamePlace()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel);
        for (var asid = 0; asid < 17; asid++)
        {
            world.SetSatp(space.Satp((ushort)asid));
        }

        world.SetSatp(space.Satp(0));
        world.Access(Page, AccessKind.Load);
        for (var asid = 1; asid < 17; asid++)
        {
            world.SetSatp(space.Satp((ushort)asid));
            Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False, $"ASID {asid}");
        }
    }

    [TestCase("all")]
    [TestCase("asid")]
    public void NotAfterAFenceThatDropsTheTable(string fence)
    {
        using var world = Prepare(out _, GuestTables.Kernel);
        if (fence == "all")
        {
            world.FenceAll();
        }
        else
        {
            world.FenceAsid(1);
        }

        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False);
    }

    [Test]
    public void NotWhereAnotherTableTookThePlace()
    {
        using var world = Prepare(out var space, GuestTables.Kernel);
        var link = space.Entry(Page, 1);
        var first = world.Read(link);
        var second = world.NewTable();
        world.WriteEntry(second, 9, Data + 0x1000, GuestTables.Kernel);
        world.Write(link, (second >> 2) | 1);
        world.FencePage(Page);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(Data + 0x1000));
        world.Write(link, first);
        world.FencePage(Page);
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(Data));
        // And the same with a large page in between.
        world.Write(link, (MmuWorld.Ram >> 2) | GuestTables.Kernel);
        world.FencePage(Page);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Ram + 0x9000));
        world.Write(link, first);
        world.FencePage(Page);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(Data));
    }

    [Test]
    public void NotIntoATableThatALargePageParted()
    {
        using var world = Prepare(out var space, GuestTables.Kernel);
        const ulong Beside = 0x40_0000;
        space.Map(Beside, Data, GuestTables.Kernel);
        world.Access(Beside, AccessKind.Load);
        var link = space.Entry(Page, 1);
        var table = world.Read(link);
        world.Write(link, (MmuWorld.Ram >> 2) | GuestTables.Kernel);
        world.FencePage(Page);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Ram + 0x9000));
        // Another link of the host's changes too, and the guest's is what it was.
        var second = world.NewTable();
        world.WriteEntry(second, 0, Data + 0x1000, GuestTables.Kernel);
        world.Write(space.Entry(Beside, 1), (second >> 2) | 1);
        world.FencePage(Beside);
        Assert.That(world.Access(Beside, AccessKind.Load).Address, Is.EqualTo(Data + 0x1000));
        world.Write(link, table);
        world.FencePage(Page);
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(Data));
    }

    [Test]
    public void NotFromATableThatReachesBeyondRam()
    {
        const ulong Size = (8 << 20) + 0x800;
        using var world = new MmuWorld(ramSize: Size);
        var space = new GuestTables(world);
        // The first half of the table is the end of RAM.
        const ulong Table = MmuWorld.Ram + (8 << 20);
        world.Write(space.Entry(0, 1), (Table >> 2) | 1);
        world.WriteEntry(Table, 1, Data, GuestTables.Kernel);
        world.WriteEntry(Table, 2, Data + 0x1000, GuestTables.Kernel);
        world.SetSatp(space.Satp());
        Assert.That(world.Access(0x1000, AccessKind.Load).Address, Is.EqualTo(Data));
        Assert.That(world.TryRefill(0x1000, AccessKind.Load), Is.False);
        Assert.That(world.IsMapped(0x2000), Is.False, "no neighbour is read by it");
        Assert.That(world.Access(0x2000, AccessKind.Load).Address, Is.EqualTo(Data + 0x1000));
        Assert.That(world.Access(256UL << 12, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestAccessFault));
    }

    [Test]
    public void TheFirstOfAGroupToo()
    {
        using var world = Prepare(out var space, GuestTables.Kernel);
        space.Map(Page + 0x8000, Data + 0x1000, GuestTables.Kernel);
        space.Map(Page + 0x9000, Data + 0x2000, GuestTables.Kernel);
        Assert.That(world.TryRefill(Page + 0x8000, AccessKind.Store));
        Assert.That(world.IsMapped(Page + 0x8000));
        Assert.That(world.IsMapped(Page + 0x9000), "its neighbour");
        Assert.That(world.Mmu.Counters.Fills, Is.EqualTo(1UL));
    }

    [Test]
    public void ASupervisorFetchesNoUserPage()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.UserCode);
        world.SetSatp(space.Satp());
        world.Become(PrivilegeMode.Supervisor, sum: true);
        world.Access(Page, AccessKind.Load);
        Assert.That(world.TryRefill(Page, AccessKind.Fetch), Is.False);
        Assert.That(world.TryRefill(Page, AccessKind.Load));
        Assert.That(world.Can(Page, AccessKind.Fetch), Is.False);
    }

    [Test]
    public void AGlobalTableTakesGlobalLeavesOnly()
    {
        using var world = Prepare(out var space, GuestTables.Kernel | GuestTables.Global);
        space.Map(Page, Data, GuestTables.Kernel);
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False);
        space.Map(Page, Data, GuestTables.Kernel | GuestTables.Global);
        Assert.That(world.TryRefill(Page, AccessKind.Load));
        // Below a global link every leaf is global.
        var link = space.Entry(Page, 1);
        world.Write(link, world.Read(link) | GuestTables.Global);
        space.Map(Page, Data, GuestTables.Kernel);
        world.FencePage(Page);
        world.Access(Page, AccessKind.Load);
        Assert.That(world.TryRefill(Page, AccessKind.Load));
    }

    [Test]
    public void WhatIsReplacedIsFencedOnTheHost()
    {
        using var world = Prepare(out var space, 0x47);
        world.Hart.Fences.Clear();
        space.Map(Page, Data, GuestTables.Kernel);
        Assert.That(world.TryRefill(Page + 0x10, AccessKind.Store));
        Assert.That(world.Hart.Fences, Is.EqualTo(["page 209010"]));
        Assert.That(world.Mmu.Counters.Spurious, Is.Zero);
        Assert.That(world.TryRefill(Page, AccessKind.Store));
        Assert.That(world.Mmu.Counters.Spurious, Is.EqualTo(1UL));
    }

    [Test]
    public void AFaultOnAnUnmappedPageOfAKnownTableIsTheGuests()
    {
        using var world = Prepare(out var space, GuestTables.Kernel);
        space.Map(Page, Data, 0);
        world.FencePage(Page);
        Assert.That(world.Resolve(Page, AccessKind.Store, out var address), Is.EqualTo(FaultResolution.GuestPageFault));
        Assert.That(address, Is.Zero);
        space.Map(Page, Data, GuestTables.Kernel);
        Assert.That(world.Access(Page, AccessKind.Store), Is.EqualTo(new WalkResult(FaultResolution.Mapped, Data)));
    }

    [Test]
    public void TheFirstFaultOfAGroupMapsItsNeighbours([Values(0, 3, 7)] int touched, [Values] bool again)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        for (var i = 0; i < 24; i++)
        {
            space.Map((ulong)i << 12, Data + ((ulong)i << 12), GuestTables.Kernel);
        }

        space.Map(8UL << 12, 0, 0);
        world.SetSatp(space.Satp());
        if (again)
        {
            // The table is known from another group.
            world.Access(20UL << 12, AccessKind.Load);
        }

        var first = 0UL;
        world.Access(first + ((ulong)touched << 12), AccessKind.Load);
        var mapped = Enumerable.Range(0, 16).Where(i => world.IsMapped((ulong)i << 12));
        Assert.That(mapped, Is.EqualTo(Enumerable.Range(0, 8)));
        for (var i = 0; i < 8; i++)
        {
            Assert.That(world.Access((ulong)i << 12, AccessKind.Store).Address, Is.EqualTo(Data + ((ulong)i << 12)));
        }

        Assert.That(world.Mmu.Counters.Prefetched, Is.EqualTo(again ? 14UL : 7UL));
    }

    [TestCase(0xc6UL, false)]
    [TestCase(0x87UL, false)]
    [TestCase(0xd7UL, false)]
    [TestCase(0xc5UL, false)]
    [TestCase(0xc9UL, false)]
    [TestCase(0xc7UL | (1UL << 60), false)]
    [TestCase(0xc1UL, false)]
    [TestCase(0x43UL, true)]
    [TestCase(0x47UL, true)]
    [TestCase(0xcfUL, true)]
    [TestCase(0xe7UL, true)]
    public void OnlyNeighboursThatNeedNoChangeOfTheGuestsTables(ulong flags, bool mapped)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(0x1000, Data, GuestTables.Kernel);
        var entry = space.Map(0x2000, Data, flags);
        space.Map(0x3000, MmuWorld.Device, GuestTables.Kernel);
        world.SetSatp(space.Satp());
        world.Access(0x1000, AccessKind.Load);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(world.IsMapped(0x2000), Is.EqualTo(mapped));
            Assert.That(world.Can(0x2000, AccessKind.Store), Is.EqualTo(mapped && (flags & 0x84) == 0x84));
            Assert.That(world.Can(0x2000, AccessKind.Fetch), Is.EqualTo(mapped && (flags & 8) != 0));
            Assert.That(world.IsMapped(0x3000), Is.False);
            Assert.That(world.Read(entry), Is.EqualTo((Data >> 2) | flags));
        }
    }

    [Test]
    public void AFenceOfOnePageBringsBackThatPageAlone()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(0x1000, Data, GuestTables.Kernel);
        space.Map(0x2000, Data, GuestTables.Kernel);
        world.SetSatp(space.Satp());
        world.Access(0x1000, AccessKind.Load);
        foreach (var page in new[] { 0x1000UL, 0x2000UL })
        {
            space.Map(page, 0, 0);
            world.FencePage(page);
            space.Map(page, Data, GuestTables.Kernel);
        }

        Assert.That(world.TryRefill(0x1000, AccessKind.Load));
        Assert.That(world.IsMapped(0x1000));
        Assert.That(world.IsMapped(0x2000), Is.False);
    }

    /// <summary>Kernels fence what they are about to use: a fence maps what is there by then, as a fault would, and sets nothing in the guest's tables.</summary>
    [TestCase(0xc7UL, true)]
    [TestCase(0xcfUL, true)]
    [TestCase(0x47UL, true)]
    [TestCase(0xc3UL, true)]
    [TestCase(0xe7UL, true)]
    [TestCase(0xc6UL, false)]
    [TestCase(0x87UL, false)]
    [TestCase(0xc5UL, false)]
    [TestCase(0xd7UL, false)]
    [TestCase(0xc7UL | (1UL << 54), false)]
    public void AFenceMapsThePageThatTheGuestHasThereByThen(ulong flags, bool mapped)
    {
        using var world = Prepare(out var space, GuestTables.KernelCode);
        foreach (var (address, installed) in new[] { (Data + 0x1000, false), (Data + 0x2000, true) })
        {
            space.Map(Page, 0, 0);
            world.FencePage(Page);
            Assert.That(world.IsMapped(Page), Is.False);
            if (!installed)
            {
                // Of the new page nothing is known yet, or of the next that replaces one.
                space.Map(Page, address, GuestTables.Kernel);
                world.Access(Page, AccessKind.Store);
            }

            world.Hart.Fences.Clear();
            var entry = space.Map(Page, address, flags);
            world.FencePage(Page + 0x18);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(world.IsMapped(Page), Is.EqualTo(mapped));
                Assert.That(world.Can(Page, AccessKind.Store), Is.EqualTo(mapped && (flags & 0x84) == 0x84));
                Assert.That(world.Can(Page, AccessKind.Fetch), Is.EqualTo(mapped && (flags & 8) != 0));
                Assert.That(world.Hart.TryAccess(Page, AccessKind.Load, out var physical), Is.EqualTo(mapped));
                Assert.That(!mapped || world.ToGuest(physical) == address);
                Assert.That(world.Hart.Fences, Is.EqualTo(installed ? [] : new[] { "page 209018" }));
                Assert.That(world.Read(entry), Is.EqualTo((address >> 2) | flags));
            }
        }
    }

    [TestCase(MmuWorld.Device)]
    [TestCase(MmuWorld.Ram + (8 << 20))]
    public void AFenceMapsNothingButRam(ulong address)
    {
        using var world = Prepare(out var space, GuestTables.Kernel);
        space.Map(Page, address, GuestTables.Kernel);
        world.FencePage(Page);
        Assert.That(world.IsMapped(Page), Is.False);
    }

    [Test]
    public void AFenceMapsNothingThroughALinkThatChanged()
    {
        using var world = Prepare(out var space, GuestTables.Kernel);
        world.Write(space.Entry(Page, 1), 0);
        world.FencePage(Page);
        Assert.That(world.IsMapped(Page), Is.False);
    }

    /// <summary>What is known of one ASID's tables outlives the making of another's root, and its fences.</summary>
    [TestCase(GuestTables.Kernel)]
    [TestCase(GuestTables.Kernel | GuestTables.Global)]
    public void ItIsStillKnownBehindAnotherSpacesAffairs(ulong flags)
    {
        using var world = Prepare(out var space, flags);
        var other = new GuestTables(world);
        other.Map(Page, Data + 0x3000, GuestTables.Kernel);
        world.SetSatp(other.Satp(2));
        world.Access(Page, AccessKind.Load);
        world.FenceAsid(2);
        world.Access(Page, AccessKind.Load);
        world.SetSatp(space.Satp(1));
        space.Map(Page + 0x1000, Data + 0x1000, flags);
        var fills = world.Mmu.Counters.Fills;
        Assert.That(world.Access(Page + 0x1000, AccessKind.Load).Address, Is.EqualTo(Data + 0x1000));
        Assert.That(world.Mmu.Counters.Fills, Is.EqualTo(fills), "no walk");
    }

    private static MmuWorld Prepare(out GuestTables space, ulong flags, TranslationMode mode = TranslationMode.Sv39)
    {
        var world = new MmuWorld();
        space = new GuestTables(world, mode);
        space.Map(Page, Data, flags);
        world.SetSatp(space.Satp());
        Assert.That(world.TryRefill(Page, AccessKind.Load), Is.False, "nothing is known yet");
        Assert.That(world.Access(Page, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.Mapped));
        return world;
    }
}
