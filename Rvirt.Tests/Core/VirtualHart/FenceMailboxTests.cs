using System;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.VirtualHart;

/// <summary>Fences that others ask for: all of them are made before the guest goes on, and who waits learns it then and not before.</summary>
public sealed class FenceMailboxTests
{
    private static FenceRange Page(ulong address, int pages = 1, int asid = FenceRange.AnyAsid) => new(address, pages, asid);

    private static string[] Made(TrapMachine machine)
    {
        machine.V.Requests |= (int)HartRequest.Fence;
        machine.Mmu.Calls.Clear();
        Assert.That(machine.Software(), Is.EqualTo(TrapOutcome.Resume));
        return [.. machine.Mmu.Calls.FindAll(call => call.StartsWith("fence", StringComparison.Ordinal))];
    }

    [Test]
    public void EachIsMadeAsItWasAskedFor()
    {
        using var machine = new TrapMachine();
        machine.V.Fences.Post(Page(0x5000, 2));
        machine.V.Fences.Post(Page(0xffff_ffff_ffff_e000, 2, 7));
        machine.V.Fences.Post(Page(0, 0, 9));
        Assert.That(Made(machine), Is.EqualTo([
            "fence page 5000", "fence page 6000", "fence page ffffffffffffe000 asid 7", "fence page fffffffffffff000 asid 7", "fence asid 9",
        ]));
        Assert.That(machine.Hart.FenceI, Is.Zero);
        Assert.That(machine.V.Csrs.CodePage, Is.EqualTo(GuestCsrs.NoCode), "no page is known to be executable any more");
        Assert.That(Made(machine), Is.Empty, "once");
    }

    [Test]
    public void MoreThanThereIsRoomForBecomesEverything()
    {
        using var machine = new TrapMachine();
        for (var i = 0UL; i < 8; i++)
        {
            machine.V.Fences.Post(Page(i << 12));
        }

        Assert.That(Made(machine), Has.Length.EqualTo(8));
        for (var i = 0UL; i < 9; i++)
        {
            machine.V.Fences.Post(Page(i << 12));
        }

        Assert.That(Made(machine), Is.EqualTo(["fence"]));
        Assert.That(Made(machine), Is.Empty);
    }

    [Test]
    public void EverythingTakesInWhatComesBeforeAndAfter()
    {
        using var machine = new TrapMachine();
        machine.V.Fences.Post(Page(0x5000));
        machine.V.Fences.Post(FenceRange.All);
        machine.V.Fences.Post(Page(0x6000));
        Assert.That(Made(machine), Is.EqualTo(["fence"]));
    }

    [Test]
    public void AFetchFenceIsOneOfItsOwn()
    {
        using var machine = new TrapMachine();
        machine.V.Fences.PostFetches();
        machine.V.Fences.PostFetches();
        Assert.That(Made(machine), Is.Empty);
        Assert.That(machine.Hart.FenceI, Is.EqualTo(1));
        Made(machine);
        Assert.That(machine.Hart.FenceI, Is.EqualTo(1));
    }

    [Test]
    public void ItIsServedOnceItIsMade()
    {
        using var machine = new TrapMachine();
        ref var fences = ref machine.V.Fences;
        var first = fences.Post(Page(0x5000));
        Assert.That(fences.IsServed(first), Is.False);
        fences.Take(out var taken);
        Assert.That(fences.IsServed(first), Is.False, "taken is not made");
        var second = fences.Post(Page(0x5000));
        fences.Finish(taken);
        Assert.That((fences.IsServed(first), fences.IsServed(second)), Is.EqualTo((true, false)), "it came after the others were taken");
        Assert.That(Made(machine), Has.Length.EqualTo(1));
        Assert.That(fences.IsServed(second));
    }

    [Test]
    public void NumbersMayWrap()
    {
        var fences = default(FenceMailbox);
        fences.Finish(int.MaxValue);
        Assert.That((fences.IsServed(int.MaxValue), fences.IsServed(int.MinValue)), Is.EqualTo((true, false)));
        fences.Finish(int.MinValue);
        Assert.That(fences.IsServed(int.MinValue));
    }
}
