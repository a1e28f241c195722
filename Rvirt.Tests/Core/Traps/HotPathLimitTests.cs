using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;

namespace Rvirt.Tests.Core.Traps;

/// <summary>What the hot path takes on itself, how far it goes from there, and what it must leave to the hart or to the rest.</summary>
public sealed class HotPathLimitTests
{
    private const uint ReadScause = 0x14202573; // csrr a0, scause

    private const uint ReadSatp = 0x18002573; // csrr a0, satp

    private const uint ReadCycle = 0xc0002573; // csrr a0, cycle

    private const uint Nop = 0x00000013;

    private const uint Sret = 0x10200073;

    private const ulong Handler = TrapMachine.Entry + 0x100;

    private static QuickOutcome Emulate(TrapMachine machine, uint instruction)
    {
        var host = new TestHost(machine.Hart);
        var mmu = new TestMmu(machine.Mmu);
        return HotPath.Emulate(ref host, ref machine.V, ref mmu, ref instruction);
    }

    private static TrapMachine WithCode(ulong address, params uint[] code)
    {
        var machine = new TrapMachine();
        machine.Mmu.AtHand = true;
        for (var i = 0; i < code.Length; i++)
        {
            machine.Hart.Code[address + ((ulong)i * 4)] = code[i];
        }

        return machine;
    }

    private static TrapMachine InUserMode(params uint[] handler)
    {
        var machine = WithCode(Handler, handler);
        machine.V.Csrs.Mode = PrivilegeMode.User;
        machine.V.Csrs.Stvec = Handler;
        machine.V.Csrs.CodePage = TrapMachine.Entry;
        return machine;
    }

    [TestCase(0x14051073u, true, TestName = "csrw sscratch, a0")]
    [TestCase(0x14151073u, true, TestName = "csrw sepc, a0")]
    [TestCase(ReadScause, true, TestName = "csrr a0, scause")]
    [TestCase(0x14302573u, true, TestName = "csrr a0, stval")]
    [TestCase(0x10016073u, true, TestName = "csrsi sstatus, 2")]
    [TestCase(0x10451073u, true, TestName = "csrw sie, a0")]
    [TestCase(ReadSatp, false, TestName = "csrr a0, satp")]
    [TestCase(0x10551073u, false, TestName = "csrw stvec, a0")]
    [TestCase(0x10500073u, false, TestName = "wfi")]
    [TestCase(0x12000073u, false, TestName = "sfence.vma")]
    [TestCase(Nop, false, TestName = "nop")]
    public void TakesTheFew(uint instruction, bool taken)
    {
        using var machine = new TrapMachine();
        Assert.That(Emulate(machine, instruction), Is.EqualTo(taken ? QuickOutcome.Done : QuickOutcome.Other));
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.Entry + (taken ? 4UL : 0)));
        Assert.That(machine.V.Csrs.CodePage, Is.EqualTo(TrapMachine.Entry), "it trapped, so the guest can execute there");
        Assert.That(machine.Mmu.Calls, Is.Empty);
    }

    [Test]
    public void AnSretToUserModeNeedsNoMoreThanItsView([Values] bool pending)
    {
        using var machine = WithCode(0);
        machine.V.Csrs.Sie = Interrupts.Timer | Interrupts.External;
        machine.V.Csrs.Sip = pending ? Interrupts.Timer : Interrupts.Software;
        Assert.That(Emulate(machine, Sret), Is.EqualTo(pending ? QuickOutcome.Other : QuickOutcome.Done));
        Assert.That(machine.V.Csrs.Mode, Is.EqualTo(pending ? PrivilegeMode.Supervisor : PrivilegeMode.User));
    }

    [TestCase(0x000UL)]
    [TestCase(0xff0UL)]
    public void AChainEndsWithThePage(ulong offset)
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        v.Pc = TrapMachine.Entry + 0xff0;
        v.Counters.Emulated = offset;
        for (var at = v.Pc; at < TrapMachine.Entry + 0x1010; at += 4)
        {
            machine.Hart.Code[at] = ReadScause;
        }

        Assert.That(Emulate(machine, ReadScause), Is.EqualTo(QuickOutcome.Done));
        Assert.That(v.Pc, Is.EqualTo(TrapMachine.Entry + 0x1000), "that the next page can be read does not say that it can be executed");
        Assert.That(v.Counters.Emulated, Is.EqualTo(offset + 4));
        Assert.That(v.Csrs.CodePage, Is.EqualTo(TrapMachine.Entry));
    }

    [Test]
    public void AnInstructionAcrossThePagesEndIsLeft()
    {
        using var machine = WithCode(TrapMachine.Entry + 0xffe, ReadScause);
        machine.V.Pc = TrapMachine.Entry + 0xffa;
        Assert.That(Emulate(machine, ReadScause), Is.EqualTo(QuickOutcome.Done));
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.Entry + 0xffe));
    }

    [Test]
    public void ALongChainComesUpForAir()
    {
        using var machine = WithCode(TrapMachine.Entry);
        for (var i = 0UL; i < 100; i++)
        {
            machine.Hart.Code[TrapMachine.Entry + (i * 4)] = ReadScause;
        }

        Assert.That(Emulate(machine, ReadScause), Is.EqualTo(QuickOutcome.Done));
        Assert.That((machine.V.Pc, machine.V.Counters.Emulated), Is.EqualTo((TrapMachine.Entry + (32 * 4), 32UL)));
    }

    [Test]
    public void ALongChainOfTheRestComesUpForAirToo()
    {
        using var machine = WithCode(TrapMachine.Entry);
        for (var i = 0UL; i < 100; i++)
        {
            machine.Hart.Code[TrapMachine.Entry + (i * 4)] = ReadSatp;
        }

        Assert.That(machine.Illegal(ReadSatp), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.Counters.Emulated), Is.EqualTo((TrapMachine.Entry + (32 * 4), 32UL)));
    }

    [TestCase(new[] { ReadScause, Nop }, 4UL, 8UL)]
    [TestCase(new[] { Nop, Nop }, 0UL, 77UL)]
    [TestCase(new[] { ReadCycle, Nop }, 0UL, 77UL, Description = "U-mode has it: the hart's own")]
    public void ASystemCallGoesOnInItsHandler(uint[] handler, ulong length, ulong a0)
    {
        using var machine = InUserMode(handler);
        machine.V.X[10] = 77;
        machine.V.Csrs.Scounteren = 2;
        machine.Hart.Scounteren = 2;
        Assert.That(machine.Trap((ulong)ExceptionCause.EnvironmentCallFromUser, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.X[10]), Is.EqualTo((Handler + length, a0)));
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Sepc, machine.V.Csrs.Mode), Is.EqualTo((8UL, TrapMachine.Entry, PrivilegeMode.Supervisor)));
        Assert.That(machine.Mmu.Calls, Is.EqualTo(["switch Supervisor sum=False mxr=False"]));
        Assert.That(machine.Hart.Scounteren, Is.EqualTo(7), "the guest's S-mode reads all counters");
    }

    [Test]
    public void AHandlerWhoseSecondHalfCannotBeReadIsLeftToTheHart()
    {
        using var machine = InUserMode(ReadScause);
        machine.Hart.CodeEnd = Handler + 2;
        machine.Trap((ulong)ExceptionCause.EnvironmentCallFromUser, 0);
        Assert.That((machine.V.Pc, machine.V.Csrs.Scause, machine.V.Counters.Emulated), Is.EqualTo((Handler, 8UL, 0UL)));
    }

    [Test]
    public void AProgramCannotSetTheTimer()
    {
        using var machine = InUserMode();
        machine.Ecall(SbiExtension.Time, 0, 0);
        Assert.That((machine.V.Csrs.Scause, machine.V.Csrs.Sip), Is.EqualTo((8UL, 0UL)));
        Assert.That((machine.V.X[17], machine.V.Counters.SbiCalls), Is.EqualTo((SbiExtension.Time, 0UL)));
    }

    [Test]
    public void ADeadlineGoneByInterruptsAtOnceWhereThatIsEnabled([Values] bool enabled)
    {
        using var machine = WithCode(0);
        ref var v = ref machine.V;
        v.Csrs.Stvec = 0x8000_1000;
        v.Csrs.Sie = Interrupts.Timer;
        v.Csrs.Sstatus = enabled ? Sstatus.Sie : 0;
        v.X[11] = 5;
        Assert.That(machine.Ecall(SbiExtension.Time, 0, 1000), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((v.X[10], v.X[11], v.Csrs.Sip, v.Counters.SbiCalls), Is.EqualTo((0UL, 0UL, Interrupts.Timer, 1UL)));
        Assert.That(v.Pc, Is.EqualTo(enabled ? 0x8000_1000 : TrapMachine.Entry + 4));
        Assert.That(v.Csrs.Sepc, Is.EqualTo(enabled ? TrapMachine.Entry + 4 : 0));
        Assert.That(v.Counters.Interrupts, Is.EqualTo(enabled ? 1 : 0));
    }

    [Test]
    public void APrivilegedInstructionOfAProgramIsNotReadAhead()
    {
        using var machine = WithCode(TrapMachine.Entry, ReadScause);
        machine.V.Csrs.Mode = PrivilegeMode.User;
        machine.V.Csrs.CodePage = TrapMachine.Entry;
        Assert.That(machine.Trap(Interrupts.CauseBit | Interrupts.TimerCause, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((machine.V.Pc, machine.V.Csrs.Scause, machine.V.Csrs.Mode), Is.EqualTo((TrapMachine.Entry, 0UL, PrivilegeMode.User)));
    }

    [Test]
    public void AnInterruptThatTheRestOfAChainUnmasksIsDelivered()
    {
        using var machine = WithCode(TrapMachine.Entry + 4, 0x10016073); // csrsi sstatus, 2
        ref var v = ref machine.V;
        v.Csrs.Stvec = 0x8000_1000;
        v.Csrs.Sie = v.Csrs.Sip = Interrupts.Software;
        machine.Illegal(ReadSatp);
        Assert.That((v.Pc, v.Csrs.Scause, v.Csrs.Sepc), Is.EqualTo((0x8000_1000UL, Interrupts.CauseBit | 1, TrapMachine.Entry + 8)));
    }

    [TestCase(ExceptionCause.InstructionPageFault, AccessKind.Fetch)]
    [TestCase(ExceptionCause.LoadPageFault, AccessKind.Load)]
    [TestCase(ExceptionCause.StorePageFault, AccessKind.Store)]
    public void AFaultThatOnlyTheShadowTablesAreBehindWithIsRefilled(ExceptionCause cause, AccessKind access)
    {
        using var machine = new TrapMachine();
        machine.Mmu.Answer = FaultResolution.Mapped;
        Assert.That(default(DeprivilegedMode<TestHost>).Classify(machine.V, (ulong)cause), Is.EqualTo(TrapKind.PageFault));
        Assert.That(machine.Trap((ulong)cause, 0x7123), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.Mmu.Calls, Is.EqualTo([$"resolve 7123 {access}"]));
        Assert.That((machine.V.Pc, machine.V.Counters.PageFaults), Is.EqualTo((TrapMachine.Entry, 1UL)));
    }

    [Test]
    public void TheMmuIsAskedOnceWhateverItAnswers(
        [Values] FaultResolution answer, [Values(ExceptionCause.InstructionPageFault, ExceptionCause.LoadPageFault, ExceptionCause.StorePageFault)] ExceptionCause cause)
    {
        using var machine = new TrapMachine();
        machine.Mmu.Answer = answer;
        machine.Trap((ulong)cause, 0x7123);
        Assert.That(machine.Mmu.Calls.Count(call => call.Contains("7123", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(machine.V.Counters.PageFaults, Is.EqualTo(1));
    }

    [Test]
    public void OnlyPageFaultsAreRefilled(
        [Values(ExceptionCause.InstructionAccessFault, ExceptionCause.LoadAccessFault, ExceptionCause.StoreAccessFault, ExceptionCause.Breakpoint)] ExceptionCause cause)
    {
        using var machine = new TrapMachine();
        Assert.That(default(DeprivilegedMode<TestHost>).Classify(machine.V, (ulong)cause), Is.Not.EqualTo(TrapKind.PageFault));
        machine.Trap((ulong)cause, 0x7123);
        Assert.That((machine.V.Csrs.Scause, machine.V.Counters.PageFaults), Is.EqualTo(((ulong)cause, 0UL)));
        Assert.That(machine.Mmu.Calls, Is.Empty);
    }

    [TestCase(0x14002573u, true, TestName = "csrr a0, sscratch would trap")]
    [TestCase(0x5c002573u, true, TestName = "csrr a0, 0x5c0 would trap")]
    [TestCase(Sret, true, TestName = "sret would trap")]
    [TestCase(0x12b50073u, true, TestName = "sfence.vma a0, a1 would trap")]
    [TestCase(0x00102573u, false, TestName = "csrr a0, fflags would not")]
    [TestCase(ReadCycle, false, TestName = "csrr a0, cycle would not")]
    [TestCase(0x30002573u, false, TestName = "csrr a0, mstatus is not looked at")]
    [TestCase(0x00000073u, false, TestName = "ecall would not")]
    [TestCase(0x10500073u, false, TestName = "wfi is not looked at")]
    [TestCase(0x1400a503u, false, TestName = "lw a0, 320(ra) would not")]
    public void KnowsWhatWouldTrap(uint instruction, bool expected) => Assert.That(PrivilegedInstruction.WouldTrap(instruction), Is.EqualTo(expected));

    [TestCase(0x12000073u, true)]
    [TestCase(0x12500073u, true)]
    [TestCase(0x12030073u, false)]
    public void AFenceOfMoreThanAPageChoosesTheViewAgain(uint instruction, bool whole)
    {
        using var machine = new TrapMachine();
        machine.Illegal(instruction);
        Assert.That(machine.Mmu.Calls.Exists(call => call.StartsWith("activate", StringComparison.Ordinal)), Is.EqualTo(whole));
        Assert.That(machine.V.Csrs.CodePage, Is.EqualTo(whole ? GuestCsrs.NoCode : TrapMachine.Entry));
    }
}
