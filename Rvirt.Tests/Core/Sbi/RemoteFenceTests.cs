using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>Remote fences in a guest of four harts (SBI 2.0 §8): made when the call returns, and nobody is interrupted who need not be.</summary>
public sealed class RemoteFenceTests
{
    private const ulong First = HartGroup.FirstHostHart;

    private HartGroup _harts = null!;

    private TrapMachine Caller => _harts[0];

    [SetUp]
    public void Make() => _harts = new HartGroup(4);

    [TearDown]
    public void Free() => _harts.Dispose();

    private TrapOutcome Fence(ulong mask, ulong maskBase, ulong start = 0x5000, ulong size = 0x1000, ulong function = 1, ulong asid = 0) =>
        Caller.Ecall(SbiExtension.Rfence, function, mask, maskBase, start, size, asid);

    private string[] Made(int hart) => [.. _harts[hart].Mmu.Calls.FindAll(call => call.StartsWith("fence", StringComparison.Ordinal))];

    // The other harts take their interrupts, one at each turn.
    private void OthersServe()
    {
        var next = 0;
        Caller.Hart.WhenRelaxed = () =>
        {
            Assert.That(next, Is.LessThan(Caller.Hart.Ipis.Count), "nobody is left to wait for");
            _harts[(int)(Caller.Hart.Ipis[next++] - First)].Software();
        };
    }

    [TestCase(0b1111UL, 0UL, new[] { 0, 1, 2, 3 })]
    [TestCase(0UL, ulong.MaxValue, new[] { 0, 1, 2, 3 })]
    [TestCase(0b1010UL, 0UL, new[] { 1, 3 })]
    [TestCase(0b11UL, 2UL, new[] { 2, 3 })]
    [TestCase(0b1UL, 0UL, new[] { 0 })]
    public void ItIsMadeOnThoseThatAreNamedBeforeTheCallReturns(ulong mask, ulong maskBase, int[] named)
    {
        OthersServe();
        Assert.That(Fence(mask, maskBase), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(((long)Caller.V.X[10], Caller.V.Pc), Is.EqualTo((0L, TrapMachine.Entry + 4)));
        var others = new List<ulong>();
        for (var i = 0; i < _harts.Count; i++)
        {
            var isNamed = Array.IndexOf(named, i) >= 0;
            Assert.That(Made(i), isNamed ? Is.EqualTo(new[] { "fence page 5000" }) : Is.Empty, $"hart {i}");
            if (isNamed && i != 0)
            {
                others.Add(First + (ulong)i);
            }
        }

        Assert.That(Caller.Hart.Ipis, Is.EqualTo(others), "one interrupt each");
        Assert.That(Caller.Hart.IpiCalls, Is.EqualTo(others.Count == 0 ? 0 : 1), "by one call of the firmware");
    }

    [TestCase(RunState.Blocked)]
    [TestCase(RunState.Runnable)]
    [TestCase(RunState.Parked)]
    public void OneThatRunsNowhereIsLeftAloneAndMakesItLater(RunState state)
    {
        _harts[1].V.Enter(state);
        Assert.That(Fence(0b10, 0), Is.EqualTo(TrapOutcome.Resume), "who waits for it would wait for ever");
        Assert.That((Caller.Hart.IpiCalls, _harts[1].V.RunState, (HartRequest)_harts[1].V.Requests), Is.EqualTo((0, state, HartRequest.Fence)));
        Assert.That(Made(1), Is.Empty);
        _harts[1].V.Enter(RunState.Loaded);
        _harts[1].ServeHarts();
        Assert.That(Made(1), Is.EqualTo(["fence page 5000"]));
    }

    [TestCase(HartState.Stopped)]
    [TestCase(HartState.StartPending)]
    [TestCase(HartState.StopPending)]
    public void OneThatIsNotStartedHasNothingToFence(HartState state)
    {
        _harts[1].V.State = state;
        Assert.That(Fence(0b10, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((Caller.Hart.IpiCalls, _harts[1].V.Requests), Is.EqualTo((0, 0)));
    }

    [Test]
    public void OneThatIsSuspendedMakesItLaterToo()
    {
        _harts[1].V.State = HartState.Suspended;
        _harts[1].V.Enter(RunState.Blocked);
        Fence(0b10, 0);
        Assert.That((HartRequest)_harts[1].V.Requests, Is.EqualTo(HartRequest.Fence));
    }

    [TestCase(HartRequest.Interrupt)]
    [TestCase(HartRequest.Fence)]
    public void OneThatIsOnItsWayAlreadyIsWaitedForWithoutAnotherInterrupt(HartRequest before)
    {
        _harts[1].V.Requests = (int)before;
        var turns = 0;
        Caller.Hart.WhenRelaxed = () =>
        {
            if (++turns == 3)
            {
                _harts[1].Software();
            }
        };
        Fence(0b10, 0);
        Assert.That((turns, Caller.Hart.IpiCalls), Is.EqualTo((3, 0)));
        Assert.That(Made(1), Is.EqualTo(["fence page 5000"]));
    }

    [TestCase(RunState.Blocked)]
    [TestCase(RunState.Parked)]
    public void OneThatIsPutDownMeanwhileIsNotWaitedFor(RunState next)
    {
        Caller.Hart.WhenRelaxed = () => _harts[1].V.Enter(next);
        Fence(0b10, 0);
        Assert.That((long)Caller.V.X[10], Is.Zero);
        Assert.That((HartRequest)_harts[1].V.Requests, Is.EqualTo(HartRequest.Fence));
    }

    [Test]
    public void OneThatDoesNotMakeItInTimeIsNamedAndInterruptedAgain()
    {
        Caller.V.FencePatience = 50_000;
        Caller.Hart.WhenRelaxed = () =>
        {
            if (Caller.Hart.Ipis.Count == 2 && Made(1).Length == 0)
            {
                _harts[1].Software();
            }

            Caller.Hart.Time++;
        };
        var before = Caller.Hart.Time;
        Assert.That(Fence(0b110, 0), Is.EqualTo(TrapOutcome.FenceLate));
        Assert.That((Caller.V.Named.Hart, Caller.V.Pc), Is.EqualTo((2, TrapMachine.Entry)), "the call is made again");
        Assert.That(Caller.Hart.Time - before, Is.InRange(50_000, 60_000));
        Assert.That(Caller.Hart.Ipis, Is.EqualTo([First + 1, First + 2, First + 2]));

        Caller.Hart.WhenRelaxed = () =>
        {
            _harts[1].Software();
            _harts[2].Software();
        };
        Assert.That(Fence(0b110, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((Made(1)[^1], Made(2)[0]), Is.EqualTo(("fence page 5000", "fence page 5000")));
    }

    [Test]
    public void WhoWaitsMakesTheFencesThatOthersAskOfIt()
    {
        var turns = 0;
        var ticket = 0;
        Caller.Hart.WhenRelaxed = () =>
        {
            switch (++turns)
            {
                case 1:
                    // The other one fences this hart, and waits in its turn.
                    ticket = Caller.V.Fences.Post(new FenceRange(0x9000, 1, 4));
                    Caller.V.Requests |= (int)(HartRequest.Fence | HartRequest.Interrupt);
                    break;
                case 2:
                    Assert.That(Caller.V.Fences.IsServed(ticket));
                    _harts[1].Software();
                    break;
            }
        };
        Assert.That(Fence(0b10, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((turns, (HartRequest)Caller.V.Requests), Is.EqualTo((2, HartRequest.Interrupt)), "what else is asked has its interrupt");
        Assert.That(Made(0), Is.EqualTo(["fence page 9000 asid 4"]));
    }

    [Test]
    public void WhoIsStoppedMeanwhileStops()
    {
        Caller.Hart.WhenRelaxed = () => Caller.V.Requests |= (int)HartRequest.Stop;
        Assert.That(Fence(0b10, 0), Is.EqualTo(TrapOutcome.Stop));
        Assert.That((Caller.V.StopReason, Caller.V.Pc), Is.EqualTo((StopReason.Requested, TrapMachine.Entry)));
    }

    [TestCase(0b10000UL, 0UL, 0x5000UL, 0x1000UL, -3L)]
    [TestCase(0b11UL, 3UL, 0x5000UL, 0x1000UL, -3L)]
    [TestCase(0b1UL, 4UL, 0x5000UL, 0x1000UL, -3L)]
    [TestCase(0b1UL, ulong.MaxValue - 1, 0x5000UL, 0x1000UL, -3L)]
    [TestCase(0b10UL, 0UL, ulong.MaxValue, 2UL, -5L)]
    [TestCase(0UL, 0UL, ulong.MaxValue, 2UL, -5L)]
    public void WhatIsWrongFencesNobody(ulong mask, ulong maskBase, ulong start, ulong size, long error)
    {
        Assert.That(Fence(mask, maskBase, start, size), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(((long)Caller.V.X[10], Caller.Hart.IpiCalls), Is.EqualTo((error, 0)));
        for (var i = 0; i < _harts.Count; i++)
        {
            Assert.That((_harts[i].V.Requests, Made(i).Length), Is.EqualTo((0, 0)));
        }
    }

    [TestCase(1UL, 0UL, 0UL, "fence")]
    [TestCase(1UL, 0x5000UL, 65UL << 12, "fence")]
    [TestCase(1UL, 0x5000UL, 1UL, "fence page 5000")]
    [TestCase(2UL, 0x5000UL, 0x1000UL, "fence page 5000 asid 17")]
    [TestCase(2UL, 0UL, ulong.MaxValue, "fence asid 17")]
    public void TheOthersMakeWhatTheCallerWouldMake(ulong function, ulong start, ulong size, string expected)
    {
        OthersServe();
        Fence(0b11, 0, start, size, function, 0x1_0017);
        Assert.That((string[][])[Made(0), Made(1)], Is.EqualTo((string[][])[[expected], [expected]]));
        Assert.That(_harts[1].Hart.FenceI, Is.Zero);
    }

    [Test]
    public void FetchesAreFencedOnThoseThatAreNamed()
    {
        OthersServe();
        Fence(0b101, 0, function: 0);
        Assert.That((_harts[0].Hart.FenceI, _harts[1].Hart.FenceI, _harts[2].Hart.FenceI, _harts[3].Hart.FenceI), Is.EqualTo((1, 0, 1, 0)));
        Assert.That(Made(2), Is.Empty);
    }

    [TestCase(5UL)]
    [TestCase(6UL)]
    [TestCase(7UL)]
    public void ALegacyCallReadsItsMask(ulong extension)
    {
        OthersServe();
        Caller.Mmu.Answer = FaultResolution.Mapped;
        Caller.Mmu.GuestAddress = TrapMachine.RamBase + 0x200;
        BinaryPrimitives.WriteUInt64LittleEndian(Caller.Ram[0x200..], 0b1000);
        Assert.That(Caller.Ecall(extension, 0, 0x4000_0200, 0x5000, 0x1000, 9), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((long)Caller.V.X[10], Is.Zero);
        Assert.That(Caller.Hart.Ipis, Is.EqualTo([First + 3]));
        Assert.That((Made(0).Length + Caller.Hart.FenceI, Made(3).Length + _harts[3].Hart.FenceI), Is.EqualTo((0, 1)));
        BinaryPrimitives.WriteUInt64LittleEndian(Caller.Ram[0x200..], 0b10000);
        Caller.Ecall(extension, 0, 0x4000_0200, 0x5000, 0x1000, 9);
        Assert.That((long)Caller.V.X[10], Is.EqualTo(-3));
    }
}
