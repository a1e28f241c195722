using System;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

public class TrapTests
{
    private const uint Sret = 0x10200073;

    private const uint Wfi = 0x10500073;

    [Test]
    public void ExceptionsSaveTheStateAndMaskInterrupts([Values] bool user, [Values] bool enabled, [Values] bool vectored)
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Mode = user ? PrivilegeMode.User : PrivilegeMode.Supervisor;
        v.Csrs.Sstatus = Sstatus.Sum | (enabled ? Sstatus.Sie : 0) | (enabled ? 0 : Sstatus.Spie) | (user ? Sstatus.Spp : 0);
        v.Csrs.Stvec = 0x8000_1000 | (vectored ? 1UL : 0);
        machine.Trap((ulong)ExceptionCause.Breakpoint, 0x1234);
        Assert.That(v.Pc, Is.EqualTo(0x8000_1000), "exceptions go to the base");
        Assert.That(v.Csrs.Sepc, Is.EqualTo(TrapMachine.Entry));
        Assert.That((v.Csrs.Scause, v.Csrs.Stval), Is.EqualTo((3UL, 0x1234UL)));
        Assert.That(v.Csrs.Sstatus, Is.EqualTo(Sstatus.Sum | (enabled ? Sstatus.Spie : 0) | (user ? 0 : Sstatus.Spp)));
        Assert.That(v.Csrs.Mode, Is.EqualTo(PrivilegeMode.Supervisor));
        Assert.That(machine.Mmu.Calls, Has.Count.EqualTo(user ? 1 : 0));
    }

    // csrr a5, sscratch is what the host still had in stval; hlv.d a0, (a1) is what stands there, and is illegal in a guest.
    [Test]
    public void WhatStandsThereCountsWhereTheHostMayReportAnotherInstruction([Values] bool prior)
    {
        const uint hlv = 0x6c05c573;
        const uint csrr = 0x140027f3;
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        machine.Hart.ReportsOtherInstructions = true;
        machine.Hart.Code[TrapMachine.Entry] = hlv;
        v.Csrs.Stvec = 0x8000_1000;
        v.Csrs.Sscratch = 0x5555;
        v.X[15] = 0x1111;
        Assert.That(machine.Illegal(prior ? csrr : hlv), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((v.X[15], v.Pc, v.Csrs.Sepc, v.Csrs.Scause, v.Csrs.Stval), Is.EqualTo((0x1111UL, 0x8000_1000UL, TrapMachine.Entry, 2UL, (ulong)hlv)));
    }

    /// <summary>The tables are asked first, and the hart where they do not tell.</summary>
    [Test]
    public void WhatStandsThereIsReadByTheTables()
    {
        const uint csrr = 0x140027f3;
        using var machine = new TrapMachine();
        machine.Hart.ReportsOtherInstructions = true;
        machine.Mmu.Code[TrapMachine.Entry] = csrr;
        machine.V.Csrs.Sscratch = 0x5555;
        Assert.That(machine.Illegal(0x6c05c573), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.X[15], machine.V.Pc), Is.EqualTo((0x5555UL, TrapMachine.Entry + 4)));
    }

    [Test]
    public void AnInstructionThatCannotBeReadAnyMoreIsTriedAgain()
    {
        using var machine = new TrapMachine();
        machine.Hart.ReportsOtherInstructions = true;
        machine.V.X[15] = 0x1111;
        Assert.That(machine.Illegal(0x140027f3), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.X[15], machine.V.Pc), Is.EqualTo((0x1111UL, TrapMachine.Entry)));
    }

    [Test]
    public void SretReturnsToTheModeBefore([Values] bool toUser, [Values] bool previous)
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Sepc = 0x4000;
        v.Csrs.Sstatus = (toUser ? 0 : Sstatus.Spp) | (previous ? Sstatus.Spie : 0);
        v.Csrs.Scounteren = 2;
        Assert.That(machine.Illegal(Sret), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(v.Pc, Is.EqualTo(0x4000));
        Assert.That(v.Csrs.Mode, Is.EqualTo(toUser ? PrivilegeMode.User : PrivilegeMode.Supervisor));
        Assert.That(v.Csrs.Sstatus, Is.EqualTo(Sstatus.Spie | (previous ? Sstatus.Sie : 0)));
        Assert.That(machine.Hart.Scounteren, Is.EqualTo(toUser ? 2 : 7));
        machine.Trap((ulong)ExceptionCause.EnvironmentCallFromUser, 0);
        Assert.That(machine.Hart.Scounteren, Is.EqualTo(7), "the guest's S-mode reads all counters");
    }

    [Test]
    public void InterruptsAreTakenByPriorityAndVector([Values(0x222UL, 0x022UL, 0x020UL)] ulong pending, [Values] bool vectored)
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Stvec = 0x8000_1000 | (vectored ? 1UL : 0);
        v.Csrs.Sip = pending;
        v.X[6] = 0x222;
        machine.Illegal(0x10431073);
        Assert.That(v.Pc, Is.EqualTo(TrapMachine.Entry + 4), "SIE is clear");
        v.X[6] = 2;
        machine.Illegal(0x10032073);
        var number = pending switch { 0x222 => 9UL, 0x022 => 1UL, _ => 5UL };
        Assert.That(v.Csrs.Scause, Is.EqualTo((1UL << 63) | number));
        Assert.That(v.Csrs.Stval, Is.Zero);
        Assert.That(v.Pc, Is.EqualTo(0x8000_1000 + (vectored ? number * 4 : 0)));
        Assert.That(v.Csrs.Sepc, Is.EqualTo(TrapMachine.Entry + 8), "the instruction that let it in has completed");
    }

    [Test]
    public void AnInterruptTheSretUnmasksComesBeforeTheNextInstruction()
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Stvec = 0x8000_1000;
        v.Csrs.Sepc = 0x4000;
        v.Csrs.Sie = Interrupts.Timer;
        v.Csrs.Sip = Interrupts.Timer;
        machine.Illegal(Sret);
        Assert.That((v.Pc, v.Csrs.Sepc, v.Csrs.Mode), Is.EqualTo((0x8000_1000UL, 0x4000UL, PrivilegeMode.Supervisor)));
    }

    [Test]
    public void UserModeGetsItsPrivilegedInstructionsBack([Values(Sret, Wfi, 0x12000073u, 0x10002573u, 0x30200073u)] uint instruction)
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Mode = PrivilegeMode.User;
        machine.Illegal(instruction);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Stval), Is.EqualTo((2UL, (ulong)instruction)));
    }

    [Test]
    public void ChainedInstructionsAreEmulatedInOneTrap()
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Scause = 5;
        machine.Hart.Code[TrapMachine.Entry + 4] = 0x14202573; // csrr a0, scause
        machine.Hart.Code[TrapMachine.Entry + 8] = 0x00301073; // csrw fcsr, x0: the hart's own
        machine.Illegal(0x14051073);
        Assert.That(v.Pc, Is.EqualTo(TrapMachine.Entry + 8));
        Assert.That(v.X[10], Is.EqualTo(5));
        Assert.That(v.Counters.Emulated, Is.EqualTo(2));
    }

    /// <summary>What can be read cannot always be executed: the guest's next instruction is emulated ahead only in the page of one that ran.</summary>
    [TestCase(0x10200073u, 0x8020_1000UL, TestName = "sret to another page")]
    [TestCase(0x10200073u, 0x8020_0ffeUL, TestName = "sret to an instruction that crosses into another page")]
    [TestCase(0x12000073u, TrapMachine.Entry + 4, TestName = "sfence.vma")]
    [TestCase(0x18031073u, TrapMachine.Entry + 4, TestName = "csrw satp")]
    public void NothingIsEmulatedAheadWhereTheGuestMayNotExecute(uint instruction, ulong next)
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Csrs.Sstatus = Sstatus.Spp;
        v.Csrs.Sepc = next;
        v.Csrs.Scause = 5;
        machine.Hart.Code[next] = 0x14202573; // csrr a0, scause
        machine.Illegal(instruction);
        Assert.That((v.Pc, v.X[10]), Is.EqualTo((next, 0UL)));
    }

    [Test]
    public void AnEndlessChainStillReturns()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sepc = TrapMachine.Entry;
        machine.V.Csrs.Sstatus = Sstatus.Spp;
        machine.Hart.Code[TrapMachine.Entry] = Sret;
        for (var i = 0; i < 3; i++)
        {
            machine.V.Csrs.Sstatus |= Sstatus.Spp;
            machine.V.Csrs.Mode = PrivilegeMode.Supervisor;
            Assert.That(machine.Illegal(Sret), Is.EqualTo(TrapOutcome.Resume));
        }
    }

    [Test]
    public void WfiWaitsForAnEnabledInterrupt()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sie = Interrupts.External;
        Assert.That(machine.Illegal(Wfi), Is.EqualTo(TrapOutcome.Idle));
        Assert.That((machine.Hart.Sleeps, machine.V.State), Is.EqualTo((0, HartState.Started)), "who handles the trap does not sleep");
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.Entry + 4), "and leaves nothing to do to who wakes it");
        Assert.That(machine.TryWake(), Is.False);
        machine.Timer();
        Assert.That(machine.TryWake(), Is.False, "it is not enabled");
        machine.Bus.External = true;
        machine.FollowDevices();
        Assert.That(machine.TryWake());
        Assert.That(machine.V.Csrs.Sip, Is.EqualTo(Interrupts.External | Interrupts.Timer));
    }

    [TestCase(true, TrapMachine.Entry + 4, 0x8030_0000UL, TestName = "and takes it where it may")]
    [TestCase(false, 0UL, TrapMachine.Entry + 4, TestName = "and goes on where it may not")]
    public void WfiWithAnInterruptPendingDoesNotSleep(bool enabled, ulong sepc, ulong pc)
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sie = Interrupts.Timer;
        machine.Raise(Interrupts.Timer);
        machine.V.Csrs.Stvec = 0x8030_0000;
        machine.V.Csrs.Sstatus = enabled ? Sstatus.Sie : 0;
        Assert.That(machine.Illegal(Wfi), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Csrs.Sepc, machine.V.Pc, machine.Hart.Sleeps), Is.EqualTo((sepc, pc, 0)));
    }

    [Test]
    public void ASleeperStopsWhenAnotherHartAsks()
    {
        using var machine = new TrapMachine();
        machine.V.Csrs.Sie = Interrupts.Timer;
        Assert.That(machine.Illegal(Wfi), Is.EqualTo(TrapOutcome.Idle));
        machine.V.Requests = (int)HartRequest.Stop;
        Assert.That(machine.ServeHarts(), Is.EqualTo(TrapOutcome.Stop));
        Assert.That(machine.V.StopReason, Is.EqualTo(StopReason.Requested));
    }

    [Test]
    public void FencesNameWhatTheirOperandsName()
    {
        using var machine = new TrapMachine();
        machine.V.X[5] = 0x1_0005;
        machine.V.X[6] = 0x7000;
        machine.Illegal(0x12000073);
        machine.Illegal(0x12500073);
        machine.Illegal(0x12030073);
        machine.Illegal(0x12530073);
        Assert.That(machine.Mmu.Calls.FindAll(c => c.StartsWith("fence", StringComparison.Ordinal)),
            Is.EqualTo(["fence", "fence asid 5", "fence page 7000", "fence page 7000 asid 5"]));
    }

    [Test]
    public void ZeroStvalMeansTheInstructionIsFetched()
    {
        using var machine = new TrapMachine();
        machine.Hart.Code[TrapMachine.Entry] = 0x14202573;
        machine.V.Csrs.Scause = 9;
        machine.Illegal(0);
        Assert.That(machine.V.X[10], Is.EqualTo(9));
        using var vanished = new TrapMachine();
        vanished.Illegal(0);
        Assert.That((vanished.V.Pc, vanished.V.Csrs.Scause), Is.EqualTo((TrapMachine.Entry, 0UL)), "a fetch that fails runs the instruction again");
    }

    [TestCase(ExceptionCause.InstructionPageFault, ExceptionCause.InstructionAccessFault)]
    [TestCase(ExceptionCause.LoadPageFault, ExceptionCause.LoadAccessFault)]
    [TestCase(ExceptionCause.StorePageFault, ExceptionCause.StoreAccessFault)]
    public void PageFaultsBecomeTheGuestsOwn(ExceptionCause pageFault, ExceptionCause accessFault)
    {
        using var machine = new TrapMachine();
        machine.Mmu.Answer = FaultResolution.GuestPageFault;
        machine.Trap((ulong)pageFault, 0xabc);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Stval), Is.EqualTo(((ulong)pageFault, 0xabcUL)));
        machine.Mmu.Answer = FaultResolution.GuestAccessFault;
        machine.Trap((ulong)pageFault, 0xdef);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Stval), Is.EqualTo(((ulong)accessFault, 0xdefUL)));
        machine.V.Pc = 0x5000;
        machine.Mmu.Answer = FaultResolution.Mapped;
        Assert.That(machine.Trap((ulong)pageFault, 0xdef), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.V.Pc, Is.EqualTo(0x5000));
        machine.Mmu.Answer = FaultResolution.Contended;
        Assert.That(machine.Trap((ulong)pageFault, 0xdef), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.Csrs.Stval), Is.EqualTo((0x5000UL, 0xdefUL)), "the guest runs into it again");
        machine.Mmu.Answer = FaultResolution.WindowCollision;
        Assert.That(machine.Trap((ulong)pageFault, 0xdef), Is.EqualTo(TrapOutcome.Stop));
        Assert.That(machine.V.StopReason, Is.EqualTo(StopReason.WindowCollision));
        Assert.That(machine.V.Counters.PageFaults, Is.EqualTo(5));
    }

    [Test]
    public void ACauseThatCannotBeIsTheHypervisorsBug([Values(9UL, 11UL, 14UL, 24UL, (1UL << 63) | 3)] ulong cause)
    {
        using var machine = new TrapMachine();
        Assert.That(machine.Trap(cause, 0), Is.EqualTo(TrapOutcome.HostBug));
    }
}
