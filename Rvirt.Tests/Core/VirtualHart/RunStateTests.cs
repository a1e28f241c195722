using NUnit.Framework;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.VirtualHart;

/// <summary>Where a virtual hart is, and what moves it on.</summary>
public sealed class RunStateTests
{
    [Test]
    public void OfTwoWhoMoveItOnOneDoes()
    {
        var v = default(VCpu);
        Assert.That(v.RunState, Is.EqualTo(RunState.Parked), "memory of zeros is a virtual hart that does not run");
        v.Enter(RunState.Blocked);
        Assert.That(v.TryMove(RunState.Blocked, RunState.Runnable));
        Assert.That(v.TryMove(RunState.Blocked, RunState.Runnable), Is.False);
        Assert.That(v.RunState, Is.EqualTo(RunState.Runnable));
    }

    [TestCase(HartRequest.None, false)]
    [TestCase(HartRequest.Fence, false)]
    [TestCase(HartRequest.Interrupt, true)]
    [TestCase(HartRequest.External, true)]
    [TestCase(HartRequest.Stop, true)]
    [TestCase(HartRequest.Stop | HartRequest.Fence, true)]
    public void AFenceWakesNobody(HartRequest request, bool wakes)
    {
        var v = new VCpu { Requests = (int)request };
        Assert.That((v.IsAskedToWake, v.IsAsked), Is.EqualTo((wakes, request != HartRequest.None)));
    }
}
