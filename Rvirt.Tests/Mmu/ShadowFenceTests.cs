using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>Each of the four fences drops what it names, in every view and table, and spares the rest.</summary>
public sealed class ShadowFenceTests
{
    private const ulong Page = 0x1000;
    private const ulong Other = 0x2000;
    private const ulong Shared = 0x4000_0000;
    private const ulong Data = MmuWorld.Ram + 0x10_0000;
    private const ulong NewData = MmuWorld.Ram + 0x11_0000;

    /// <summary>What is left of: the page and another in ASID 1, the page in ASID 2, a global page seen from ASID 2.</summary>
    [TestCase("all", false, false, false, false)]
    [TestCase("asid 1", false, false, true, true)]
    [TestCase("asid 2", true, true, false, false)]
    [TestCase("asid 65", true, true, true, true)]
    [TestCase("page", false, true, false, true)]
    [TestCase("page asid 1", false, true, true, true)]
    [TestCase("page asid 2", true, true, false, true)]
    [TestCase("page asid 65", true, true, true, true)]
    [TestCase("shared page", true, true, true, false)]
    [TestCase("shared page asid 2", true, true, true, true)]
    [TestCase("none", true, true, true, true)]
    public void AFenceDropsWhatItNames(string fence, bool page, bool other, bool pageOfOther, bool shared)
    {
        using var world = new MmuWorld();
        var one = new GuestTables(world);
        var two = new GuestTables(world);
        one.Map(Page, Data, GuestTables.Kernel);
        one.Map(Other, Data + 0x1000, GuestTables.Kernel);
        two.Map(Page, Data + 0x2000, GuestTables.Kernel);
        two.Map(Shared, Data + 0x3000, GuestTables.Kernel | GuestTables.Global);
        Touch(world, two.Satp(2), Page, Shared);
        Touch(world, one.Satp(1), Page, Other);
        // What is mapped still is what was kept: nothing new is there to be found.
        foreach (var (space, place) in new[] { (one, Page), (one, Other), (two, Page), (two, Shared) })
        {
            space.Map(place, 0, 0);
        }

        Fence(world, fence);
        using (Assert.EnterMultipleScope())
        {
            world.SetSatp(one.Satp(1));
            Assert.That(world.IsMapped(Page), Is.EqualTo(page));
            Assert.That(world.IsMapped(Other), Is.EqualTo(other));
            world.SetSatp(two.Satp(2));
            Assert.That(world.IsMapped(Page), Is.EqualTo(pageOfOther));
            Assert.That(world.IsMapped(Shared), Is.EqualTo(shared));
        }
    }

    [Test]
    public void AFenceOfAnAsidKeepsGlobalTables()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Shared, Data, GuestTables.Kernel | GuestTables.Global);
        Touch(world, space.Satp(1), Shared);
        var made = world.Mmu.Counters.TablesMade;
        world.FenceAsid(1);
        Assert.That(world.IsMapped(Shared), "in its new root too");
        Assert.That(world.Mmu.Counters.TablesMade, Is.EqualTo(made));
        world.FenceAll();
        world.Access(Shared, AccessKind.Load);
        Assert.That(world.Mmu.Counters.TablesMade, Is.EqualTo(made + 2));
    }

    /// <summary>Of a kernel's half nothing is found anew by a space's first faults; what is its own, or another kind of leaf, or was dropped, is.</summary>
    [TestCase(GuestTables.Kernel | GuestTables.Global, "", true)]
    [TestCase(GuestTables.KernelCode | GuestTables.Global, "asid 1", true)]
    [TestCase(GuestTables.Kernel, "", false)]
    [TestCase(GuestTables.User | GuestTables.Global, "", false)]
    [TestCase(GuestTables.Kernel | GuestTables.Global, "all", false)]
    [TestCase(GuestTables.Kernel | GuestTables.Global, "", false, false)]
    public void ANewSpaceHasTheGlobalTablesOfTheOneBefore(ulong flags, string fence, bool mapped, bool shared = true)
    {
        const ulong High = 0xffff_ffff_8020_1000;
        using var world = new MmuWorld();
        var (one, two) = (new GuestTables(world), new GuestTables(world));
        one.Map(High, Data, flags);
        // As kernels have it, but for one that has another table there.
        if (shared)
        {
            world.Write(two.Entry(High, 2), world.Read(one.Entry(High, 2)) | 0x300);
        }
        else
        {
            two.Map(High, Data, flags);
        }

        world.Become(PrivilegeMode.Supervisor, sum: true);
        Touch(world, one.Satp(1), High);
        if (fence.Length != 0)
        {
            Fence(world, fence);
        }

        world.SetSatp(two.Satp(2));
        Assert.That(world.IsMapped(High), Is.EqualTo(mapped));
        Assert.That(world.Access(High, AccessKind.Load).Address, Is.EqualTo(Data));
        world.SetSatp(0);
        Assert.That(world.IsMapped(High), Is.False, "without translation");
    }

    [Test]
    public void AFenceOfAnAsidDropsWhatIsNotGlobalBesideWhatIs()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel | GuestTables.Global);
        // In another group of entries, so that a fault of its own maps it.
        const ulong Far = Page + 0x10_0000;
        for (var round = 0UL; round < 3; round++)
        {
            space.Map(Far, NewData + (round << 12), GuestTables.Kernel);
            world.FenceAsid(1);
            Touch(world, space.Satp(1), Page);
            Assert.That(world.Access(Far, AccessKind.Load).Address, Is.EqualTo(NewData + (round << 12)));
            Touch(world, space.Satp(1), Page);
        }
    }

    [TestCase("all")]
    [TestCase("asid 1")]
    [TestCase("page")]
    [TestCase("page asid 1")]
    public void AfterAFenceTheHartSeesTheNewEntry(string fence)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        foreach (var privilege in Privilege.All)
        {
            world.FenceAll();
            var flags = privilege.Mode == PrivilegeMode.User || privilege.Sum ? GuestTables.User : GuestTables.Kernel;
            space.Map(Page, Data, flags);
            world.Become(privilege);
            Touch(world, space.Satp(1), Page);
            space.Map(Page, NewData, flags);
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(Data), "no fence yet");
            Fence(world, fence);
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(NewData), $"{privilege}");
        }
    }

    [TestCase("page")]
    [TestCase("page asid 1")]
    public void AFenceOfAPageReachesTheViewsThatAreNotInUse(string fence)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        world.SetSatp(space.Satp(1));
        space.Map(Page, Data, GuestTables.UserCode);
        var views = Privilege.All.Where(p => p.Sum == (p.Mode == PrivilegeMode.Supervisor)).ToArray();
        foreach (var privilege in views)
        {
            world.Become(privilege);
            world.Access(Page, AccessKind.Load);
        }

        space.Map(Page, 0, 0);
        Fence(world, fence);
        foreach (var privilege in views)
        {
            world.Become(privilege);
            Assert.That(world.IsMapped(Page), Is.False, $"{privilege}");
        }

        space.Map(Page, NewData, GuestTables.UserCode);
        foreach (var privilege in views)
        {
            world.Become(privilege);
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(NewData), $"{privilege}");
        }
    }

    [Test]
    public void AFenceOfAPageReachesTablesThatAreLinkedNowhere()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel);
        var link = space.Entry(Page, 1);
        var first = world.Read(link);
        Touch(world, space.Satp(1), Page);
        // The host's link is replaced when the guest's other table is used.
        var second = world.NewTable();
        world.WriteEntry(second, 2, Data, GuestTables.Kernel);
        world.Write(link, (second >> 2) | 1);
        world.Access(Other, AccessKind.Load);
        world.WriteEntry(first >> 10 << 12, 1, NewData, GuestTables.Kernel);
        world.FencePage(Page);
        world.Write(link, first);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(NewData));
    }

    [TestCase(0x20_0000UL, 1, 0x20_0000UL)]
    [TestCase(0x4000_0000UL, 2, 0x8000_0000UL)]
    [TestCase(0xffff_ffc0_0000_0000UL, 2, 0x8000_0000UL)]
    public void AFenceOfAnyPageDropsAWholeLargePage(ulong va, int level, ulong address)
    {
        foreach (var misaligned in new[] { 0UL, 0x1000UL, 0x20_0000UL })
        {
            using var world = new MmuWorld(hostAddress: 0x1_0000_0000 + misaligned);
            var space = new GuestTables(world);
            var physical = level == 1 ? MmuWorld.Ram + address : address;
            var last = va + (level == 1 ? 0x1f_f000UL : 0x5f_f000UL);
            space.Map(va, physical, GuestTables.Kernel, level);
            Touch(world, space.Satp(1), va, va + 0x1000, va + 0x10_0000, last);
            space.Map(va, physical, GuestTables.KernelReadOnly, level);
            world.FencePage(va + 0x5000);
            Assert.That(world.Access(va + 0x1000, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            Assert.That(world.Access(last, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            Assert.That(world.Access(va + 0x10_0000, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            space.Map(va, physical, GuestTables.Kernel, level);
            world.FencePageAsid(va + 0x6000, 1);
            Assert.That(world.Access(va + 0x10_0000, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.Mapped));
            space.Map(va, physical, GuestTables.KernelReadOnly, level);
            world.FencePageAsid(va + 0x7000, 2);
            Assert.That(world.Can(va + 0x10_0000, AccessKind.Store), "the fence of another ASID");
            world.FencePageAsid(va + 0x7000, 1);
            Assert.That(world.Access(va + 0x10_0000, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
        }
    }

    [TestCase(1, 0x2000_0000UL, 0x8020_0000UL, 8UL << 20)]
    [TestCase(2, 0x4000_0000UL, 0x8000_0000UL, 8UL << 20)]
    [TestCase(2, 0x4000_0000UL, 0x8000_0000UL, 1UL << 30)]
    public void AFenceOfAnAsidsPageSparesAnothersLargePage(int level, ulong va, ulong address, ulong ramSize)
    {
        using var world = new MmuWorld(ramSize: ramSize);
        var (one, two) = (new GuestTables(world), new GuestTables(world));
        one.Map(va, address, GuestTables.Kernel, level);
        two.Map(va, address, GuestTables.Kernel, level);
        Touch(world, one.Satp(1), va);
        Touch(world, two.Satp(2), va);
        world.FencePageAsid(va, 1);
        Assert.That(world.IsMapped(va));
        world.SetSatp(one.Satp(1));
        Assert.That(world.IsMapped(va), Is.False);
    }

    [TestCase(2, 0x8000_0000UL)]
    [TestCase(3, 0x0UL)]
    public void AFenceDropsTheLargestPagesOfSv48(int level, ulong address)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world, TranslationMode.Sv48);
        var va = 0x80_0000_0000 + (level == 3 ? MmuWorld.Ram : 0);
        space.Map(va, address, GuestTables.Kernel, level);
        Touch(world, space.Satp(1), va, va + 0x20_0000);
        space.Map(va, address, GuestTables.KernelReadOnly, level);
        // Of a 512 GiB page, one far from what was touched.
        world.FencePage(va + (level == 3 ? 0x15_4000_0000UL : 0x5000));
        Assert.That(world.Access(va, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
        Assert.That(world.Access(va + 0x20_0000, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
    }

    [Test]
    public void TheHostIsFencedOnlyWhereSomethingWasMapped()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, Data, GuestTables.Kernel);
        space.Map(0x4000_0000, MmuWorld.Ram, GuestTables.Kernel, level: 1);
        Touch(world, space.Satp(1), Page, 0x4000_0000);
        world.Hart.Fences.Clear();
        world.FencePage(Other);
        world.FencePageAsid(Other, 1);
        world.FencePageAsid(Page, 7);
        Assert.That(world.Hart.Fences, Is.Empty);
        space.Map(Page, 0, 0);
        world.FencePage(Page);
        world.FencePage(Page);
        world.FencePageAsid(0x4000_0000, 1);
        world.FencePage(0x4000_0000);
        Assert.That(world.Hart.Fences, Is.EqualTo(["page 1000", "page 40000000"]));
        space.Map(Page, Data, GuestTables.Kernel);
        world.Access(Page, AccessKind.Load);
        world.FencePageAsid(Page, 1);
        Assert.That(world.Hart.Fences, Has.Count.EqualTo(3));
    }

    [Test]
    public void AFenceSparesWhatLiesBesideAPage()
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        ulong[] pages = [0, 0x1000, 0x2000, 0x1f_f000, 0x20_0000, 0x20_1000, 0x4000_1000, 0xffff_ffff_ffff_f000];
        foreach (var page in pages)
        {
            space.Map(page, Data, GuestTables.Kernel);
        }

        foreach (var fenced in pages)
        {
            Touch(world, space.Satp(1), pages);
            space.Map(fenced, 0, 0);
            world.FencePage(fenced + 0xff8);
            Assert.That(pages.Where(page => !world.IsMapped(page)), Is.EqualTo([fenced]));
            space.Map(fenced, Data, GuestTables.Kernel);
        }
    }

    [Test]
    public void NoFenceUndoesAnother(
        [Values("all", "asid 1", "asid 2", "page", "page asid 1")] string first,
        [Values("all", "asid 1", "page", "page asid 1")] string second)
    {
        using var world = new MmuWorld();
        var space = new GuestTables(world);
        space.Map(Page, MmuWorld.Device, GuestTables.Kernel);
        space.Map(Other, Data, GuestTables.Kernel);
        world.SetSatp(space.Satp(2));
        Touch(world, space.Satp(1), Other);
        world.Access(Page, AccessKind.Load);
        Assert.That(world.Mmu.TryTranslateDevice(Page, AccessKind.Load, out _));
        space.Map(Page, MmuWorld.Device + 0x1000, GuestTables.Kernel);
        Fence(world, first, activate: false);
        Fence(world, second, activate: false);
        // Even before the hart is given its new root.
        Assert.That(world.Mmu.TryTranslateDevice(Page, AccessKind.Load, out _), Is.False);
        // Another ASID's fence leaves what is known of this one's tables.
        var drops = first is "all" or "asid 1" || second is "all" or "asid 1";
        Assert.That(world.TryRefill(Other, AccessKind.Load), Is.EqualTo(!drops));
        world.Activate();
        Assert.That(world.TryRefill(Other, AccessKind.Load), Is.EqualTo(!drops));
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Device + 0x1000));
    }

    /// <summary>Two address spaces or views hold the same leaf; level of it in the one and in the other.</summary>
    [TestCase(0, 0)]
    [TestCase(0, 1)]
    [TestCase(1, 1)]
    [TestCase(0, 2)]
    [TestCase(1, 2)]
    [TestCase(2, 2)]
    public void AFenceThatClearsTheSameLeafTwiceReachesTheHost(int firstLevel, int secondLevel)
    {
        using var world = new MmuWorld(ramSize: 1UL << 30);
        var (one, two) = (new GuestTables(world), new GuestTables(world));
        const ulong Va = 0x4000_0000;
        one.Map(Va, MmuWorld.Ram, GuestTables.Kernel, firstLevel);
        two.Map(Va, MmuWorld.Ram, GuestTables.Kernel, secondLevel);
        Touch(world, one.Satp(1), Va);
        Touch(world, two.Satp(2), Va);
        world.Hart.Fences.Clear();
        one.Map(Va, 0, 0, firstLevel);
        two.Map(Va, 0, 0, secondLevel);
        world.FencePage(Va);
        Assert.That(world.Hart.Fences, Is.EqualTo(["page 40000000"]));
        foreach (var space in new[] { one.Satp(1), two.Satp(2) })
        {
            world.SetSatp(space);
            Assert.That(world.Hart.TryAccess(Va, AccessKind.Load, out _), Is.False);
        }
    }

    [Test]
    public void FencesAreCounted()
    {
        using var world = new MmuWorld();
        foreach (var fence in new[] { "all", "asid 1", "asid 2", "page", "page asid 1", "page asid 2" })
        {
            Fence(world, fence);
        }

        var counters = world.Mmu.Counters;
        Assert.That((counters.FencesAll, counters.FencesAsid, counters.FencesPage), Is.EqualTo((1UL, 2UL, 3UL)));
    }

    private static void Touch(MmuWorld world, ulong satp, params ulong[] addresses)
    {
        world.SetSatp(satp);
        foreach (var va in addresses)
        {
            Assert.That(world.Access(va, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.Mapped), $"{va:x}");
        }
    }

    private static void Fence(MmuWorld world, string fence, bool activate = true)
    {
        var words = fence.Split(' ');
        var asid = (ushort)(words[^1].All(char.IsDigit) ? int.Parse(words[^1], null) : 0);
        var page = words[0] == "shared" ? Shared : Page;
        switch (words[0], asid)
        {
            case ("none", _):
                break;
            case ("all", _):
                world.FenceAll(activate);
                break;
            case ("asid", _):
                world.FenceAsid(asid, activate);
                break;
            case (_, 0):
                world.FencePage(page);
                break;
            default:
                world.FencePageAsid(page, asid);
                break;
        }
    }
}
