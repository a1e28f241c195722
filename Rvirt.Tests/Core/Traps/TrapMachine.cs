using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Core.Memory;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

/// <summary>One virtual hart with a recording hart, MMU and bus around it.</summary>
internal sealed unsafe class TrapMachine : IDisposable
{
    public const ulong Entry = 0x8020_0000;

    public const ulong RamBase = 0x8000_0000;

    public const int RamSize = 0x4000;

    private readonly VCpu* _vcpu;

    private const ulong VectorBytes = 16;

    private readonly byte* _ram;

    private readonly ulong* _vectors;

    private readonly VCpu** _siblings;

    private TestHost _host;

    private TestBus _bus;

    // What the run loop goes on with where it is told to leave the virtual hart.
    private readonly VCpu[] _next = new VCpu[1];

    private TrapOutcome _outcome;

    public TrapMachine(bool vectors = false)
    {
        _host = new TestHost(Hart);
        _bus = new TestBus(Bus);
        // SAFETY: both blocks live until Dispose.
        _vcpu = (VCpu*)NativeMemory.AllocZeroed((nuint)sizeof(VCpu));
        _ram = (byte*)NativeMemory.AllocZeroed(RamSize);
        _vcpu->GuestHarts = 1;
        _siblings = (VCpu**)NativeMemory.Alloc((nuint)sizeof(VCpu*));
        _siblings[0] = _vcpu;
        _vcpu->Siblings = _siblings;
        _vcpu->Memory = new GuestMemory(RamBase, RamSize, RamBase, _ram);
        if (vectors)
        {
            _vectors = (ulong*)NativeMemory.AllocZeroed((nuint)VCpu.VectorRoom(VectorBytes));
            _vcpu->GiveVectors(_vectors, VectorBytes);
        }

        _vcpu->Reset(Entry, 0x8fe0_0000);
        Mode.Reset(ref _host, ref *_vcpu);
        _vcpu->Csrs.ViewChanged = false;
    }

    private static DeprivilegedMode<TestHost> Mode => default;

    public TestHart Hart { get; } = new();

    public TestMmuState Mmu { get; } = new();

    public TestBusState Bus { get; } = new();

    /// <summary>How often the last trap told the run loop.</summary>
    public int Left { get; private set; }

    public ref VCpu V => ref *_vcpu;

    public Span<byte> Ram => new(_ram, RamSize);

    public TrapOutcome Trap(ulong cause, ulong value)
    {
        _outcome = TrapOutcome.Resume;
        Left = 0;
        ref var next = ref TrapDispatch<Context, DeprivilegedMode<TestHost>, TestHost, TestMmu, TestBus>.Handle(new Context(this), cause, value);
        if (!Unsafe.AreSame(ref next, ref Left == 0 ? ref V : ref _next[0]))
        {
            throw new InvalidOperationException("what comes next is neither the virtual hart that trapped nor what the run loop named");
        }

        return _outcome;
    }

    public TrapOutcome TrapWithoutHotPath(ulong cause, ulong value)
    {
        var mmu = new TestMmu(Mmu);
        return Mode.Classify(*_vcpu, cause) == TrapKind.Instruction
            ? TrapHandler.EmulateSlowly(Mode, ref _host, ref *_vcpu, ref mmu, ref _bus, (uint)value)
            : TrapHandler.HandleSlowly(Mode, ref _host, ref *_vcpu, ref mmu, ref _bus, cause, value);
    }

    /// <summary>What the run loop does once something has happened to the guest.</summary>
    public TrapOutcome GoOn()
    {
        var mmu = new TestMmu(Mmu);
        return TrapHandler.GoOn(Mode, ref _host, ref *_vcpu, ref mmu, ref _bus);
    }

    /// <summary>The host's timer interrupts.</summary>
    public void Timer() => HostInterrupt.ServeTimer(Mode, ref _host, ref *_vcpu, ref _bus);

    /// <summary>Another hart interrupts: what the trap and the run loop do about it.</summary>
    public TrapOutcome Software()
    {
        var outcome = Trap((1UL << 63) | 1, 0);
        if (outcome != TrapOutcome.HartInterrupt)
        {
            throw new InvalidOperationException($"another hart's interrupt led to {outcome}");
        }

        outcome = ServeHarts();
        return outcome == TrapOutcome.Resume ? GoOn() : outcome;
    }

    /// <summary>The run loop serves what other harts asked.</summary>
    public TrapOutcome ServeHarts()
    {
        _host.ClearSoftwareInterrupt();
        var mmu = new TestMmu(Mmu);
        return HostInterrupt.ServeHarts(Mode, ref _host, ref *_vcpu, ref mmu, ref _bus);
    }

    /// <summary>The run loop has served the host's devices.</summary>
    public void FollowDevices() => HostInterrupt.FollowDevices(Mode, ref _host, ref *_vcpu, ref _bus);

    /// <summary>Raises interrupts of the guest.</summary>
    public void Raise(ulong bits) => Mode.SetPending(ref _host, ref *_vcpu, bits, pending: true);

    /// <summary>Ends the guest's wait, if that is over.</summary>
    public bool TryWake() => HartWait.TryEnd(Mode, ref _host, ref *_vcpu);

    public TrapOutcome Illegal(uint instruction) => Trap((ulong)ExceptionCause.IllegalInstruction, instruction);

    public TrapOutcome Ecall(ulong extension, ulong function, params ReadOnlySpan<ulong> arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            V.X[10 + i] = arguments[i];
        }

        V.X[16] = function;
        V.X[17] = extension;
        return Trap((ulong)ExceptionCause.EnvironmentCallFromUser, 0);
    }

    public void Dispose()
    {
        NativeMemory.Free(_vcpu);
        NativeMemory.Free(_ram);
        NativeMemory.Free(_vectors);
        NativeMemory.Free(_siblings);
    }

    private readonly struct Context(TrapMachine machine) : ITrapContext<DeprivilegedMode<TestHost>, TestHost, TestMmu, TestBus>
    {
        public DeprivilegedMode<TestHost> Mode => default;

        public ref TestHost Host => ref machine._host;

        public ref VCpu VirtualHart => ref machine.V;

        public TestMmu Mmu => new(machine.Mmu);

        public ref TestBus Bus => ref machine._bus;

        public ref VCpu Leave(TrapOutcome outcome, ulong cause, ulong value)
        {
            machine._outcome = outcome;
            machine.Left++;
            return ref machine._next[0];
        }
    }
}
