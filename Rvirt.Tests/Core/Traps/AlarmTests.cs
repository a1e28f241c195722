using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

/// <summary>The hart has one timer; the guest's own timer and the alarm of its clock share it, and neither loses anything to the other.</summary>
public class AlarmTests
{
    private const uint StoreWord = 0x00b52023; // sw a1, 0(a0)
    private const ulong Device = 0x10_1008;

    private static void SetAlarm(TrapMachine machine, ulong deadline)
    {
        machine.Hart.Code[machine.V.Pc] = StoreWord;
        machine.V.X[10] = Device;
        machine.Mmu.Answer = FaultResolution.NotMemory;
        machine.Mmu.GuestAddress = Device;
        machine.Bus.Alarm = deadline;
        machine.Bus.Event = GuestEvent.Alarm;
        Assert.That(machine.Trap((ulong)ExceptionCause.StorePageFault, Device), Is.EqualTo(TrapOutcome.Resume));
    }

    private static void SetTimer(TrapMachine machine, ulong deadline) => machine.Ecall(SbiExtension.Time, 0, deadline);

    // The timer fires at a time, and the bus then says when the alarm comes next.
    private static void Fire(TrapMachine machine, ulong time, ulong alarm = ulong.MaxValue)
    {
        machine.Hart.Time = time;
        machine.Bus.Alarm = alarm;
        Assert.That(machine.Trap(Interrupts.CauseBit | Interrupts.TimerCause, 0), Is.EqualTo(TrapOutcome.Resume));
    }

    private static bool IsTimerPending(TrapMachine machine) => (machine.V.Csrs.Sip & Interrupts.Timer) != 0;

    private static bool IsTimerOn(TrapMachine machine) => (machine.Hart.Sie & Interrupts.Timer) != 0;

    [Test]
    public void AnAlarmAloneRingsAndRaisesNoTimerInterrupt()
    {
        using var machine = new TrapMachine();
        machine.Hart.Sie = 0;
        SetAlarm(machine, 5000);
        Assert.That((machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((5000UL, true)));
        machine.Bus.External = true;
        Fire(machine, 5000);
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.External));
        Assert.That((machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((ulong.MaxValue, false)));
    }

    [TestCase(4000UL, 5000UL)]
    [TestCase(5000UL, 5000UL)]
    [TestCase(6000UL, 5000UL)]
    public void TheTimerIsSetToTheEarlierOfBoth(ulong deadline, ulong alarm)
    {
        using var machine = new TrapMachine();
        SetTimer(machine, deadline);
        SetAlarm(machine, alarm);
        Assert.That(machine.Hart.Timer, Is.EqualTo(deadline < alarm ? deadline : alarm));
        using var other = new TrapMachine();
        SetAlarm(other, alarm);
        SetTimer(other, deadline);
        Assert.That(other.Hart.Timer, Is.EqualTo(deadline < alarm ? deadline : alarm));
    }

    [Test]
    public void AnAlarmBeforeTheTimerLeavesTheTimerItsTime()
    {
        using var machine = new TrapMachine();
        SetTimer(machine, 9000);
        SetAlarm(machine, 5000);
        Fire(machine, 5001);
        Assert.That((IsTimerPending(machine), machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((false, 9000UL, true)));
        Fire(machine, 9000);
        Assert.That(IsTimerPending(machine));
    }

    [Test]
    public void ATimerBeforeTheAlarmLeavesTheAlarmItsTime()
    {
        using var machine = new TrapMachine();
        SetTimer(machine, 5000);
        SetAlarm(machine, 9000);
        Fire(machine, 5000, alarm: 9000);
        Assert.That((IsTimerPending(machine), machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((true, 9000UL, true)));
        SetTimer(machine, 20_000);
        Assert.That((IsTimerPending(machine), machine.Hart.Timer), Is.EqualTo((false, 9000UL)));
        machine.Bus.Calls.Clear();
        Fire(machine, 9000);
        Assert.That(machine.Bus.Calls, Is.EqualTo(["alarm"]));
        Assert.That((IsTimerPending(machine), machine.Hart.Timer), Is.EqualTo((false, 20_000UL)));
    }

    [Test]
    public void BothAtOnceAreBothServed()
    {
        using var machine = new TrapMachine();
        SetTimer(machine, 5000);
        SetAlarm(machine, 5000);
        Fire(machine, 5000);
        Assert.That((IsTimerPending(machine), machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((true, ulong.MaxValue, false)));
    }

    [Test]
    public void ATimerGoneByKeepsTheAlarm()
    {
        using var machine = new TrapMachine();
        SetTimer(machine, 8000);
        SetAlarm(machine, 9000);
        SetTimer(machine, 1000);
        Assert.That(IsTimerPending(machine));
        // What the hart's timer was set to before comes first, and means nothing any more.
        Fire(machine, 8000, alarm: 9000);
        Assert.That((IsTimerPending(machine), machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((true, 9000UL, true)));
        machine.Bus.Calls.Clear();
        Fire(machine, 9000);
        Assert.That(machine.Bus.Calls, Is.EqualTo(["alarm"]));
    }

    [Test]
    public void AnAlarmTakenBackLeavesTheTimerAlone()
    {
        using var machine = new TrapMachine();
        SetTimer(machine, 9000);
        SetAlarm(machine, 5000);
        SetAlarm(machine, ulong.MaxValue);
        Assert.That((IsTimerPending(machine), machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((false, 9000UL, true)));
        Fire(machine, 9000);
        Assert.That((IsTimerPending(machine), IsTimerOn(machine)), Is.EqualTo((true, false)));
    }

    [Test]
    public void AnAlarmTakenBackWhileTheTimerIsPendingRaisesNoMoreInterrupts()
    {
        using var machine = new TrapMachine();
        SetAlarm(machine, 5000);
        SetTimer(machine, 10);
        SetAlarm(machine, ulong.MaxValue);
        Assert.That((IsTimerPending(machine), machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((true, ulong.MaxValue, false)));
        SetTimer(machine, 7000);
        Assert.That((IsTimerPending(machine), machine.Hart.Timer, IsTimerOn(machine)), Is.EqualTo((false, 7000UL, true)));
    }

    [Test]
    public void WithoutAnAlarmNobodyAsksForIt()
    {
        using var machine = new TrapMachine();
        SetTimer(machine, 5000);
        machine.Bus.Calls.Clear();
        Fire(machine, 5000);
        Assert.That(machine.Bus.Calls, Is.Empty);
        Assert.That(IsTimerPending(machine));
    }

    [Test]
    public void AnAlarmEndsASleep()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sie = Interrupts.External;
        SetAlarm(machine, 5000);
        machine.Hart.Time = 5000;
        machine.Bus.Alarm = ulong.MaxValue;
        machine.Bus.External = true;
        var pc = machine.V.Pc;
        Assert.That(machine.Illegal(0x10500073), Is.EqualTo(TrapOutcome.Idle));
        Assert.That(machine.TryWake(), Is.False);
        machine.Timer();
        Assert.That((machine.TryWake(), machine.V.Pc), Is.EqualTo((true, pc + 4)));
    }

    [Test]
    public void AStartForgetsBoth()
    {
        using var machine = new TrapMachine();
        SetTimer(machine, 9000);
        SetAlarm(machine, 5000);
        machine.V.Reset(TrapMachine.Entry, 0);
        Assert.That((machine.V.Deadline, machine.V.Alarm), Is.EqualTo((ulong.MaxValue, ulong.MaxValue)));
    }
}
