using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>Suspends of a hart (SBI 2.0 §9.5): how it sleeps and as what it wakes.</summary>
public sealed class SuspendCallTests
{
    private const ulong Retentive = 0;

    private const ulong NonRetentive = 0x8000_0000;

    private const ulong Entry = TrapMachine.RamBase + 0x200;

    private static TrapMachine Waiting()
    {
        var machine = new TrapMachine();
        machine.V.Csrs.Sie = Interrupts.Timer;
        machine.V.Csrs.Satp = (8UL << 60) | 0x80100;
        machine.V.Csrs.Sstatus = Sstatus.Sum;
        return machine;
    }

    [Test]
    public void ARetentiveSuspendSleepsAndReturnsToItsCaller()
    {
        using var machine = Waiting();
        Assert.That(machine.Ecall(SbiExtension.Hsm, 3, Retentive, Entry, 0x77), Is.EqualTo(TrapOutcome.Idle));
        Assert.That((machine.Hart.Sleeps, machine.V.State), Is.EqualTo((0, HartState.Suspended)), "who handles the trap does not sleep");
        Assert.That(machine.TryWake(), Is.False, "nothing is pending");
        machine.V.Csrs.Sip = Interrupts.Software;
        Assert.That(machine.TryWake(), Is.False, "nor is it enabled");
        machine.V.Csrs.Sip = Interrupts.Timer;
        Assert.That((machine.TryWake(), machine.V.State), Is.EqualTo((true, HartState.Started)));
        Assert.That(machine.GoOn(), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.X[10], machine.V.X[11]), Is.EqualTo((TrapMachine.Entry + 4, 0UL, 0UL)));
        Assert.That((machine.V.Csrs.Satp, machine.V.Csrs.Sstatus), Is.EqualTo(((8UL << 60) | 0x80100, Sstatus.Sum)), "nothing else changes");
        Assert.That(machine.Mmu.Calls, Is.Empty);
    }

    [Test]
    public void ANonRetentiveSuspendWakesWithTranslationAndInterruptsOff()
    {
        using var machine = Waiting();
        machine.V.Csrs.Sstatus |= Sstatus.Sie;
        machine.V.Csrs.CodePage = 0x8020_0000;
        machine.V.Index = 0;
        Assert.That(machine.Ecall(SbiExtension.Hsm, 3, NonRetentive, Entry, 0x77), Is.EqualTo(TrapOutcome.Idle));
        Assert.That(machine.V.State, Is.EqualTo(HartState.Suspended));
        machine.V.Csrs.Sip = Interrupts.Timer;
        Assert.That((machine.TryWake(), machine.V.State), Is.EqualTo((true, HartState.Started)));
        Assert.That(machine.GoOn(), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.X[10], machine.V.X[11]), Is.EqualTo((Entry, 0UL, 0x77UL)));
        Assert.That((machine.V.Csrs.Satp, machine.V.Csrs.Sstatus), Is.EqualTo((0UL, Sstatus.Sum)));
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.Timer), "what woke it stays pending");
        Assert.That(machine.V.Csrs.Scause, Is.Zero, "and is not delivered");
        Assert.That(machine.V.Csrs.CodePage, Is.EqualTo(GuestCsrs.NoCode));
        Assert.That(machine.Mmu.Calls, Is.EqualTo(["activate 0 Supervisor sum=True mxr=False"]));
    }

    [TestCase(Retentive, TrapMachine.Entry + 4)]
    [TestCase(NonRetentive, Entry)]
    public void ASuspendWithAnInterruptPendingDoesNotSleep(ulong kind, ulong pc)
    {
        using var machine = Waiting();
        machine.V.Csrs.Sip = Interrupts.Timer;
        Assert.That(machine.Ecall(SbiExtension.Hsm, 3, kind, Entry, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.State, machine.V.Pc), Is.EqualTo((HartState.Started, pc)));
    }

    [Test]
    public void ASleepersStateIsSeenByAnother()
    {
        using var machine = Waiting();
        machine.Ecall(SbiExtension.Hsm, 3, Retentive, 0, 0);
        // What a sibling's call would read of it.
        machine.Ecall(SbiExtension.Hsm, 2, 0);
        Assert.That((machine.V.X[10], machine.V.X[11]), Is.EqualTo((0UL, 4UL)), "SBI 2.0 §9.4: SUSPENDED is 4");
    }

    [TestCase(1UL)]
    [TestCase(0x8000_0001UL)]
    [TestCase(0x7fff_ffffUL)]
    [TestCase(0xffff_ffffUL)]
    public void OtherKindsAreRefused(ulong kind)
    {
        using var machine = Waiting();
        machine.Ecall(SbiExtension.Hsm, 3, kind, Entry, 0);
        Assert.That(((long)machine.V.X[10], machine.V.State), Is.EqualTo((-3L, HartState.Started)));
    }

    [TestCase(Entry + 1)]
    [TestCase(TrapMachine.RamBase + TrapMachine.RamSize - 2)]
    [TestCase(TrapMachine.RamBase - 4)]
    public void AnEntryThatCannotHoldAnInstructionIsRefusedBeforeTheSleep(ulong entry)
    {
        using var machine = Waiting();
        machine.Ecall(SbiExtension.Hsm, 3, NonRetentive, entry, 0);
        Assert.That(((long)machine.V.X[10], machine.V.State), Is.EqualTo((-5L, HartState.Started)));
        Assert.That(machine.V.Csrs.Satp, Is.Not.Zero);
    }

    [Test]
    public void TheLastInstructionOfRamIsAnEntry()
    {
        using var machine = Waiting();
        machine.V.Csrs.Sip = Interrupts.Timer;
        machine.Ecall(SbiExtension.Hsm, 3, NonRetentive, TrapMachine.RamBase + TrapMachine.RamSize - 4, 0);
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.RamBase + TrapMachine.RamSize - 4));
    }
}
