using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Memory;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Mmu;

namespace Rvirt.Tests.Mmu;

/// <summary>Tables, roots, ASIDs and address spaces are few: what has no place takes another's, and nothing of that shows.</summary>
public sealed class ShadowPoolTests
{
    private const ulong Data = MmuWorld.Ram + 0x20_0000;

    [TestCase(TranslationMode.Sv39)]
    [TestCase(TranslationMode.Sv48)]
    public void APoolThatIsFullStartsAnew(TranslationMode mode)
    {
        using var world = new MmuWorld(ramSize: 16 << 20, tables: 16);
        var space = new GuestTables(world, mode);
        world.SetSatp(space.Satp());
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 60; i++)
            {
                var va = (ulong)i * 0x4020_1000;
                if (round == 0)
                {
                    space.Map(va, Data + ((ulong)i * 0x1000), GuestTables.Kernel);
                }

                Assert.That(world.Access(va, AccessKind.Store), Is.EqualTo(new WalkResult(FaultResolution.Mapped, Data + ((ulong)i * 0x1000))));
                Assert.That(world.IsMapped(va));
                Assert.That(world.HasWindow());
            }
        }

        Assert.That(world.Mmu.Counters.Exhaustions, Is.InRange(4, 60));
    }

    [Test]
    public void AllTablesAreUsedBeforeAnyIsDropped()
    {
        using var world = new MmuWorld(tables: 16);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        // One middle table and fifteen last ones.
        for (var i = 0; i < 15; i++)
        {
            space.Map((ulong)i << 21, Data, GuestTables.Kernel);
            world.Access((ulong)i << 21, AccessKind.Load);
        }

        Assert.That(Enumerable.Range(0, 15).All(i => world.IsMapped((ulong)i << 21)));
        Assert.That(world.Mmu.Counters.Exhaustions, Is.Zero);
        Assert.That(world.Mmu.Counters.TablesMade, Is.EqualTo(16UL));
        space.Map(15UL << 21, Data, GuestTables.Kernel);
        world.Access(15UL << 21, AccessKind.Load);
        Assert.That(world.Mmu.Counters.Exhaustions, Is.EqualTo(1UL));
        Assert.That(world.IsMapped(0), Is.False);
        Assert.That(world.Hart.TryAccess(0, AccessKind.Load, out _), Is.False, "the hart forgot it too");
    }

    [Test]
    public void DroppedTablesAreUsedAgainAndAreEmpty()
    {
        using var world = new MmuWorld(tables: 16);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        ulong[] pages = [0, 0x1000, 0xf_f000, 0x10_0000, 0x1f_f000];
        foreach (var page in pages)
        {
            space.Map(page, Data, GuestTables.Kernel);
        }

        for (var round = 0; round < 40; round++)
        {
            foreach (var page in pages)
            {
                world.Access(page, AccessKind.Load);
            }

            world.FenceAll();
            Assert.That(world.Access(0x8_0000, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            space.Map(0x8_0000, Data, GuestTables.Kernel);
            world.Access(0x8_0000, AccessKind.Load);
            space.Map(0x8_0000, Data, 0);
            Assert.That(pages.Where(world.IsMapped), Is.Empty);
            world.FencePage(0x8_0000);
        }

        Assert.That(world.Mmu.Counters.Exhaustions, Is.Zero);
    }

    [Test]
    public void WhatWasRefilledIsClearedToo()
    {
        using var world = new MmuWorld(tables: 16);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        for (var round = 0UL; round < 40; round++)
        {
            var region = round << 21;
            space.Map(region, Data, GuestTables.Kernel);
            world.Access(region, AccessKind.Load);
            Assert.That(world.IsMapped(region + 0x1000), Is.False, "left over from a table before");
            // After the first fault of the group, so by itself.
            space.Map(region + 0x1000, Data, GuestTables.Kernel);
            Assert.That(world.TryRefill(region + 0x1000, AccessKind.Load));
            world.FenceAll();
        }
    }

    [Test]
    public void OldRootsGiveWayToNew()
    {
        using var world = new MmuWorld(ramSize: 16 << 20, tables: 256);
        var spaces = Enumerable.Range(0, 20).Select(_ => new GuestTables(world)).ToArray();
        foreach (var (space, i) in spaces.Select((space, i) => (space, i)))
        {
            space.Map(0x1000, Data + ((ulong)i * 0x2000), GuestTables.Kernel);
            space.Map(0x2000, Data + ((ulong)i * 0x2000) + 0x1000, GuestTables.User);
        }

        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < spaces.Length; i++)
            {
                world.Become(PrivilegeMode.Supervisor);
                world.SetSatp(spaces[i].Satp((ushort)i));
                Assert.That(world.Access(0x1000, AccessKind.Load).Address, Is.EqualTo(Data + ((ulong)i * 0x2000)));
                world.Become(PrivilegeMode.User);
                Assert.That(world.Access(0x2000, AccessKind.Load).Address, Is.EqualTo(Data + ((ulong)i * 0x2000) + 0x1000));
                Assert.That(world.Access(0x1000, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
                Assert.That(world.HasWindow());
            }
        }

        Assert.That(world.Mmu.Counters.RootsMade, Is.GreaterThan(64UL));
        Assert.That(world.Mmu.Counters.Exhaustions, Is.Zero);
    }

    [Test]
    public void SixteenSpacesWithTwoViewsKeepTheirRoots()
    {
        using var world = new MmuWorld(ramSize: 16 << 20, tables: 256);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp(0));
        for (var round = 0; round < 3; round++)
        {
            for (var asid = 0; asid < 16; asid++)
            {
                world.Become(PrivilegeMode.Supervisor);
                world.SetSatp(space.Satp((ushort)asid));
                world.Become(PrivilegeMode.User);
            }
        }

        Assert.That(world.Mmu.Counters.RootsMade, Is.EqualTo(32UL));
    }

    [TestCase(PrivilegeMode.Supervisor)]
    [TestCase(PrivilegeMode.User)]
    public void ASpaceWhoseRootAnotherTookIsNotTakenForIt(PrivilegeMode mode)
    {
        using var world = new MmuWorld(tables: 256);
        // One table of the guest's, that held something else whenever another of more spaces than there are roots was used.
        var space = new GuestTables(world);
        var flags = mode == PrivilegeMode.User ? GuestTables.User : GuestTables.Kernel;
        world.SetSatp(space.Satp(0));
        world.Become(mode);
        for (var asid = 0UL; asid < 40; asid++)
        {
            space.Map(0x1000, Data + (asid * 0x1000), flags);
            world.SetSatp(space.Satp((ushort)asid));
            Assert.That(world.Access(0x1000, AccessKind.Load).Address, Is.EqualTo(Data + (asid * 0x1000)));
        }

        const ulong Latest = Data + 0x10_0000;
        space.Map(0x1000, Latest, flags);
        for (var asid = 0UL; asid < 40; asid++)
        {
            world.SetSatp(space.Satp((ushort)asid));
            // Nothing was fenced, so that both may be seen; what another ASID's fault found may not.
            Assert.That(world.Access(0x1000, AccessKind.Load).Address, Is.EqualTo(Data + (asid * 0x1000)).Or.EqualTo(Latest), $"ASID {asid}");
            Assert.That(world.HasWindow());
        }

        Assert.That(world.Mmu.Counters.SpacesMade, Is.EqualTo(40UL));
        Assert.That(world.Mmu.Counters.RootsMade, Is.GreaterThanOrEqualTo(80UL));
    }

    [Test]
    public void DroppedRootsAreTakenBeforeLivingOnes()
    {
        using var world = new MmuWorld(ramSize: 16 << 20, tables: 256);
        var kept = new GuestTables(world);
        kept.Map(0x1000, Data, GuestTables.Kernel);
        world.SetSatp(kept.Satp(5));
        world.Access(0x1000, AccessKind.Load);
        for (var i = 0; i < 100; i++)
        {
            world.SetSatp(kept.Satp(6));
            world.FenceAsid(6);
        }

        world.SetSatp(kept.Satp(5));
        Assert.That(world.IsMapped(0x1000));
    }

    [TestCase(TranslationMode.Sv39, TranslationMode.Sv48)]
    [TestCase(TranslationMode.Sv48, TranslationMode.Sv39)]
    public void ARootServesEitherModeInTurn(TranslationMode first, TranslationMode second)
    {
        using var world = new MmuWorld(ramSize: 16 << 20, tables: 1024);
        foreach (var mode in new[] { first, second, first })
        {
            for (var i = 0; i < 34; i++)
            {
                var space = new GuestTables(world, mode);
                space.Map(0x1000, Data, GuestTables.Kernel);
                space.Map(0xffff_ffff_ffff_f000, Data + 0x1000, GuestTables.Kernel);
                world.SetSatp(space.Satp((ushort)i));
                world.Hart.Fences.Clear();
                Assert.That(world.Access(0x1000, AccessKind.Load).Address, Is.EqualTo(Data));
                Assert.That(world.Hart.Fences, Is.Empty, "something was left in the root");
                Assert.That(world.Access(0xffff_ffff_ffff_f000, AccessKind.Load).Address, Is.EqualTo(Data + 0x1000));
                Assert.That(world.Access(0x4000_0000, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            }
        }
    }

    [Test]
    public void EveryPlaceForAnAddressSpaceIsOneOfItsOwn()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        for (var round = 0; round < 2; round++)
        {
            for (ushort asid = 0; asid < 64; asid++)
            {
                world.SetSatp(space.Satp(asid));
            }
        }

        Assert.That(world.Mmu.Counters.SpacesMade, Is.EqualTo(64UL));
        // Translation off takes the place of one.
        world.SetSatp(0);
        for (ushort asid = 0; asid < 64; asid++)
        {
            world.SetSatp(space.Satp(asid));
        }

        Assert.That(world.Mmu.Counters.SpacesMade, Is.EqualTo(66UL));
    }

    [Test]
    public unsafe void SettingUpWritesNothingBesideItsMemory()
    {
        const int Guard = 4096;
        const ulong Address = 0x9000_0000;
        var size = (int)ShadowMmu<SplitViews>.BytesNeeded(16);
        var buffer = GC.AllocateUninitializedArray<byte>(size + (2 * Guard), pinned: true);
        Array.Fill(buffer, (byte)0xa5);
        fixed (byte* start = buffer)
        {
            var mmu = default(ShadowMmu<SplitViews>);
            var asids = default(HostAsids);
            var window = new PhysicalMemory((ulong)(start + Guard) - Address);
            ShadowMmu<SplitViews>.Initialize(ref mmu, default, window, HostTranslation.Of(TranslationMode.Sv57, 0), ref asids, Address, 16);
        }

        Assert.That(buffer[..Guard], Is.All.EqualTo((byte)0xa5));
        Assert.That(buffer[^Guard..], Is.All.EqualTo((byte)0xa5));
        Assert.That(buffer[^(2 * Guard)..^Guard], Is.All.Zero, "the last table");
    }

    [Test]
    public void NeedsSixteenTables()
    {
        Assert.That(() => new MmuWorld(tables: 15), Throws.TypeOf<ArgumentOutOfRangeException>());
        using var world = new MmuWorld(tables: 16);
        world.SetSatp(0);
        Assert.That(world.Access(MmuWorld.Ram, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.Mapped));
    }

    [Test]
    public void NeedsAPageForEachTableAndFiveForEachRoot()
    {
        var (few, many) = (ShadowMmu<SplitViews>.BytesNeeded(16), ShadowMmu<SplitViews>.BytesNeeded(16 + 4096));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(few % 4096, Is.Zero);
            Assert.That(few, Is.InRange((16 + 160) * 4096, (16 + 160 + 16) * 4096));
            // Each table's record is smaller than a sixteenth of a page.
            Assert.That(many - few, Is.InRange(4096 * 4096, 4096 * (4096 + 256)));
        }
    }
}
