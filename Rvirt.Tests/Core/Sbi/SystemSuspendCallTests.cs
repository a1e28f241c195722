using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>System suspend (SBI 2.0 §13): numbers, errors and the state at the resume are the specification's, written out.</summary>
public sealed unsafe class SystemSuspendCallTests
{
    private const ulong Susp = 0x53555350;

    private const long InvalidParam = -3, Denied = -4, InvalidAddress = -5;

    private const ulong Entry = TrapMachine.RamBase + 0x200;

    private static TrapMachine Running()
    {
        var machine = new TrapMachine();
        machine.V.Csrs.Sie = Interrupts.External;
        machine.V.Csrs.Satp = (8UL << 60) | 0x80100;
        machine.V.Csrs.Sstatus = Sstatus.Sie;
        return machine;
    }

    private static void IsRefused(TrapMachine machine, long error)
    {
        Assert.That(((long)machine.V.X[10], machine.V.X[11], machine.V.Pc), Is.EqualTo((error, 0UL, TrapMachine.Entry + 4)));
        Assert.That((machine.V.State, machine.V.Waits, machine.V.Csrs.Satp), Is.EqualTo((HartState.Started, false, (8UL << 60) | 0x80100)));
    }

    [Test]
    public void TheBaseExtensionSaysThatItIsThere()
    {
        using var machine = new TrapMachine();
        machine.Ecall(0x10, 3, Susp);
        Assert.That((machine.V.X[10], machine.V.X[11]), Is.EqualTo((0UL, 1UL)));
    }

    [TestCase(0UL)]
    [TestCase(0xabcd_0000_0000_0000UL, Description = "sleep_type has 32 bits")]
    public void SleepsUntilAnEnabledInterruptAndResumesWithTranslationAndInterruptsOff(ulong type)
    {
        using var machine = Running();
        Assert.That(machine.Ecall(Susp, 0, type, Entry, 0xfeed_face_1234_5678), Is.EqualTo(TrapOutcome.Idle));
        Assert.That(machine.TryWake(), Is.False, "nothing is pending");
        machine.V.Csrs.Sip = Interrupts.Timer;
        Assert.That(machine.TryWake(), Is.False, "nor is it enabled");
        machine.V.Csrs.Sip = Interrupts.External;
        Assert.That((machine.TryWake(), machine.V.State), Is.EqualTo((true, HartState.Started)));
        Assert.That(machine.GoOn(), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.X[10], machine.V.X[11]), Is.EqualTo((Entry, 0UL, 0xfeed_face_1234_5678UL)));
        Assert.That((machine.V.Csrs.Satp, machine.V.Csrs.Sstatus & Sstatus.Sie, machine.V.Csrs.Scause), Is.EqualTo((0UL, 0UL, 0UL)), "and is not delivered");
    }

    [Test]
    public void AnInterruptThatIsThereAlreadyWakesAtOnce()
    {
        using var machine = Running();
        machine.V.Csrs.Sip = Interrupts.External;
        Assert.That(machine.Ecall(Susp, 0, 0, Entry, 7), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.X[11], machine.V.Csrs.Satp), Is.EqualTo((Entry, 7UL, 0UL)));
    }

    [TestCase(1UL)]
    [TestCase(0x7fff_ffffUL)]
    [TestCase(0x8000_0000UL, Description = "the platform's, which has none")]
    [TestCase(0xffff_ffffUL)]
    [TestCase(0x1_0000_0001UL)]
    [TestCase(ulong.MaxValue)]
    public void OtherSleepTypesAreInvalid(ulong type)
    {
        using var machine = Running();
        machine.Ecall(Susp, 0, type, Entry, 0);
        IsRefused(machine, InvalidParam);
        machine.V.Pc = TrapMachine.Entry;
        machine.Ecall(Susp, 0, type, 0, 0);
        IsRefused(machine, InvalidParam);
    }

    [TestCase(0UL)]
    [TestCase(Entry + 1)]
    [TestCase(TrapMachine.RamBase - 4)]
    [TestCase(TrapMachine.RamBase + TrapMachine.RamSize)]
    [TestCase(TrapMachine.RamBase + TrapMachine.RamSize - 2)]
    [TestCase(Entry | (1UL << 32))]
    [TestCase(Entry | (1UL << 63))]
    [TestCase(ulong.MaxValue - 1)]
    public void AResumeAddressMustHoldAnInstruction(ulong entry)
    {
        using var machine = Running();
        machine.Ecall(Susp, 0, 0, entry, 0);
        IsRefused(machine, InvalidAddress);
    }

    [TestCase(HartState.Started)]
    [TestCase(HartState.StartPending)]
    [TestCase(HartState.Suspended)]
    public void IsDeniedWhileAnotherHartIsNotStopped(HartState state)
    {
        using var machine = Running();
        using var stopped = new TrapMachine();
        using var other = new TrapMachine();
        fixed (VCpu* self = &machine.V, second = &stopped.V, third = &other.V)
        {
            var siblings = stackalloc VCpu*[] { second, self, third };
            machine.V.Siblings = siblings;
            machine.V.GuestHarts = 3;
            machine.V.Index = 1;
            stopped.V.State = HartState.Stopped;
            other.V.State = state;
            machine.Ecall(Susp, 0, 0, Entry, 0);
            IsRefused(machine, Denied);
            machine.V.Pc = TrapMachine.Entry;
            machine.Ecall(Susp, 0, 0, Entry + 1, 0);
            IsRefused(machine, InvalidAddress);

            other.V.State = HartState.Stopped;
            Assert.That(machine.Ecall(Susp, 0, 0, Entry, 0), Is.EqualTo(TrapOutcome.Idle));
            Assert.That(machine.V.X[10], Is.EqualTo(1UL), "its hart id");
        }
    }

    [TestCase(1UL)]
    [TestCase(1UL << 32)]
    [TestCase(ulong.MaxValue)]
    public void OtherFunctionsAreNotSupported(ulong function)
    {
        using var machine = Running();
        machine.Ecall(Susp, function, 0, Entry, 0);
        IsRefused(machine, -2);
    }
}
