using System.Numerics;
using NUnit.Framework;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.VirtualHart;

/// <summary>What is asked of a virtual hart reaches it, with as few interrupts as it takes.</summary>
public sealed class HartKickTests
{
    private static TrapMachine Target()
    {
        var machine = new TrapMachine();
        machine.V.HostHartId = 7;
        machine.V.Csrs.Sie = Interrupts.All;
        return machine;
    }

    [Test]
    public void TheFirstWhoAsksInterruptsAndAllAreServed()
    {
        using var target = Target();
        var asking = new Asking();
        HartKick.Raise(ref asking, ref target.V, HartRequest.Interrupt);
        HartKick.Raise(ref asking, ref target.V, HartRequest.External);
        HartKick.Raise(ref asking, ref target.V, HartRequest.Interrupt);
        Assert.That((asking.Sent, asking.Last), Is.EqualTo((1, 7UL)));
        target.Bus.External = true;
        Assert.That(target.Software(), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((target.V.Csrs.Sip, target.V.Requests), Is.EqualTo((Interrupts.Software | Interrupts.External, 0)));
        HartKick.Raise(ref asking, ref target.V, HartRequest.Stop);
        Assert.That(asking.Sent, Is.EqualTo(2), "what came before is served: it has to be told again");
        Assert.That(target.Software(), Is.EqualTo(TrapOutcome.Stop));
    }

    [Test]
    public void AFenceThatWaitsWithoutAnInterruptHidesNoRequest()
    {
        using var target = Target();
        target.V.Requests = (int)HartRequest.Fence;
        var asking = new Asking();
        HartKick.Raise(ref asking, ref target.V, HartRequest.Interrupt);
        Assert.That(asking.Sent, Is.EqualTo(1));
        HartKick.Raise(ref asking, ref target.V, HartRequest.External);
        Assert.That(asking.Sent, Is.EqualTo(1));
        Assert.That((HartRequest)target.V.Requests, Is.EqualTo(HartRequest.Fence | HartRequest.Interrupt | HartRequest.External));
    }

    [TestCase(HartRequest.None, 1)]
    [TestCase(HartRequest.External, 0)]
    public void WhoAsksAtTheMomentOfServingIsServed(HartRequest before, int sent)
    {
        using var target = Target();
        target.V.Requests = (int)before;
        var asking = new Asking();
        // The interrupt is cleared before the requests are taken: what comes in between is taken too.
        target.Hart.WhenCleared = () => HartKick.Raise(ref asking, ref target.V, HartRequest.Interrupt);
        target.Software();
        Assert.That((target.V.Csrs.Sip & Interrupts.Software, target.V.Requests, asking.Sent), Is.EqualTo((Interrupts.Software, 0, sent)));
    }

    [Test]
    public void TheInterruptGoesWhereTheVirtualHartIsByThen()
    {
        using var target = Target();
        var asking = new Asking();
        target.V.HostHartId = 3;
        HartKick.Raise(ref asking, ref target.V, HartRequest.External);
        Assert.That(asking.Last, Is.EqualTo(3));
    }

    private struct Asking : IInterprocessor
    {
        public int Sent { get; private set; }

        public ulong Last { get; private set; }

        public void SendIpis(ulong mask, ulong first)
        {
            Sent++;
            Last = first + (ulong)BitOperations.TrailingZeroCount(mask);
        }
    }
}
