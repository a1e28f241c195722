using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.Traps;
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
        machine.V.Sie = Interrupts.Timer;
        machine.V.Satp = 8UL << 60 | 0x80100;
        machine.V.Sstatus = Sstatus.Sum;
        return machine;
    }

    [Test]
    public void ARetentiveSuspendSleepsAndReturnsToItsCaller()
    {
        using var machine = Waiting();
        machine.Hart.InterruptsDuringWfi.Enqueue(Interrupts.Timer);
        Assert.That(machine.Ecall(SbiExtension.Hsm, 3, Retentive, Entry, 0x77), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.Hart.Sleeps, Is.EqualTo(1));
        Assert.That((machine.V.Pc, machine.V.X[10], machine.V.X[11]), Is.EqualTo((TrapMachine.Entry + 4, 0UL, 0UL)));
        Assert.That((machine.V.Satp, machine.V.Sstatus), Is.EqualTo((8UL << 60 | 0x80100, Sstatus.Sum)), "nothing else changes");
        Assert.That(machine.Mmu.Calls, Is.Empty);
    }

    [Test]
    public void ANonRetentiveSuspendWakesWithTranslationAndInterruptsOff()
    {
        using var machine = Waiting();
        machine.V.Sstatus |= Sstatus.Sie;
        machine.V.CodePage = 0x8020_0000;
        machine.V.Index = 0;
        machine.Hart.InterruptsDuringWfi.Enqueue(Interrupts.Timer);
        Assert.That(machine.Ecall(SbiExtension.Hsm, 3, NonRetentive, Entry, 0x77), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.X[10], machine.V.X[11]), Is.EqualTo((Entry, 0UL, 0x77UL)));
        Assert.That((machine.V.Satp, machine.V.Sstatus), Is.EqualTo((0UL, Sstatus.Sum)));
        Assert.That(machine.V.Sip, Is.EqualTo(Interrupts.Timer), "what woke it stays pending");
        Assert.That(machine.V.Scause, Is.Zero, "and is not delivered");
        Assert.That(machine.V.CodePage, Is.EqualTo(VCpu.NoCode));
        Assert.That(machine.Mmu.Calls, Is.EqualTo(new[] { "activate 0 Supervisor sum=True mxr=False" }));
    }

    [TestCase(Retentive)]
    [TestCase(NonRetentive)]
    public void ASleeperStopsWhenAnotherHartAsks(ulong kind)
    {
        using var machine = Waiting();
        machine.Hart.InterruptsDuringWfi.Enqueue(Interrupts.Software);
        machine.V.Requests = (int)HartRequest.Stop;
        Assert.That(machine.Ecall(SbiExtension.Hsm, 3, kind, Entry, 0), Is.EqualTo(TrapOutcome.Stop));
        Assert.That(machine.V.StopReason, Is.EqualTo(StopReason.Requested));
    }

    [TestCase(1UL)]
    [TestCase(0x8000_0001UL)]
    [TestCase(0x7fff_ffffUL)]
    [TestCase(0xffff_ffffUL)]
    public void OtherKindsAreRefused(ulong kind)
    {
        using var machine = Waiting();
        machine.Ecall(SbiExtension.Hsm, 3, kind, Entry, 0);
        Assert.That((long)machine.V.X[10], Is.EqualTo(-3));
        Assert.That(machine.Hart.Sleeps, Is.Zero);
    }

    [TestCase(Entry + 1)]
    [TestCase(TrapMachine.RamBase + TrapMachine.RamSize - 2)]
    [TestCase(TrapMachine.RamBase - 4)]
    public void AnEntryThatCannotHoldAnInstructionIsRefusedBeforeTheSleep(ulong entry)
    {
        using var machine = Waiting();
        machine.Ecall(SbiExtension.Hsm, 3, NonRetentive, entry, 0);
        Assert.That((long)machine.V.X[10], Is.EqualTo(-5));
        Assert.That(machine.Hart.Sleeps, Is.Zero);
        Assert.That(machine.V.Satp, Is.Not.Zero);
    }

    [Test]
    public void TheLastInstructionOfRamIsAnEntry()
    {
        using var machine = Waiting();
        machine.V.Sip = Interrupts.Timer;
        machine.Ecall(SbiExtension.Hsm, 3, NonRetentive, TrapMachine.RamBase + TrapMachine.RamSize - 4, 0);
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.RamBase + TrapMachine.RamSize - 4));
    }

    [Test]
    public void AStoppedHartIsStopped()
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Hsm, 1);
        Assert.That(machine.V.State, Is.EqualTo(HartState.Stopped));
    }
}
