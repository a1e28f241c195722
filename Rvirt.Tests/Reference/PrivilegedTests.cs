using System.Collections.Generic;
using Moq;
using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Reference;

/// <summary>CSRs, traps and interrupts of the reference hart.</summary>
public sealed class PrivilegedTests
{
    private static Machine Load(string text, PrivilegeLevel mode, HartOptions? options = null)
    {
        var machine = new Machine(1 << 16, 1, options).Load(text);
        var hart = machine.Hart;
        hart.WriteCsr(CsrNumber.Medeleg, 0xb1ff);
        hart.WriteCsr(CsrNumber.Mideleg, 0x222);
        hart.WriteCsr(CsrNumber.Mcounteren, 7);
        hart.WriteCsr(CsrNumber.Stvec, 0x8000_4000);
        hart.WriteCsr(CsrNumber.Mtvec, 0x8000_8000);
        hart.Mode = mode;
        return machine;
    }

    [TestCase("csrr a0, mstatus", PrivilegeLevel.Supervisor, 0x30002573UL)]
    [TestCase("csrr a0, sstatus", PrivilegeLevel.User, 0x10002573UL)]
    [TestCase("csrw cycle, a0", PrivilegeLevel.Supervisor, 0xc0051073UL)]
    [TestCase("csrr a0, 0x5c0", PrivilegeLevel.Supervisor, 0x5c002573UL)]
    [TestCase("csrr a0, cycle", PrivilegeLevel.User, 0xc0002573UL)]
    [TestCase("csrr a0, fcsr", PrivilegeLevel.User, 0x00302573UL)]
    [TestCase("sret", PrivilegeLevel.User, 0x10200073UL)]
    [TestCase("mret", PrivilegeLevel.Supervisor, 0x30200073UL)]
    [TestCase("wfi", PrivilegeLevel.User, 0x10500073UL)]
    [TestCase("sfence.vma", PrivilegeLevel.User, 0x12000073UL)]
    [TestCase("c.unimp", PrivilegeLevel.Supervisor, 0UL)]
    [TestCase(".word 0x0000057f", PrivilegeLevel.User, 0x57fUL)]
    [TestCase("fadd.d fa0, fa0, fa0", PrivilegeLevel.User, 0x02a57553UL)]
    public void RefusesWhatAModeDoesNotHave(string text, PrivilegeLevel mode, ulong value)
    {
        using var machine = Load(text, mode);
        var hart = machine.Hart;
        hart.Run(1);
        Assert.That(hart.Mode, Is.EqualTo(PrivilegeLevel.Supervisor));
        Assert.That(hart.Pc, Is.EqualTo(0x8000_4000));
        Assert.That(hart.ReadCsr(CsrNumber.Scause), Is.EqualTo(Cause.IllegalInstruction));
        Assert.That(hart.ReadCsr(CsrNumber.Stval), Is.EqualTo(value));
        Assert.That(hart.ReadCsr(CsrNumber.Sepc), Is.EqualTo(0x8000_0000));
        Assert.That(hart.ReadCsr(CsrNumber.Sstatus) & Status.Spp, Is.EqualTo(mode == PrivilegeLevel.Supervisor ? Status.Spp : 0));
    }

    [TestCase(Status.Tvm, "csrr a0, satp")]
    [TestCase(Status.Tvm, "sfence.vma")]
    [TestCase(Status.Tsr, "sret")]
    [TestCase(Status.Tw, "wfi")]
    public void RefusesWhatMachineModeIntercepts(ulong bit, string text)
    {
        using var machine = Load(text, PrivilegeLevel.Supervisor);
        machine.Hart.WriteCsr(CsrNumber.Mstatus, bit);
        machine.Hart.Run(1);
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Scause), Is.EqualTo(Cause.IllegalInstruction));
    }

    [Test]
    public void StacksInterruptEnableAndModeOnTrapAndReturn()
    {
        using var machine = Load("ecall", PrivilegeLevel.User);
        var hart = machine.Hart;
        machine.Load(0x8000_4000, Assembler.Assemble("csrw sepc, t0; sret", 0x8000_4000));
        hart[5] = 0x8000_0101;
        hart.WriteCsr(CsrNumber.Sstatus, Status.Sie);
        hart.Run(1);
        Assert.That(hart.ReadCsr(CsrNumber.Scause), Is.EqualTo(Cause.UserCall));
        Assert.That(hart.ReadCsr(CsrNumber.Sstatus), Is.EqualTo(Status.Spie | Status.Uxl64));
        hart.Run(2);
        Assert.That(hart.Mode, Is.EqualTo(PrivilegeLevel.User));
        Assert.That(hart.Pc, Is.EqualTo(0x8000_0100), "sepc bit 0 is zero");
        Assert.That(hart.ReadCsr(CsrNumber.Sstatus), Is.EqualTo(Status.Sie | Status.Spie | Status.Uxl64));
    }

    [Test]
    public void GivesMachineModeWhatIsNotDelegated()
    {
        using var machine = Load("ecall", PrivilegeLevel.Supervisor);
        machine.Hart.Run(1);
        Assert.That(machine.Hart.Mode, Is.EqualTo(PrivilegeLevel.Machine));
        Assert.That(machine.Hart.Pc, Is.EqualTo(0x8000_8000));
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Mcause), Is.EqualTo(Cause.SupervisorCall));
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Mstatus) & Status.Mpp, Is.EqualTo(1UL << Status.MppShift));
    }

    [TestCase(0x222UL, 9)]
    [TestCase(0x022UL, 1)]
    [TestCase(0x020UL, 5)]
    public void TakesInterruptsByPriorityThroughTheVector(ulong pending, int number)
    {
        using var machine = Load("nop", PrivilegeLevel.Supervisor);
        var hart = machine.Hart;
        hart.WriteCsr(CsrNumber.Stvec, 0x8000_4001);
        hart.WriteCsr(CsrNumber.Sie, 0x222);
        hart.WriteCsr(CsrNumber.Mip, pending);
        hart.Run(1);
        Assert.That(hart.Pc, Is.EqualTo(0x8000_0004), "SIE is off");
        hart.WriteCsr(CsrNumber.Sstatus, Status.Sie);
        hart.Run(1);
        Assert.That(hart.Pc, Is.EqualTo(0x8000_4000 + (4 * (ulong)number)));
        Assert.That(hart.ReadCsr(CsrNumber.Scause), Is.EqualTo(Cause.Interrupt | (uint)number));
        Assert.That(hart.ReadCsr(CsrNumber.Sepc), Is.EqualTo(0x8000_0004));
    }

    [Test]
    public void TakesSupervisorInterruptsInUserModeWhateverSie()
    {
        using var machine = Load("nop", PrivilegeLevel.User);
        machine.Hart.WriteCsr(CsrNumber.Sie, 2);
        machine.Hart.WriteCsr(CsrNumber.Mip, 2);
        machine.Hart.Run(1);
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Scause), Is.EqualTo(Cause.Interrupt | 1));
    }

    [Test]
    public void TakesAnInterruptRightAfterTheInstructionThatAllowsIt()
    {
        using var machine = Load("csrsi sstatus, 2; nop", PrivilegeLevel.Supervisor);
        machine.Hart.WriteCsr(CsrNumber.Sie, 2);
        machine.Hart.WriteCsr(CsrNumber.Mip, 2);
        machine.Hart.Run(2);
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Sepc), Is.EqualTo(0x8000_0004));
        Assert.That(machine.Hart.Pc, Is.EqualTo(0x8000_4000));
    }

    [Test]
    public void WakesFromWfiThoughInterruptsAreOff()
    {
        using var machine = Load("wfi; li a0, 1", PrivilegeLevel.Supervisor);
        machine.Hart.WriteCsr(CsrNumber.Sie, 0x20);
        machine.Run(10);
        Assert.That(machine.Hart.Waiting);
        machine.Hart.WriteCsr(CsrNumber.Mip, 0x20);
        machine.Run(1);
        Assert.That(machine.Hart[10], Is.EqualTo(1));
    }

    [Test]
    public void JumpsAheadToTheTimerWhileItWaits()
    {
        using var machine = Load("again: wfi; j again", PrivilegeLevel.Machine);
        machine.Hart.WriteCsr(CsrNumber.Mie, Interrupts.MachineTimer);
        machine.Hart.WriteCsr(CsrNumber.Mstatus, Status.Mie);
        machine.Clint.SetCompare(0, 1_000_000);
        machine.Run(2);
        Assert.That(machine.Time(machine.Hart), Is.InRange(1_000_000, 1_000_001));
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Mcause), Is.EqualTo(Cause.Interrupt | 7));
    }

    [Test]
    public void KeepsEachCsrsLegalValues()
    {
        using var machine = Load("nop", PrivilegeLevel.Machine);
        var hart = machine.Hart;
        foreach (var (number, expected) in ((int, ulong)[])[
            (CsrNumber.Sstatus, 0x8000000200000000UL | (Status.SupervisorWritable & ~Status.Vs)), (CsrNumber.Sie, 0x222), (CsrNumber.Stvec, 0x8000_4000),
            (CsrNumber.Senvcfg, 1), (CsrNumber.Sepc, ~1UL), (CsrNumber.Medeleg, 0xb3ff), (CsrNumber.Mideleg, 0x222), (CsrNumber.Mie, 0xaaa),
            (CsrNumber.Satp, 0), (CsrNumber.Scause, ulong.MaxValue), (CsrNumber.Mepc, ~1UL), (CsrNumber.Mhartid, 0),
        ])
        {
            hart.WriteCsr(number, ulong.MaxValue);
            Assert.That(hart.ReadCsr(number), Is.EqualTo(expected), "CSR " + number.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        }

        hart.WriteCsr(CsrNumber.Satp, 0x8fff_f123_4567_89ab);
        Assert.That(hart.ReadCsr(CsrNumber.Satp), Is.EqualTo(0x8fff_f123_4567_89ab));
        hart.WriteCsr(CsrNumber.Satp, 0xb000_0000_0000_0001);
        Assert.That(hart.ReadCsr(CsrNumber.Satp), Is.EqualTo(0x8fff_f123_4567_89ab), "an unknown mode changes nothing");
    }

    [TestCase("csrrw a0, sscratch, a1", 0xf0UL, 0x3cUL)]
    [TestCase("csrrs a0, sscratch, a1", 0xf0UL, 0xfcUL)]
    [TestCase("csrrc a0, sscratch, a1", 0xf0UL, 0xc0UL)]
    [TestCase("csrrwi a0, sscratch, 0x15", 0xf0UL, 0x15UL)]
    [TestCase("csrrsi a0, sscratch, 0x15", 0xf0UL, 0xf5UL)]
    [TestCase("csrrci a0, sscratch, 0x15", 0xf0UL, 0xe0UL)]
    public void AccessesCsrsInSixWays(string text, ulong old, ulong expected)
    {
        using var machine = Load(text, PrivilegeLevel.Supervisor);
        machine.Hart.WriteCsr(CsrNumber.Sscratch, old);
        machine.Hart[11] = 0x3c;
        machine.Hart.Run(1);
        Assert.That(machine.Hart[10], Is.EqualTo(old));
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Sscratch), Is.EqualTo(expected));
    }

    [Test]
    public void CountsInstructionsThatComplete()
    {
        using var machine = Load("csrr a0, instret; nop; csrr a1, instret; ecall", PrivilegeLevel.Supervisor);
        machine.Hart.Run(4);
        Assert.That(machine.Hart[11] - machine.Hart[10], Is.EqualTo(2));
        Assert.That(machine.Hart.Retired, Is.EqualTo(3));
    }

    [Test]
    public void UsesTheModeThatMprvNames()
    {
        using var machine = Load("ld a0, 0(a1)", PrivilegeLevel.Machine);
        var hart = machine.Hart;
        hart.WriteCsr(CsrNumber.Satp, 8UL << 60);
        hart.WriteCsr(CsrNumber.Mstatus, Status.Mprv | (1UL << Status.MppShift));
        hart[11] = 0x1000;
        hart.Run(1);
        Assert.That(hart.ReadCsr(CsrNumber.Mcause), Is.EqualTo(Cause.LoadAccessFault), "root page table at 0");
    }

    [Test]
    public void EndsTheRunAndTalks()
    {
        using var machine = new Machine(1 << 16).Load("""
            li s0, 0x10000000
            li a0, 'H'
            sb a0, 0(s0)
            lbu a1, 5(s0)
            lbu a2, 0(s0)
            li s0, 0x100000
            li a0, 0x5555
            sw a0, 0(s0)
            j .
            """);
        machine.Uart.Type("x");
        machine.Run(1000);
        Assert.That(machine.Outcome, Is.EqualTo(TestFinisher.Pass));
        Assert.That(machine.Uart.Output, Is.EqualTo("H"));
        Assert.That((machine.Hart[11], machine.Hart[12]), Is.EqualTo((0x61UL, (ulong)'x')));
    }

    [Test]
    public void ADeviceSeesOfAStoreWhatIsStored()
    {
        using var machine = new Machine(1 << 16).Load("""
            li s0, 0x20000000
            li a0, -2
            sb a0, 1(s0)
            sh a0, 2(s0)
            sw a0, 4(s0)
            sd a0, 8(s0)
            wfi
            """);
        var seen = new List<(ulong Offset, int Size, ulong Value)>();
        var device = new Mock<IDevice>();
        device.Setup(it => it.TryWrite(machine.Hart, It.IsAny<ulong>(), It.IsAny<int>(), It.IsAny<ulong>()))
            .Callback((Hart? _, ulong offset, int size, ulong value) => seen.Add((offset, size, value))).Returns(true);
        machine.Attach(0x2000_0000, 16, device.Object);
        machine.Run(10);
        Assert.That(seen, Is.EqualTo([(1UL, 1, 0xfeUL), (2UL, 2, 0xfffeUL), (4UL, 4, 0xffff_fffeUL), (8UL, 8, ulong.MaxValue - 1)]));
    }

    [Test]
    public void DeliversUartInterruptsThroughThePlic()
    {
        using var machine = Load("j .", PrivilegeLevel.Supervisor);
        var hart = machine.Hart;
        machine.Plic.TryWrite(null, 40, 4, 1);
        machine.Plic.TryWrite(null, 0x2080, 4, 1 << 10);
        machine.Uart.TryWrite(null, 1, 1, 1);
        hart.WriteCsr(CsrNumber.Sie, 0x200);
        hart.WriteCsr(CsrNumber.Sstatus, Status.Sie);
        machine.Run(10);
        Assert.That(hart.Pc, Is.EqualTo(0x8000_0000));
        machine.Uart.Type("a");
        machine.Run(1);
        Assert.That(hart.ReadCsr(CsrNumber.Scause), Is.EqualTo(Cause.Interrupt | 9));
        machine.Plic.TryRead(null, 0x20_1004, 4, out var claimed);
        Assert.That(claimed, Is.EqualTo(10));
        Assert.That(hart.Pending, Is.Zero);
        machine.Plic.TryWrite(null, 0x20_1004, 4, 10);
        Assert.That(hart.Pending, Is.EqualTo(Interrupts.SupervisorExternal), "the line is still up");
    }

    [Test]
    public void RunsHartsInTurn()
    {
        using var machine = new Machine(1 << 16, 4).Load("""
            la s0, counter
            li t1, 1
            amoadd.w zero, t1, (s0)
            li t1, 4
        wait:
            lw t0, 0(s0)
            bne t0, t1, wait
            bnez a0, .
            li s0, 0x100000
            li a0, 0x5555
            sw a0, 0(s0)
        counter:
            .word 0
        """);
        machine.Run(10000);
        Assert.That(machine.Outcome, Is.EqualTo(TestFinisher.Pass));
    }
}
