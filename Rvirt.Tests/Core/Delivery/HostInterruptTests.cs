using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;
using Bits = Rvirt.Core.Privileged.Interrupts;

namespace Rvirt.Tests.Core.Delivery;

/// <summary>Each interrupt of the host becomes the guest's, and no other.</summary>
public sealed class HostInterruptTests
{
    private const ulong Interrupt = 1UL << 63;
    private const ulong Software = Interrupt | 1, Timer = Interrupt | 5, External = Interrupt | 9;

    [Test]
    public void AnExternalInterruptIsLeftToTheRunLoopAndPassedOn()
    {
        using var machine = new TrapMachine();
        Assert.That(machine.Trap(External, 0), Is.EqualTo(TrapOutcome.DeviceInterrupt));
        Assert.That((machine.V.Csrs.Sip, machine.V.Pc), Is.EqualTo((0UL, TrapMachine.Entry)));
        machine.Bus.External = true;
        machine.FollowDevices();
        Assert.That(machine.GoOn(), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Bits.External));
        Assert.That(machine.V.Counters.HostInterrupts, Is.EqualTo(1));
    }

    [Test]
    public void ATimerInterruptIsTheGuestsAndSilencesTheHosts()
    {
        using var machine = new TrapMachine();
        Assert.That(machine.Trap(Timer, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Bits.Timer));
        Assert.That(machine.Hart.Sie, Is.EqualTo(Bits.Software | Bits.External));
    }

    [TestCase(HartRequest.None, 0UL)]
    [TestCase(HartRequest.Interrupt, Bits.Software)]
    [TestCase(HartRequest.External, Bits.External)]
    [TestCase(HartRequest.Interrupt | HartRequest.External, Bits.Software | Bits.External)]
    public void ASoftwareInterruptCarriesWhatOtherHartsAsk(HartRequest request, ulong pending)
    {
        using var machine = new TrapMachine();
        machine.Hart.Sip = Bits.Software;
        machine.Bus.External = true;
        machine.V.Requests = (int)request;
        Assert.That(machine.Software(), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(pending));
        Assert.That(machine.V.Requests, Is.Zero, "each request is served once");
        Assert.That(machine.Hart.Sip, Is.Zero, "the host's interrupt is cleared");
    }

    [TestCase(Timer, Bits.Timer)]
    [TestCase(Software, Bits.Software)]
    public void WhatIsPendingAlreadyStaysPending(ulong cause, ulong bit)
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sip = bit;
        machine.V.Requests = (int)HartRequest.Interrupt;
        if (cause == Timer)
        {
            machine.Trap(cause, 0);
        }
        else
        {
            machine.Software();
        }

        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(bit));
    }

    [TestCase(External)]
    [TestCase(Timer)]
    public void RequestsWaitForTheirOwnInterrupt(ulong cause)
    {
        using var machine = new TrapMachine();
        machine.Hart.Sip = Bits.Software;
        machine.V.Requests = (int)(HartRequest.Interrupt | HartRequest.Stop);
        Assert.That(machine.Trap(cause, 0), Is.EqualTo(cause == External ? TrapOutcome.DeviceInterrupt : TrapOutcome.Resume));
        Assert.That((machine.V.Requests, machine.Hart.Sip & Bits.Software), Is.EqualTo(((int)(HartRequest.Interrupt | HartRequest.Stop), Bits.Software)));
        Assert.That(machine.V.Csrs.Sip & Bits.Software, Is.Zero);
    }

    [Test]
    public void AStopThatAnotherHartAsksForStops()
    {
        using var machine = new TrapMachine();
        machine.V.Requests = (int)(HartRequest.Stop | HartRequest.Interrupt);
        Assert.That(machine.Software(), Is.EqualTo(TrapOutcome.Stop));
        Assert.That(machine.V.StopReason, Is.EqualTo(StopReason.Requested));
    }

    [Test]
    public void AnExternalLineThatFellIsTakenBack()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sip = Bits.External | Bits.Timer;
        machine.V.Requests = (int)HartRequest.External;
        machine.Software();
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Bits.Timer));
    }

    [TestCase(External, 2UL, 9UL)]
    [TestCase(Timer, 2UL, 5UL)]
    public void WhatTheGuestEnabledIsDeliveredAtOnce(ulong cause, ulong status, ulong number)
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sie = Bits.All;
        machine.V.Csrs.Sstatus = status;
        machine.V.Csrs.Stvec = 0x8000_1000;
        if (machine.Trap(cause, 0) == TrapOutcome.DeviceInterrupt)
        {
            machine.Bus.External = true;
            machine.FollowDevices();
            machine.GoOn();
        }

        Assert.That(machine.V.Csrs.Scause, Is.EqualTo(Interrupt | number));
        Assert.That((machine.V.Pc, machine.V.Csrs.Sepc), Is.EqualTo((0x8000_1000UL, TrapMachine.Entry)));
        Assert.That((machine.V.Counters.Interrupts, machine.V.Csrs.InterruptsChanged), Is.EqualTo((1UL, false)));
    }
}
