using NUnit.Framework;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>Hart state management in a guest of three harts (SBI 2.0 §9).</summary>
public sealed class HartStateCallTests
{
    private const ulong Entry = TrapMachine.RamBase + 0x100;

    private readonly HartGroup _harts = new(3);

    [OneTimeTearDown]
    public void Free() => _harts.Dispose();

    [SetUp]
    public void StopTheOthers()
    {
        for (var i = 0; i < _harts.Count; i++)
        {
            _harts[i].V.Reset(TrapMachine.Entry, 0);
            _harts[i].V.State = i == 0 ? HartState.Started : HartState.Stopped;
            _harts[i].Hart.Ipis.Clear();
        }
    }

    private long Call(ulong function, params ulong[] arguments)
    {
        _harts[0].Ecall(SbiExtension.Hsm, function, arguments);
        return (long)_harts[0].V.X[10];
    }

    [Test]
    public void AStoppedHartIsTakenForItsStart()
    {
        ref var v = ref _harts[0].V;
        Assert.That(_harts[0].Ecall(SbiExtension.Hsm, 0, 2, Entry, 0x77), Is.EqualTo(TrapOutcome.HartStart));
        Assert.That((v.Named.Hart, v.Named.Entry, v.Named.Argument), Is.EqualTo((2, Entry, 0x77UL)));
        Assert.That((v.Pc, v.X[10], v.X[11], v.State), Is.EqualTo((TrapMachine.Entry + 4, 0UL, 0UL, HartState.Started)), "and who asked goes on");
        Assert.That((_harts[1].V.State, _harts[2].V.State), Is.EqualTo((HartState.Stopped, HartState.StartPending)));
        Assert.That(_harts[2].V.Pc, Is.EqualTo(TrapMachine.Entry), "the run loop puts it there");
    }

    [Test]
    public void OfTwoWhoStartItOneDoes()
    {
        Assert.That(Call(0, 1, Entry, 1), Is.Zero);
        Assert.That(Call(0, 1, Entry, 2), Is.EqualTo(-6));
        Assert.That(_harts[0].V.Named.Argument, Is.EqualTo(1));
    }

    [TestCase(HartState.Started)]
    [TestCase(HartState.StartPending)]
    [TestCase(HartState.StopPending)]
    [TestCase(HartState.Suspended)]
    public void OneThatIsNotStoppedIsNotStarted(HartState state)
    {
        _harts[1].V.State = state;
        Assert.That(_harts[0].Ecall(SbiExtension.Hsm, 0, 1, Entry, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(((long)_harts[0].V.X[10], _harts[1].V.State), Is.EqualTo((-6L, state)));
    }

    [Test]
    public void NoneStartsItself() => Assert.That(Call(0, 0, Entry, 0), Is.EqualTo(-6));

    [TestCase(3UL)]
    [TestCase(0x1_0000_0001UL)]
    [TestCase(ulong.MaxValue)]
    public void OneThatIsNotThereIsRefused(ulong hart)
    {
        Assert.That((Call(0, hart, Entry, 0), Call(2, hart)), Is.EqualTo((-3L, -3L)));
        Assert.That((_harts[1].V.State, _harts[2].V.State), Is.EqualTo((HartState.Stopped, HartState.Stopped)));
    }

    [TestCase(0UL)]
    [TestCase(Entry + 1)]
    [TestCase(TrapMachine.RamBase - 4)]
    [TestCase(TrapMachine.RamBase + TrapMachine.RamSize)]
    [TestCase(TrapMachine.RamBase + TrapMachine.RamSize - 2)]
    [TestCase(ulong.MaxValue - 1)]
    public void OneIsStartedInRamOnly(ulong entry)
    {
        Assert.That(Call(0, 1, entry, 0), Is.EqualTo(-5));
        Assert.That(_harts[1].V.State, Is.EqualTo(HartState.Stopped), "it can still be started");
        Assert.That(Call(0, 1, Entry, 0), Is.Zero);
    }

    [TestCase(HartState.Started, 0UL)]
    [TestCase(HartState.Stopped, 1UL)]
    [TestCase(HartState.StartPending, 2UL)]
    [TestCase(HartState.StopPending, 3UL)]
    [TestCase(HartState.Suspended, 4UL)]
    public void TheStateOfAnotherIsSeen(HartState state, ulong number)
    {
        _harts[2].V.State = state;
        Assert.That((Call(2, 2), _harts[0].V.X[11]), Is.EqualTo((0L, number)));
        Assert.That((Call(2, 0), _harts[0].V.X[11]), Is.EqualTo((0L, 0UL)));
    }

    [Test]
    public void OneThatStopsIsTheRunLoops()
    {
        Assert.That(_harts[0].Ecall(SbiExtension.Hsm, 1), Is.EqualTo(TrapOutcome.HartStop));
        Assert.That((_harts[0].V.State, _harts[0].V.Pc), Is.EqualTo((HartState.StopPending, TrapMachine.Entry)), "no instruction follows, and it is not stopped before it is put down");
    }

    [TestCase(HartState.Started, true)]
    [TestCase(HartState.Suspended, true)]
    [TestCase(HartState.Stopped, false)]
    [TestCase(HartState.StartPending, false)]
    [TestCase(HartState.StopPending, false)]
    public void AnIpiIsForThoseThatRun(HartState state, bool told)
    {
        _harts[1].V.State = state;
        _harts[0].Ecall(SbiExtension.Ipi, 0, 0b010, 0);
        Assert.That(((long)_harts[0].V.X[10], (HartRequest)_harts[1].V.Requests, _harts[0].Hart.Ipis.Count),
            Is.EqualTo((0L, told ? HartRequest.Interrupt : HartRequest.None, told ? 1 : 0)));
    }

    [Test]
    public void AStartForgetsWhatWasAskedOfTheLifeBefore()
    {
        ref var v = ref _harts[1].V;
        v.Requests = (int)(HartRequest.Interrupt | HartRequest.Fence | HartRequest.Stop);
        var ticket = v.Fences.Post(FenceRange.All);
        v.Reset(Entry, 3);
        Assert.That((v.Requests, v.Fences.IsServed(ticket), v.State), Is.EqualTo((0, true, HartState.Started)));
        v.Requests = (int)HartRequest.Fence;
        _harts[1].Mmu.Calls.Clear();
        _harts[1].Software();
        Assert.That(_harts[1].Mmu.Calls, Has.None.StartWith("fence"));
    }
}
