using System.Collections.Generic;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;

namespace Rvirt.Tests.Core.Modes;

/// <summary>Where <see cref="FakeMode"/> keeps a guest's CSRs, and what it was asked.</summary>
internal sealed class FakeModeState
{
    /// <summary>The guest's <c>sip</c>.</summary>
    public ulong Pending { get; set; }

    /// <summary>The guest's <c>sie</c>.</summary>
    public ulong Enabled { get; set; }

    /// <summary>Whether the guest takes interrupts.</summary>
    public bool TakesInterrupts { get; set; }

    /// <summary>What the guest is said to have at its program counter.</summary>
    public uint Instruction { get; set; }

    /// <summary>The guest's f registers.</summary>
    public ulong[] FloatingPoint { get; } = new ulong[32];

    public List<string> Calls { get; } = [];
}

/// <summary>
/// A second way to run a guest, for tests: the guest's CSRs stand outside its <see cref="VCpu"/>, its traps arrive by the numbers that a hart in
/// M-mode has for them, its instructions are not read through the hart, and it takes interrupts at an address of its own.
/// </summary>
internal readonly struct FakeMode(FakeModeState state) : IExecutionMode<TestHost>
{
    public const ulong Handler = 0x8000_3000;

    public const ulong CallCause = 9;

    public const ulong InstructionCause = 2;

    public const ulong LoadFaultCause = 13;

    public const ulong BreakpointCause = 3;

    private const ulong Interrupt = 1UL << 63;

    public const ulong SoftwareCause = Interrupt | 3;

    public const ulong TimerCause = Interrupt | 7;

    public const ulong ExternalCause = Interrupt | 11;

    public TrapKind Classify(in VCpu v, ulong cause) => cause switch
    {
        InstructionCause => TrapKind.Instruction,
        CallCause => TrapKind.Call,
        LoadFaultCause => TrapKind.PageFault,
        BreakpointCause => TrapKind.Exception,
        SoftwareCause => TrapKind.SoftwareInterrupt,
        TimerCause => TrapKind.TimerInterrupt,
        ExternalCause => TrapKind.ExternalInterrupt,
        _ => TrapKind.Unknown,
    };

    public AccessKind AccessOf(ulong cause) => AccessKind.Load;

    public QuickOutcome EmulateQuickly<TMmu>(ref TestHost host, ref VCpu v, ref TMmu mmu, ref uint instruction)
        where TMmu : struct, IGuestMmu<TestHost> => QuickOutcome.Other;

    public bool TryTakeQuickly<TMmu>(ref TestHost host, ref VCpu v, ref TMmu mmu, ulong cause, out uint next)
        where TMmu : struct, IGuestMmu<TestHost>
    {
        next = 0;
        return false;
    }

    public bool TryReflectQuickly(ref TestHost host, ref VCpu v, ulong cause, ulong va) => false;

    public bool TryReadDeviceQuickly<TBus>(ref TestHost host, ref VCpu v, ref TBus bus, ulong va, ulong guestAddress)
        where TBus : struct, IGuestBus<TestHost> => false;

    public TrapOutcome Emulate<TMmu>(ref TestHost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where TMmu : struct, IGuestMmu<TestHost>
    {
        state.Calls.Add($"emulate {instruction:x}");
        return TrapOutcome.Advance;
    }

    public bool TryFetch(ref TestHost host, in VCpu v, out uint instruction)
    {
        instruction = state.Instruction;
        return true;
    }

    public bool TryFetchNext(ref TestHost host, in VCpu v, out uint instruction)
    {
        instruction = 0;
        return false;
    }

    public void Inject(ref TestHost host, ref VCpu v, ulong cause, ulong value)
    {
        state.Calls.Add($"inject {cause:x} {value:x}");
        v.Pc = Handler;
    }

    public void TakeInterrupt(ref TestHost host, ref VCpu v) => v.Pc = Handler;

    public void Settle<TMmu>(ref TestHost host, ref VCpu v, ref TMmu mmu)
        where TMmu : struct, IGuestMmu<TestHost>
    {
        if (state.TakesInterrupts && WouldWake(ref host, v))
        {
            state.TakesInterrupts = false;
            TakeInterrupt(ref host, ref v);
        }
    }

    public ulong Pending(ref TestHost host, in VCpu v) => state.Pending;

    public void SetPending(ref TestHost host, ref VCpu v, ulong bits, bool pending) =>
        state.Pending = pending ? state.Pending | bits : state.Pending & ~bits;

    public bool WouldWake(ref TestHost host, in VCpu v) => (state.Pending & state.Enabled) != 0;

    public void ForgetTranslation(ref VCpu v) => state.Calls.Add("forget translation");

    public ulong ReadFloatingPoint(ref TestHost host, in VCpu v, int register) => state.FloatingPoint[register];

    public void WriteFloatingPoint(ref TestHost host, ref VCpu v, int register, ulong value) => state.FloatingPoint[register] = value;

    public HartUnits Open(ref TestHost host) => HartUnits.None;

    public void Save(ref TestHost host, ref VCpu v, HartUnits units) => state.Calls.Add("save");

    public void LetGo(ref TestHost host, ref VCpu v) => state.Calls.Add("let go");

    public void Copy(ref VCpu v, in VCpu other) => state.Calls.Add("copy");

    public void Reset(ref TestHost host, ref VCpu v)
    {
        state.Calls.Add("reset");
        state.Pending = state.Enabled = 0;
        state.TakesInterrupts = false;
    }

    public void Load<TMmu>(ref TestHost host, ref VCpu v, ref TMmu mmu, HartUnits units)
        where TMmu : struct, IGuestMmu<TestHost> => state.Calls.Add("load");

    public void Restart(ref TestHost host, ref VCpu v)
    {
        state.Calls.Add("restart");
        state.TakesInterrupts = false;
    }

    public ulong ParkedSstatus(in VCpu v) => 0;

    public ulong RoomFor(ulong length) => length;

    public PrivilegeMode Privilege(ref TestHost host, in VCpu v) => PrivilegeMode.Supervisor;

    public ulong Read(ref TestHost host, in VCpu v, uint number) => number == Csr.Sip ? state.Pending : number == Csr.Sie ? state.Enabled : 0;
}
