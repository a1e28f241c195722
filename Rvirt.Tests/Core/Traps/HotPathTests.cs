using System.Collections.Generic;
using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;

namespace Rvirt.Tests.Core.Traps;

/// <summary>The hot path does what the rest of trap handling does, and what it leaves it has not touched.</summary>
public sealed class HotPathTests
{
    private const uint Sret = 0x10200073;

    private static readonly uint[] s_numbers = [Csr.Sstatus, Csr.Sie, Csr.Stvec, Csr.Sscratch, Csr.Sepc, Csr.Scause, Csr.Stval, Csr.Sip, Csr.Satp, 0x7c0];

    private static readonly Gen<uint> s_instruction = Gen.Frequency(
        (6, Gen.Select(Gen.Int[0, 9].Select(i => s_numbers[i]), Gen.UInt[0, 31], Gen.UInt[1, 3].Select(Gen.UInt[0, 1], (operation, immediate) => operation | (immediate << 2)), Gen.UInt[0, 31],
            (number, rs1, form, rd) => (number << 20) | (rs1 << 15) | (form << 12) | (rd << 7) | 0x73)),
        (2, Gen.Const(Sret)),
        (1, Gen.UInt));

    private static readonly Gen<ulong> s_status = Gen.ULong.Select(bits => bits & 0xc0122);

    private static readonly Gen<Setting> s_setting = Gen.Select(
        s_instruction,
        s_status,
        Gen.Select(Gen.ULong[0, 7], Gen.ULong[0, 7], (sip, sie) => (Spread(sip), Spread(sie))),
        Gen.Select(Gen.ULong, s_status, (value, status) => (value & 1) == 0 ? value : status),
        Gen.ULong[0, 7],
        Gen.Bool,
        Gen.ULong[0, 3],
        (instruction, status, interrupts, operand, counters, user, fs) =>
            new Setting(instruction, status, interrupts.Item1, interrupts.Item2, operand, counters, user, fs << 13).WithoutOverdueInterrupts());

    [Test]
    public void AgreesWithTheRestOnEveryPrivilegedInstruction() =>
        s_setting.ForAll(setting => Assert.That(Run(setting, atHand: true), Is.EqualTo(Run(setting, atHand: false)), setting.ToString()), iter: 20_000);

    [Test]
    public void AgreesWithTheRestOnSystemCalls() =>
        s_setting.ForAll(
            setting => Assert.That(
                Run((setting with { Instruction = 0, User = true }).WithoutOverdueInterrupts(), atHand: true),
                Is.EqualTo(Run((setting with { Instruction = 0, User = true }).WithoutOverdueInterrupts(), atHand: false)),
                setting.ToString()),
            iter: 5_000);

    [TestCase(0x0005a503u, 2, 0xffffffff89abcdefUL, 4UL, TestName = "lw a0, 0(a1)")]
    [TestCase(0x0005e503u, 2, 0x89abcdefUL, 4UL, TestName = "lwu a0, 0(a1)")]
    [TestCase(0x00059503u, 1, 0xffffffffffffcdefUL, 4UL, TestName = "lh a0, 0(a1)")]
    [TestCase(0x0005d503u, 1, 0xcdefUL, 4UL, TestName = "lhu a0, 0(a1)")]
    [TestCase(0x00058503u, 0, 0xffffffffffffffefUL, 4UL, TestName = "lb a0, 0(a1)")]
    [TestCase(0x0005c503u, 0, 0xefUL, 4UL, TestName = "lbu a0, 0(a1)")]
    [TestCase(0x0005b503u, 3, 0x0123456789abcdefUL, 4UL, TestName = "ld a0, 0(a1)")]
    [TestCase(0x00004188u, 2, 0xffffffff89abcdefUL, 2UL, TestName = "c.lw a0, 0(a1)")]
    public void LoadsFromDevicesQuickly(uint instruction, int width, ulong expected, ulong length)
    {
        using var machine = DeviceMachine(instruction);
        Assert.That(machine.Trap((ulong)ExceptionCause.LoadPageFault, 0x5000_0000), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(machine.V.X[10], Is.EqualTo(expected));
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.Entry + length));
        Assert.That(machine.Bus.Calls, Is.EqualTo([$"quick 1000 {1 << width}"]));
        Assert.That(machine.Mmu.Calls, Is.EqualTo(["resolve 50000000 Load"]));
    }

    [TestCase(0x0045a503u, 4, TestName = "lw a0, 4(a1)")]
    [TestCase(0xffc5a503u, -4, TestName = "lw a0, -4(a1)")]
    [TestCase(0x000041c8u, 4, TestName = "c.lw a0, 4(a1)")]
    [TestCase(0x00004588u, 8, TestName = "c.lw a0, 8(a1)")]
    [TestCase(0x000041a8u, 64, TestName = "c.lw a0, 64(a1)")]
    [TestCase(0x00005de8u, 124, TestName = "c.lw a0, 124(a1)")]
    public void LoadsFromDevicesQuicklyAtAnOffset(uint instruction, int offset)
    {
        using var machine = DeviceMachine(instruction);
        machine.V.X[11] = 0x5000_0000 - (ulong)(long)offset;
        machine.Trap((ulong)ExceptionCause.LoadPageFault, 0x5000_0000);
        Assert.That(machine.V.X[10], Is.EqualTo(0xffffffff89abcdef));
        Assert.That(machine.V.Counters.Mmio, Is.EqualTo(1));
        Assert.That(machine.Mmu.Calls, Is.EqualTo(["resolve 50000000 Load"]));
    }

    [Test]
    public void LoadsQuicklyWhereTheUpperHalfIsZero()
    {
        using var machine = DeviceMachine(0x0000a503); // lw a0, 0(ra)
        machine.V.X[1] = 0x5000_0000;
        machine.Trap((ulong)ExceptionCause.LoadPageFault, 0x5000_0000);
        Assert.That(machine.V.X[10], Is.EqualTo(0xffffffff89abcdef));
        Assert.That(machine.Mmu.Calls, Is.EqualTo(["resolve 50000000 Load"]));
    }

    [Test]
    public void LeavesALoadWhoseUpperHalfCannotBeRead()
    {
        using var machine = DeviceMachine(0x0005a503);
        machine.Hart.CodeEnd = TrapMachine.Entry + 2;
        Assert.That(ReadQuickly(machine), Is.False);
        Assert.That(machine.Bus.Calls, Is.Empty);
        Assert.That((machine.V.Pc, machine.V.X[10]), Is.EqualTo((TrapMachine.Entry, 0UL)));
    }

    [Test]
    public void ALoadIntoX0LeavesIt()
    {
        using var machine = DeviceMachine(0x0005a003);
        machine.Trap((ulong)ExceptionCause.LoadPageFault, 0x5000_0000);
        Assert.That(machine.V.X[0], Is.Zero);
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.Entry + 4));
    }

    [TestCase(0x0045a503u, TestName = "another address")]
    [TestCase(0x0005f503u, TestName = "no load")]
    [TestCase(0x00050513u, TestName = "no memory instruction")]
    [TestCase(0x00006188u, TestName = "c.ld")]
    public void LeavesOtherLoadsToTheRest(uint instruction)
    {
        using var machine = DeviceMachine(instruction);
        Assert.That(ReadQuickly(machine), Is.False);
        Assert.That(machine.Bus.Calls, Is.Empty);
        Assert.That(machine.V.Pc, Is.EqualTo(TrapMachine.Entry));
        Assert.That(machine.V.X[10], Is.Zero);
    }

    private static bool ReadQuickly(TrapMachine machine)
    {
        var host = new TestHost(machine.Hart);
        var bus = new TestBus(machine.Bus);
        return default(DeprivilegedMode<TestHost>).TryReadDeviceQuickly(ref host, ref machine.V, ref bus, 0x5000_0000, 0x1000);
    }

    private static TrapMachine DeviceMachine(uint instruction)
    {
        var machine = new TrapMachine();
        machine.V.X[10] = 0;
        machine.V.X[11] = 0x5000_0000;
        machine.Mmu.AtHand = true;
        machine.Mmu.Answer = FaultResolution.NotMemory;
        machine.Mmu.GuestAddress = 0x1000;
        machine.Bus.Quick = true;
        machine.Bus.Value = 0x0123_4567_89ab_cdef;
        machine.Hart.Code[TrapMachine.Entry] = instruction;
        return machine;
    }

    private static string Run(Setting setting, bool atHand)
    {
        using var machine = new TrapMachine();
        ref var v = ref machine.V;
        for (var i = 1; i < 32; i++)
        {
            v.X[i] = setting.Operand + (ulong)i;
        }

        v.Csrs.Sstatus = setting.Status;
        v.Csrs.Sip = setting.Sip;
        v.Csrs.Sie = setting.Sie;
        v.Csrs.Sepc = 0x8000_2000;
        v.Csrs.Stvec = 0x8000_1000;
        v.Csrs.Scounteren = setting.Counters;
        v.Csrs.Mode = setting.User ? PrivilegeMode.User : PrivilegeMode.Supervisor;
        machine.Hart.Sstatus = setting.Fs;
        machine.Mmu.AtHand = atHand;
        var cause = setting.Instruction == 0 ? ExceptionCause.EnvironmentCallFromUser : ExceptionCause.IllegalInstruction;
        var outcome = atHand ? machine.Trap((ulong)cause, setting.Instruction) : machine.TrapWithoutHotPath((ulong)cause, setting.Instruction);
        return $"{outcome} pc {v.Pc:x} {v.Csrs.Mode} sstatus {v.Csrs.Sstatus:x} {machine.Hart.Sstatus:x} scounteren {v.Csrs.Scounteren:x} {machine.Hart.Scounteren:x} sepc {v.Csrs.Sepc:x} "
            + $"scause {v.Csrs.Scause:x} stval {v.Csrs.Stval:x} sscratch {v.Csrs.Sscratch:x} stvec {v.Csrs.Stvec:x} sie {v.Csrs.Sie:x} sip {v.Csrs.Sip:x} satp {v.Csrs.Satp:x} "
            + $"view {View(machine, setting)} emulated {v.Counters.Emulated} exceptions {v.Counters.Exceptions} x {string.Join(' ', Registers(ref v))}";
    }

    // The view last chosen, whichever way; none chosen is the one there was.
    private static string View(TrapMachine machine, Setting setting)
    {
        var before = Name(setting.User ? PrivilegeMode.User : PrivilegeMode.Supervisor, setting.Status);
        var last = machine.Mmu.Calls.LastOrDefault(call => call.StartsWith("activate", System.StringComparison.Ordinal) || call.StartsWith("switch", System.StringComparison.Ordinal));
        return last is null ? before : last[(last.LastIndexOf("User", System.StringComparison.Ordinal) is var at and >= 0 ? at : last.IndexOf("Supervisor", System.StringComparison.Ordinal))..];
    }

    private static string Name(PrivilegeMode mode, ulong status) =>
        $"{mode} sum={(status & Sstatus.Sum) != 0} mxr={(status & Sstatus.Mxr) != 0}";

    private static List<ulong> Registers(ref VCpu v)
    {
        var registers = new List<ulong>();
        for (var i = 0; i < 32; i++)
        {
            registers.Add(v.X[i]);
        }

        return registers;
    }

    private static ulong Spread(ulong three) => ((three & 1) << 1) | ((three & 2) << 4) | ((three & 4) << 7);

    /// <summary>A virtual hart before a trap.</summary>
    public sealed record Setting(uint Instruction, ulong Status, ulong Sip, ulong Sie, ulong Operand, ulong Counters, bool User, ulong Fs)
    {
        /// <summary>An interrupt that can be delivered was delivered before the guest ran on.</summary>
        public Setting WithoutOverdueInterrupts() =>
            User || (Status & Sstatus.Sie) != 0 ? this with { Sip = Sip & ~Sie } : this;
    }
}
