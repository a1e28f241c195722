using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>U, SUM and MXR in all combinations, and what it costs to switch between them.</summary>
public sealed class ShadowViewTests
{
    private const ulong Page = 0x5000;
    private const ulong Data = MmuWorld.Ram + 0x10_0000;

    private static readonly AccessKind[] _accesses = [AccessKind.Fetch, AccessKind.Load, AccessKind.Store];

    private static readonly Privilege _kernel = new(PrivilegeMode.Supervisor, false, false);

    private static readonly Privilege _kernelWithUser = new(PrivilegeMode.Supervisor, true, false);

    private static readonly Privilege _user = new(PrivilegeMode.User, false, false);

    [Test]
    public void EveryLeafGivesEachStateWhatTheSpecificationGivesItAndNoMore([Values(0, 1)] int level)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        var va = level == 0 ? Page : 0x20_0000;
        var data = level == 0 ? Data : MmuWorld.Ram + 0x20_0000;
        world.SetSatp(space.Satp());
        foreach (var flags in Enumerable.Range(0, 256).Select(flags => (ulong)flags))
        {
            foreach (var privilege in Privilege.All)
            {
                foreach (var access in _accesses)
                {
                    var entry = space.Map(va, data, flags, level);
                    world.FencePage(va);
                    world.Become(privilege);
                    var expected = SpecWalk.Run(world.TryRead, world.Satp, va, access, privilege);
                    var what = $"{access} of {flags:x} as {privilege}";
                    Assert.That(world.Access(va, access), Is.EqualTo(new WalkResult(expected.Outcome, expected.Address)), what);
                    var leaf = world.Read(entry);
                    foreach (var other in _accesses.Where(other => world.Can(va, other)))
                    {
                        Assert.That(SpecWalk.Allows(leaf, other, privilege), $"{what}: {other} is possible too");
                        Assert.That((leaf & 0x40) != 0 && (other != AccessKind.Store || (leaf & 0x80) != 0), $"{what}: {other} before A or D");
                    }
                }
            }
        }
    }

    [Test]
    public void ACleanPageIsWrittenOnlyOnceItIsDirty()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        var entry = space.Map(Page, Data, 0x47);
        world.SetSatp(space.Satp());
        world.Access(Page, AccessKind.Load);
        Assert.That(world.Can(Page, AccessKind.Store), Is.False);
        Assert.That(world.Read(entry) & 0x80, Is.Zero);
        world.Access(Page, AccessKind.Store);
        Assert.That(world.Can(Page, AccessKind.Store));
        Assert.That(world.Read(entry) & 0x80, Is.Not.Zero);
    }

    /// <summary>So that no hart that sets D by itself can write it behind the guest's back.</summary>
    [Test]
    public void ACleanPageIsMappedReadOnly([Values] bool refilled, [Values(0x47UL, 0x57UL, 0xc3UL, 0xd3UL)] ulong flags)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, flags);
        space.Map(Page + 0x1000, Data, flags);
        world.SetSatp(space.Satp());
        world.Become(_kernelWithUser);
        world.Access(Page, AccessKind.Load);
        if (refilled)
        {
            world.FencePage(Page);
            Assert.That(world.TryRefill(Page, AccessKind.Load));
        }

        foreach (var page in new[] { Page, Page + 0x1000 })
        {
            Assert.That(world.Hart.TryLookUp(page, out var leaf, out _));
            Assert.That(leaf & 0x84, Is.Zero, $"{leaf:x}");
        }
    }

    [Test]
    public void KernelTablesServeSumSetAndClear()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel);
        world.SetSatp(space.Satp());
        world.Access(Page, AccessKind.Load);
        var made = world.Mmu.Counters.TablesMade;
        world.Become(_kernelWithUser);
        world.Access(Page, AccessKind.Load);
        Assert.That(world.Mmu.Counters.TablesMade, Is.EqualTo(made));
    }

    [Test]
    public void UserAndKernelPagesShareATableOnlyWhereSumIsSet()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel);
        space.Map(Page + 0x1000, Data, GuestTables.UserCode);
        world.SetSatp(space.Satp());
        for (var round = 0; round < 2; round++)
        {
            world.Become(_kernel);
            Assert.That(world.Access(Page, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.Mapped));
            Assert.That(world.Access(Page + 0x1000, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            world.Become(_kernelWithUser);
            Assert.That(world.Access(Page, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.Mapped));
            Assert.That(world.Access(Page + 0x1000, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.Mapped));
            Assert.That(world.Access(Page, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.Mapped));
            Assert.That(world.Access(Page + 0x1000, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.Mapped));
            Assert.That(world.IsMapped(Page) && world.IsMapped(Page + 0x1000), "both stay in one table");
            Assert.That(world.Access(Page + 0x1000, AccessKind.Fetch).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            world.Become(_user);
            Assert.That(world.Access(Page, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            Assert.That(world.Access(Page + 0x1000, AccessKind.Fetch).Outcome, Is.EqualTo(FaultResolution.Mapped));
        }
    }

    [Test]
    public void PagesOfEveryKindStayMappedSideBySide(
        [Values(GuestTables.Kernel, GuestTables.User)] ulong first,
        [Values(GuestTables.Kernel, GuestTables.User)] ulong second,
        [Values(0UL, GuestTables.Global)] ulong firstGlobal,
        [Values(0UL, GuestTables.Global)] ulong secondGlobal)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, first | firstGlobal);
        space.Map(Page + 0x8000, Data + 0x1000, second | secondGlobal);
        world.SetSatp(space.Satp());
        world.Become(_kernelWithUser);
        for (var round = 0; round < 2; round++)
        {
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(Data));
            Assert.That(world.Access(Page + 0x8000, AccessKind.Load).Address, Is.EqualTo(Data + 0x1000));
        }

        // An instruction may need both, and the one must not drive the other out.
        world.Access(Page, AccessKind.Load);
        Assert.That(world.IsMapped(Page) && world.IsMapped(Page + 0x8000));
        world.Hart.Fences.Clear();
        space.Map(Page + 0x10000, Data, first | firstGlobal);
        space.Map(Page + 0x18000, Data, second | secondGlobal);
        world.Access(Page + 0x10000, AccessKind.Load);
        world.Access(Page + 0x18000, AccessKind.Load);
        Assert.That(world.Hart.Fences, Is.Empty, "no link changed any more");
    }

    [Test]
    public void GlobalPagesOfBothKindsShareATableThatIsGlobal()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel | GuestTables.Global);
        space.Map(Page + 0x8000, Data, GuestTables.User | GuestTables.Global);
        world.SetSatp(space.Satp());
        world.Become(_kernelWithUser);
        world.Access(Page, AccessKind.Load);
        world.Access(Page + 0x8000, AccessKind.Load);
        var made = world.Mmu.Counters.TablesMade;
        world.FenceAsid(1);
        world.Access(Page, AccessKind.Load);
        world.Access(Page + 0x8000, AccessKind.Load);
        Assert.That(world.Mmu.Counters.TablesMade, Is.EqualTo(made));
    }

    [Test]
    public void WhatIsDoneIsCounted()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel);
        world.SetSatp(space.Satp());
        world.Access(Page, AccessKind.Load);
        world.Access(Page, AccessKind.Store);
        world.Resolve(Page, AccessKind.Load, out _);
        world.Become(_user);
        world.Become(_kernel);
        world.SetSatp(new GuestTables(world).Satp());
        var counters = world.Mmu.Counters;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.Fills, Is.EqualTo(1UL));
            Assert.That(counters.Spurious, Is.EqualTo(1UL));
            Assert.That(counters.Refills, Is.EqualTo(1UL), "of a table that is at hand");
            Assert.That(counters.SpacesMade, Is.EqualTo(2UL));
            Assert.That(counters.RootsMade, Is.EqualTo(3UL));
            Assert.That(counters.TablesMade, Is.EqualTo(2UL));
            Assert.That(counters.Switches, Is.EqualTo((ulong)world.Hart.SatpWrites).And.EqualTo(4UL));
        }
    }

    [Test]
    public void AnotherTableOfTheGuestsIsShadowedByAnother()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel);
        world.SetSatp(space.Satp());
        world.Access(Page, AccessKind.Load);
        var second = world.NewTable();
        world.WriteEntry(second, 32, Data + 0x1000, GuestTables.Kernel);
        world.Write(space.Entry(Page, 1), (second >> 2) | 1);
        Assert.That(world.Access(0x2_0000, AccessKind.Load).Address, Is.EqualTo(Data + 0x1000));
        Assert.That(world.IsMapped(Page), Is.False);
    }

    [Test]
    public void AViewThatIsAtHandIsSwitchedToByOneWrite()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        Assert.That(world.TrySwitch(_kernelWithUser), Is.False, "it has no root yet");
        Assert.That(world.TrySwitch(_kernel));
        world.Become(_kernelWithUser);
        world.Hart.Fences.Clear();
        var (writes, switches, last) = (world.Hart.SatpWrites, world.Mmu.Counters.Switches, world.Hart.Satp);
        Assert.That(world.TrySwitch(_kernel));
        Assert.That(world.Hart.Satp, Is.Not.EqualTo(last));
        Assert.That(world.TrySwitch(_kernel), "which it is already");
        Assert.That(world.TrySwitch(_kernelWithUser));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(world.Hart.Satp, Is.EqualTo(last));
            Assert.That(world.Hart.SatpWrites, Is.EqualTo(writes + 2));
            Assert.That(world.Mmu.Counters.Switches, Is.EqualTo(switches + 2));
            Assert.That(world.Hart.Fences, Is.Empty);
        }
    }

    [TestCase("all", false)]
    [TestCase("asid 1", false)]
    [TestCase("asid 2", true)]
    [TestCase("asid 65", true)]
    [TestCase("page", true)]
    public void AfterAFenceThatDropsTheViewItIsNotAtHand(string fence, bool atHand)
    {
        using var world = new MmuWorld();
        world.SetSatp(new GuestTables(world).Satp());
        world.Become(_kernelWithUser);
        switch (fence)
        {
            case "all":
                world.FenceAll();
                break;
            case "page":
                world.FencePage(Page);
                break;
            default:
                world.FenceAsid(ushort.Parse(fence[5..], null));
                break;
        }

        Assert.That(world.TrySwitch(_kernel), Is.EqualTo(atHand));
    }

    [Test]
    public void ASwitchOfTheViewDecidesTheNextFault()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.User);
        world.SetSatp(space.Satp());
        world.Become(_kernelWithUser);
        world.Become(_kernel);
        Assert.That(world.Resolve(Page, AccessKind.Load, out _), Is.EqualTo(FaultResolution.GuestPageFault));
        world.TrySwitch(_kernelWithUser);
        Assert.That(world.Resolve(Page, AccessKind.Load, out _), Is.EqualTo(FaultResolution.Mapped));
        world.TrySwitch(_kernel);
        Assert.That(world.Resolve(Page, AccessKind.Load, out _), Is.EqualTo(FaultResolution.GuestPageFault));
    }

    [Test]
    public void AnAddressSpaceIsKeptAcrossWritesOfSatp()
    {
        using var world = new MmuWorld();
        var (one, two) = (new GuestTables(world), new GuestTables(world));
        one.Map(Page, Data, GuestTables.Kernel);
        two.Map(Page, Data + 0x1000, GuestTables.Kernel);
        foreach (var (space, asid) in new[] { (one, 1), (two, 2) })
        {
            world.SetSatp(space.Satp((ushort)asid));
            world.Access(Page, AccessKind.Load);
        }

        world.Hart.Fences.Clear();
        var spaces = world.Mmu.Counters.SpacesMade;
        for (var round = 0; round < 3; round++)
        {
            world.SetSatp(one.Satp(1));
            Assert.That(world.Hart.TryAccess(Page, AccessKind.Load, out var first) ? world.ToGuest(first) : 0, Is.EqualTo(Data));
            world.SetSatp(two.Satp(2));
            Assert.That(world.Hart.TryAccess(Page, AccessKind.Load, out var second) ? world.ToGuest(second) : 0, Is.EqualTo(Data + 0x1000));
        }

        Assert.That(world.Hart.Fences, Is.Empty);
        Assert.That(world.Mmu.Counters.SpacesMade, Is.EqualTo(spaces));
    }

    [Test]
    public void AnAsidWithTheSamePlaceDropsTheOther()
    {
        using var world = new MmuWorld();
        var (one, two) = (new GuestTables(world), new GuestTables(world));
        one.Map(Page, Data, GuestTables.Kernel);
        world.SetSatp(one.Satp(1));
        world.Access(Page, AccessKind.Load);
        world.SetSatp(two.Satp(65));
        world.SetSatp(one.Satp(1));
        Assert.That(world.IsMapped(Page), Is.False);
        Assert.That(world.Access(Page, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.Mapped));
    }

    [Test]
    public void ActivatingWhatIsActiveDoesNothing([Values(0, 0xffff)] int maximumAsid)
    {
        using var world = new MmuWorld(maximumAsid: (ushort)maximumAsid);
        world.SetSatp(new GuestTables(world).Satp());
        var writes = world.Hart.SatpWrites;
        world.Hart.Fences.Clear();
        world.Activate();
        Assert.That((world.Hart.SatpWrites, world.Hart.Fences.Count), Is.EqualTo((writes, 0)));
    }

    [TestCase(31, false)]
    [TestCase(32, true)]
    public void EachViewHasAHostAsidWhereTheHostHasEnough(int maximumAsid, bool ofItsOwn)
    {
        using var world = new MmuWorld(maximumAsid: (ushort)maximumAsid);
        world.SetSatp(new GuestTables(world).Satp());
        var kernel = world.Hart.Satp;
        world.Become(_user);
        world.Hart.Fences.Clear();
        world.Become(_kernel);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(world.Hart.Satp, Is.EqualTo(kernel));
            Assert.That(((kernel >> 44) & 0xffff) != 0, Is.EqualTo(ofItsOwn));
            // Without one, what the hart remembers of the other view has to go.
            Assert.That(world.Hart.Fences, Is.EqualTo(ofItsOwn ? [] : new[] { "all" }));
            Assert.That(world.TrySwitch(_user), Is.EqualTo(ofItsOwn));
        }
    }

    [TestCase(TranslationMode.Sv57)]
    [TestCase(TranslationMode.Sv48)]
    [TestCase(TranslationMode.Sv39)]
    public void TheHostRunsInItsOwnMode(TranslationMode mode)
    {
        using var world = new MmuWorld(mode);
        world.SetSatp(new GuestTables(world).Satp());
        Assert.That(world.Hart.Satp >> 60, Is.EqualTo((ulong)mode));
        Assert.That(world.HasWindow());
    }

    [Test]
    public void WithoutTranslationAllModesHaveOneView()
    {
        using var world = new MmuWorld();
        world.SetSatp(0);
        Assert.That(world.Access(MmuWorld.Ram + 0x1234, AccessKind.Store).Address, Is.EqualTo(MmuWorld.Ram + 0x1234));
        var writes = world.Hart.SatpWrites;
        foreach (var privilege in Privilege.All)
        {
            Assert.That(world.TrySwitch(privilege));
            Assert.That(_accesses.All(access => world.Can(MmuWorld.Ram, access)));
        }

        Assert.That(world.Hart.SatpWrites, Is.EqualTo(writes));
        Assert.That(world.Access(MmuWorld.Ram + (8 << 20), AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.NotMemory));
        Assert.That(world.Access((1UL << 56) - 8, AccessKind.Load), Is.EqualTo(new WalkResult(FaultResolution.NotMemory, (1UL << 56) - 8)));
        Assert.That(world.Access(1UL << 56, AccessKind.Load), Is.EqualTo(new WalkResult(FaultResolution.GuestAccessFault, 0)), "no physical address");
        Assert.That(world.Access(0xffff_ffff_8000_0000, AccessKind.Store), Is.EqualTo(new WalkResult(FaultResolution.GuestAccessFault, 0)));
    }

    [TestCase(TranslationMode.Sv57, true, true, false)]
    [TestCase(TranslationMode.Sv48, true, false, false)]
    [TestCase(TranslationMode.Sv39, true, false, false)]
    public void SupportsTheModesThatLeaveRoomForTheWindow(TranslationMode host, bool sv39, bool sv48, bool sv57)
    {
        using var world = new MmuWorld(host);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(world.Mmu.Supports(TranslationMode.Bare));
            Assert.That(world.Mmu.Supports(TranslationMode.Sv39), Is.EqualTo(sv39));
            Assert.That(world.Mmu.Supports(TranslationMode.Sv48), Is.EqualTo(sv48));
            Assert.That(world.Mmu.Supports(TranslationMode.Sv57), Is.EqualTo(sv57));
            Assert.That(world.Mmu.Supports((TranslationMode)1), Is.False);
            Assert.That(world.Mmu.AsidMask, Is.EqualTo(0xffffUL << 44));
        }
    }
}
