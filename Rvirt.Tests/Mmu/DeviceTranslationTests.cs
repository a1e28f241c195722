using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>Accesses that lead to no RAM are told with their address, remembered until a fence, and never mapped.</summary>
public sealed class DeviceTranslationTests
{
    private const ulong Page = 0x3000;
    private const ulong NewDevice = MmuWorld.Device + 0x5000;

    [Test]
    public void ADeviceIsFoundWithItsOffsetAndNotMapped()
    {
        using var world = Prepare(out _);
        Assert.That(world.Access(Page + 0x123, AccessKind.Load), Is.EqualTo(new WalkResult(FaultResolution.NotMemory, MmuWorld.Device + 0x123)));
        Assert.That(world.IsMapped(Page), Is.False);
        Assert.That(world.Access(Page + 0xff8, AccessKind.Store), Is.EqualTo(new WalkResult(FaultResolution.NotMemory, MmuWorld.Device + 0xff8)));
        Assert.That(world.Access(Page + 0xff0, AccessKind.Load), Is.EqualTo(new WalkResult(FaultResolution.NotMemory, MmuWorld.Device + 0xff0)));
    }

    [TestCase("all", true)]
    [TestCase("asid 1", true)]
    [TestCase("page", true)]
    [TestCase("page asid 1", true)]
    [TestCase("none", false)]
    public void AFenceEndsWhatWasRemembered(string fence, bool ends)
    {
        using var world = Prepare(out var space);
        world.Access(Page, AccessKind.Load);
        space.Map(Page, NewDevice, GuestTables.Kernel);
        switch (fence)
        {
            case "all":
                world.FenceAll();
                break;
            case "asid 1":
                world.FenceAsid(1);
                break;
            case "page":
                world.FencePage(Page);
                break;
            case "page asid 1":
                world.FencePageAsid(Page, 1);
                break;
        }

        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(ends ? NewDevice : MmuWorld.Device));
        // What was never done is looked up.
        Assert.That(world.Access(Page, AccessKind.Store).Address, Is.EqualTo(NewDevice));
    }

    [Test]
    public void EachKindOfAccessIsAllowedByItself()
    {
        using var world = Prepare(out var space);
        space.Map(Page, MmuWorld.Device, GuestTables.KernelReadOnly);
        foreach (var _ in new[] { 0, 1 })
        {
            Assert.That(world.Access(Page, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.NotMemory));
            Assert.That(world.Access(Page, AccessKind.Store).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
            Assert.That(world.Access(Page, AccessKind.Fetch).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
        }

        space.Map(Page, MmuWorld.Device, GuestTables.KernelCode);
        foreach (var access in new[] { AccessKind.Load, AccessKind.Store, AccessKind.Fetch, AccessKind.Load })
        {
            Assert.That(world.Access(Page, access).Outcome, Is.EqualTo(FaultResolution.NotMemory));
        }
    }

    [Test]
    public void AnotherViewOrSpaceHasItsOwn()
    {
        using var world = Prepare(out var space);
        world.Access(Page, AccessKind.Load);
        world.Become(PrivilegeMode.User);
        Assert.That(world.Access(Page, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
        world.Become(PrivilegeMode.Supervisor);
        world.SetSatp(new GuestTables(world).Satp(2));
        Assert.That(world.Access(Page, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault));
        world.SetSatp(space.Satp());
        space.Map(Page, NewDevice, GuestTables.Kernel);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Device).Or.EqualTo(NewDevice));
    }

    [Test]
    public void PagesWithTheSamePlaceDoNotMix()
    {
        using var world = Prepare(out var space);
        space.Map(Page + 0x8000, NewDevice, GuestTables.Kernel);
        foreach (var _ in new[] { 0, 1 })
        {
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Device));
            Assert.That(world.Access(Page + 0x8000, AccessKind.Load).Address, Is.EqualTo(NewDevice));
            Assert.That(world.Access(Page + 0x8000, AccessKind.Store).Address, Is.EqualTo(NewDevice));
        }
    }

    [Test]
    public void ARememberedTranslationKeepsWorkingWhenRootsAreTakenInTurn()
    {
        using var world = Prepare(out var space);
        world.Access(Page, AccessKind.Load);
        for (var i = 0; i < 40; i++)
        {
            var other = new GuestTables(world);
            other.Map(Page, NewDevice, GuestTables.Kernel);
            world.SetSatp(other.Satp((ushort)(2 + i)));
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(NewDevice));
            world.SetSatp(space.Satp());
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Device));
        }
    }

    [Test]
    public void TwoSpacesInTurnGetTheirOwn()
    {
        using var world = Prepare(out var space);
        var other = new GuestTables(world);
        other.Map(Page, NewDevice, GuestTables.Kernel);
        world.SetSatp(other.Satp(2));
        for (var round = 0; round < 3; round++)
        {
            world.SetSatp(space.Satp());
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(MmuWorld.Device));
            world.SetSatp(other.Satp(2));
            Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(NewDevice));
        }
    }

    [Test]
    public void WhoTakesARootGetsNothingThatWasRememberedThere()
    {
        using var world = Prepare(out var space);
        // More spaces than roots, and all of their ASIDs known, so that nothing but the root changes hands.
        for (ushort asid = 1; asid <= 40; asid++)
        {
            world.SetSatp(space.Satp(asid));
        }

        world.SetSatp(space.Satp(1));
        world.Access(Page, AccessKind.Load);
        var root = world.Hart.Satp;
        space.Map(Page, NewDevice, GuestTables.Kernel);
        var taken = 0;
        for (ushort asid = 2; asid <= 40; asid++)
        {
            world.SetSatp(space.Satp(asid));
            if (world.Hart.Satp == root)
            {
                taken++;
                Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(NewDevice), $"ASID {asid}");
            }
        }

        Assert.That(taken, Is.Not.Zero);
    }

    [Test]
    public void ANewRootUndoesNoFence()
    {
        using var world = Prepare(out var space);
        world.Access(Page, AccessKind.Load);
        space.Map(Page, NewDevice, GuestTables.Kernel);
        world.FencePage(Page);
        world.Become(PrivilegeMode.User);
        world.Become(PrivilegeMode.Supervisor);
        Assert.That(world.Access(Page, AccessKind.Load).Address, Is.EqualTo(NewDevice));
    }

    [Test]
    public void ADeviceIsRememberedAgainAfterAFence()
    {
        using var world = Prepare(out _);
        for (var round = 0; round < 2; round++)
        {
            foreach (var access in new[] { AccessKind.Load, AccessKind.Store })
            {
                Assert.That(world.Mmu.TryTranslateDevice(Page, access, out _), Is.False);
                world.Access(Page, access);
                Assert.That(world.Mmu.TryTranslateDevice(Page + 0x18, access, out var address));
                Assert.That(address, Is.EqualTo(MmuWorld.Device + 0x18));
            }

            Assert.That(world.Mmu.TryTranslateDevice(Page, AccessKind.Load, out _), "the load is still known");
            world.FencePage(Page);
        }
    }

    [Test]
    public void SetsAAndDAsForMemory()
    {
        using var world = Prepare(out var space);
        var entry = space.Map(Page, MmuWorld.Device, 0x07);
        world.Access(Page, AccessKind.Load);
        Assert.That(world.Read(entry) & 0xc0, Is.EqualTo(0x40UL));
        world.Access(Page, AccessKind.Store);
        Assert.That(world.Read(entry) & 0xc0, Is.EqualTo(0xc0UL));
    }

    [TestCase(MmuWorld.Ram - 0x1000)]
    [TestCase(MmuWorld.Ram + (8 << 20))]
    public void ThePagesBesideRamAreNoRam(ulong address)
    {
        using var world = Prepare(out var space);
        space.Map(Page, address, GuestTables.Kernel);
        Assert.That(world.Access(Page, AccessKind.Load), Is.EqualTo(new WalkResult(FaultResolution.NotMemory, address)));
    }

    private static MmuWorld Prepare(out GuestTables space)
    {
        var world = new MmuWorld();
        space = new GuestTables(world);
        space.Map(Page, MmuWorld.Device, GuestTables.Kernel);
        world.SetSatp(space.Satp());
        return world;
    }
}
