using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference.Harts;
using Interrupts = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>What one hart of the host asks of another, and where the virtual harts that are there are meanwhile.</summary>
internal sealed unsafe class CoreKickTests
{
    private const string Spin = "here: j here\n.zero 64\n";

    // Sleeps until its software interrupt, clears that, and sleeps again.
    private const string Sleep = "li t0, 2\ncsrw sie, t0\nli s0, 0\nagain: wfi\naddi s0, s0, 1\ncsrci sip, 2\nj again\n.zero 64\n";

    private static ulong Software(SetupWorld world, int hart) => world.Machine.Harts[hart].ReadCsr(CsrNumber.Sip) & Interrupts.Software;

    [Test]
    public void WhoAsksFirstInterrupts()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Spin), world.Guest("two", Spin)]), world.Desktop.Emergency);
        world.Desktop.Run(1_000);
        var cores = world.Desktop.Record->Cores;
        CoreKick<FakeHost>.Raise(ref cores[0].Host, &cores[1], CoreRequest.Reschedule);
        Assert.That((Software(world, 0), Software(world, 1)), Is.EqualTo((0UL, Interrupts.Software)));
        cores[1].Host.ClearSoftwareInterrupt();
        CoreKick<FakeHost>.Raise(ref cores[0].Host, &cores[1], CoreRequest.Reschedule);
        Assert.That(Software(world, 1), Is.Zero, "it was told, and has not looked yet");
        Assert.That(CoreKick<FakeHost>.Take(&cores[1]), Is.EqualTo(CoreRequest.Reschedule));
        CoreKick<FakeHost>.Raise(ref cores[0].Host, &cores[1], CoreRequest.Reschedule);
        Assert.That(Software(world, 1), Is.EqualTo(Interrupts.Software), "what comes after that is new");
        world.Desktop.Run(1_000);
        Assert.That((Software(world, 1), cores[1].Requests), Is.EqualTo((0UL, 0)), "a hart in a guest takes it");
    }

    [Test]
    public void WhatWasAskedOfAHartBeforeItBeginsInterruptsItOnceItHas()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Spin), world.Guest("two", Spin)]), world.Desktop.Emergency);
        var cores = world.Desktop.Record->Cores;
        CoreKick<FakeHost>.Raise(ref cores[0].Host, &cores[1], CoreRequest.Reschedule);
        CoreKick<FakeHost>.Postpone(&cores[1]);
        Assert.That((Software(world, 1), cores[1].Requests), Is.EqualTo((Interrupts.Software, (int)CoreRequest.Reschedule)));
        Assert.That(CoreKick<FakeHost>.Take(&cores[1]), Is.EqualTo(CoreRequest.Reschedule));
        cores[0].Host.SendIpis(1, cores[1].HartId);
        CoreKick<FakeHost>.Postpone(&cores[1]);
        Assert.That(Software(world, 1), Is.Zero, "nothing was asked: what its firmware left is nobody's");
    }

    [Test]
    public void HartsHaltButTheOneThatPanics()
    {
        const string Count = "li s0, 0\nagain: addi s0, s0, 1\ncsrr t0, sscratch\nj again\n.zero 64\n";
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Count), world.Guest("two", Count)]), world.Desktop.Emergency);
        world.Desktop.Run(2_000);
        var record = world.Desktop.Record;
        CoreLife<FakeHost>.HaltOthers(ref record->Cores[0].Host, record, record->Cores[0].StackTop - 64);
        world.Desktop.Run(2_000);
        var (one, two) = (world.Desktop.Guests[0].VCpu.X[8], world.Desktop.Guests[1].VCpu.X[8]);
        Assert.That(two, Is.Positive);
        world.Desktop.Run(5_000);
        Assert.That(world.Desktop.Guests[0].VCpu.X[8], Is.GreaterThan(one));
        Assert.That(world.Desktop.Guests[1].VCpu.X[8], Is.EqualTo(two), "its hart does nothing more");
        Assert.That(world.Machine.Harts[1].ReadCsr(CsrNumber.Sie), Is.Zero);
    }

    [Test]
    public void AVirtualHartIsWhereItsStateSays()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Spin), world.Guest("two", Sleep)]), world.Desktop.Emergency);
        world.Desktop.Run(2_000);
        Assert.That(world.Desktop.Guests[0].VCpu.RunState, Is.EqualTo(RunState.Loaded));
        ref var sleeper = ref world.Desktop.Guests[1].VCpu;
        Assert.That(sleeper.RunState, Is.EqualTo(RunState.Blocked));
        var core = world.Desktop.Record->Cores;
        WorldSwitch<FakeHost>.Save(core);
        Assert.That(world.Desktop.Guests[0].VCpu.RunState, Is.EqualTo(RunState.Runnable));
        GuestLife<FakeHost>.Switch(core, (GuestHart<FakeHost>*)world.Desktop.Record->Guests->Harts[0]);
        Assert.That(world.Desktop.Guests[0].VCpu.RunState, Is.EqualTo(RunState.Loaded));
    }

    [Test]
    public void ASleepersFencesWaitForItAndAreMadeBeforeItGoesOn()
    {
        using var world = new SetupWorld();
        Assert.That(world.Boot([world.Guest("one", Spin), world.Guest("two", Sleep)]), world.Desktop.Emergency);
        world.Desktop.Run(2_000);
        ref var sleeper = ref world.Desktop.Guests[1].VCpu;
        var ticket = sleeper.Fences.Post(FenceRange.All);
        sleeper.Requests |= (int)HartRequest.Fence;
        world.Desktop.Run(2_000);
        Assert.That((sleeper.Fences.IsServed(ticket), sleeper.RunState, sleeper.X[8]), Is.EqualTo((false, RunState.Blocked, 0UL)));
        HartKick.Raise(ref world.Desktop.Record->Cores->Host, ref sleeper, HartRequest.Interrupt);
        world.Desktop.Run(2_000);
        Assert.That((sleeper.Fences.IsServed(ticket), sleeper.RunState, sleeper.X[8]), Is.EqualTo((true, RunState.Blocked, 1UL)));
    }

    [TestCase(RunState.Blocked, HartRequest.Interrupt, 0UL, true)]
    [TestCase(RunState.Blocked, HartRequest.External | HartRequest.Fence, 0UL, true)]
    [TestCase(RunState.Blocked, HartRequest.Fence, 0UL, false)]
    [TestCase(RunState.Blocked, HartRequest.None, 0UL, false)]
    [TestCase(RunState.Blocked, HartRequest.Interrupt, 1UL, false)]
    [TestCase(RunState.Parked, HartRequest.Interrupt, 0UL, false)]
    [TestCase(RunState.Loaded, HartRequest.Interrupt, 0UL, false)]
    public void AHartThatIsInterruptedMovesOnWhatSleepsWithIt(RunState state, HartRequest asked, ulong home, bool moved)
    {
        using var world = new GuestWorld(new WorldOptions { MoreHarts = -1 }, GuestPayload.Program(Spin), GuestPayload.Program(Sleep));
        world.Machine.Slice = 500;
        world.Run(1_000_000);
        var cores = world.Desktop.Record->Cores;
        ref var v = ref world.Guests[1].VCpu;
        Assert.That((world.Guests[0].VCpu.RunState, v.RunState), Is.EqualTo((RunState.Loaded, RunState.Blocked)));
        v.Enter(state);
        v.Requests = (int)asked;
        v.HostHartId = home;
        // The one that the hart runs is not its to move.
        world.Guests[0].VCpu.Requests = (int)HartRequest.Interrupt;
        Scheduler<FakeHost>.WakeAsked(cores);
        Assert.That((world.Guests[0].VCpu.RunState, v.RunState), Is.EqualTo((RunState.Loaded, moved ? RunState.Runnable : state)));
        Assert.That(world.Desktop.Record->Queue.IsContended, Is.EqualTo(moved), "and it waits for a hart");
    }
}
