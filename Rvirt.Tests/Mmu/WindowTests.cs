using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>The hypervisor's own addresses: nothing the guest maps or fences touches them, and on wide hosts the guest misses none.</summary>
public sealed class WindowTests
{
    private const ulong Data = MmuWorld.Ram + 0x10_0000;

    private const ulong Window = 0xffff_ffc0_0000_0000 + ((MmuWorld.NarrowSlot - 256UL) << 30);

    [TestCase(Window, true)]
    [TestCase(Window + 0x3fff_f000, true)]
    [TestCase(Window - 0x1000, false)]
    [TestCase(Window + 0x4000_0000, false)]
    public void ANarrowHostTellsAGuestThatMapsTheWindow(ulong va, bool collides)
    {
        using var world = new MmuWorld(TranslationMode.Sv39);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        Assert.That(world.Access(va, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault), "not mapped yet");
        space.Map(va, Data, GuestTables.Kernel);
        var expected = collides ? FaultResolution.WindowCollision : FaultResolution.Mapped;
        Assert.That(world.Access(va, AccessKind.Load).Outcome, Is.EqualTo(expected));
        Assert.That(world.Access(va, AccessKind.Store).Outcome, Is.EqualTo(expected));
        Assert.That(world.HasWindow());
    }

    [Test]
    public void ADeviceMayBeMappedInTheWindow()
    {
        using var world = new MmuWorld(TranslationMode.Sv39);
        var space = new GuestTables(world);
        space.Map(Window, MmuWorld.Device, GuestTables.Kernel);
        world.SetSatp(space.Satp());
        Assert.That(world.Access(Window, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.NotMemory));
        Assert.That(world.HasWindow());
    }

    [TestCase(TranslationMode.Sv57, TranslationMode.Sv39)]
    [TestCase(TranslationMode.Sv57, TranslationMode.Sv48)]
    [TestCase(TranslationMode.Sv48, TranslationMode.Sv39)]
    public void AWideHostLeavesTheGuestAllItsAddresses(TranslationMode host, TranslationMode guest)
    {
        using var world = new MmuWorld(host, ramSize: 16 << 20, tables: 2048);
        var space = new GuestTables(world, guest);
        world.SetSatp(space.Satp());
        var step = 1UL << (guest == TranslationMode.Sv39 ? 30 : 39);
        for (var index = 0UL; index < 512; index++)
        {
            var va = (index * step) + (index < 256 ? 0 : 0 - (512 * step));
            // A leaf at the guest's root level needs no table.
            space.Map(va, MmuWorld.Ram & ~(step - 1), GuestTables.Kernel, guest == TranslationMode.Sv39 ? 2 : 3);
            var offset = MmuWorld.Ram & (step - 1);
            Assert.That(world.Access(va + offset + 0x1000, AccessKind.Store).Address, Is.EqualTo(MmuWorld.Ram + 0x1000), $"{va:x}");
        }

        Assert.That(world.HasWindow());
    }

    [TestCase(TranslationMode.Sv57)]
    [TestCase(TranslationMode.Sv48)]
    [TestCase(TranslationMode.Sv39)]
    public void NoFenceTakesTheWindowAway(TranslationMode host)
    {
        using var world = new MmuWorld(host, tables: 1024);
        var space = new GuestTables(world);
        world.SetSatp(space.Satp());
        for (var index = 0UL; index < 512; index++)
        {
            var va = (index << 30) + (index < 256 ? 0 : 0xffff_ff80_0000_0000);
            if (index != MmuWorld.NarrowSlot)
            {
                space.Map(va, MmuWorld.Ram, GuestTables.Kernel, level: 2);
                world.Access(va, AccessKind.Load);
            }
        }

        for (var index = 0UL; index < 512; index++)
        {
            foreach (var va in new[] { index << 30, index << 39, index << 48 })
            {
                world.FencePage(va);
                world.FencePageAsid(va, 1);
                Assert.That(world.HasWindow(), $"{va:x}");
            }
        }
    }

    [Test]
    public void AddressesThatAreNotCanonicalFaultInTheGuest()
    {
        using var world = new MmuWorld();
        world.SetSatp(new GuestTables(world).Satp());
        foreach (var va in new ulong[] { 1UL << 38, 0xffff_ffbf_ffff_f000, 1UL << 63, 0xff00_0000_0000_0000, 0x00ff_ffff_ffff_f000 })
        {
            Assert.That(world.Access(va, AccessKind.Load).Outcome, Is.EqualTo(FaultResolution.GuestPageFault), $"{va:x}");
        }
    }
}
