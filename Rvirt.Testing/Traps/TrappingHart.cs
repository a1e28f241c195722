using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Core.Memory;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Testing.Traps;

/// <summary>One virtual hart, just started, with a hart and devices around it that record, and an MMU of the test's.</summary>
/// <typeparam name="TMmu">The MMU.</typeparam>
/// <remarks>It is run as the hypervisor runs a guest, deprivileged: what its kernel does in S-mode traps. One thread uses it.</remarks>
// SAFETY: the blocks are allocated in the constructor, of the sizes that are told of them, and freed by Dispose, after which nobody may use them.
public unsafe class TrappingHart<TMmu> : IDisposable
    where TMmu : struct, IGuestMmu<TestHost>
{
    private const ulong Argument = 0x8fe0_0000;

    private const ulong VectorBytes = 16;

    private readonly VCpu* _vcpu;

    private readonly byte* _ram;

    private readonly ulong* _vectors;

    private readonly VCpu** _siblings;

    private readonly TMmu _mmu;

    private TestHost _host;

    private TestBus _bus;

    // What the run loop goes on with where it is told to leave the virtual hart.
    private readonly VCpu[] _next = new VCpu[1];

    private TrapOutcome _outcome;

    private bool _freed;

    /// <summary>Starts a virtual hart, in S-mode, at <see cref="GuestPlace.Entry"/>.</summary>
    /// <param name="mmu">Makes its MMU, told its RAM.</param>
    /// <param name="vectors">Whether it has vector registers, of 16 bytes.</param>
    public TrappingHart(Func<GuestMemory, TMmu> mmu, bool vectors = false)
    {
        _host = new TestHost(Hart);
        _bus = new TestBus(Bus);
        _vcpu = (VCpu*)NativeMemory.AllocZeroed((nuint)sizeof(VCpu));
        _ram = (byte*)NativeMemory.AllocZeroed(GuestPlace.RamSize);
        _vcpu->GuestHarts = 1;
        _siblings = (VCpu**)NativeMemory.Alloc((nuint)sizeof(VCpu*));
        _siblings[0] = _vcpu;
        _vcpu->Siblings = _siblings;
        _vcpu->Memory = new GuestMemory(GuestPlace.RamBase, GuestPlace.RamSize, GuestPlace.RamBase, _ram);
        _mmu = mmu(_vcpu->Memory);
        if (vectors)
        {
            _vectors = (ulong*)NativeMemory.AllocZeroed((nuint)VCpu.VectorRoom(VectorBytes));
            _vcpu->GiveVectors(_vectors, VectorBytes);
        }

        _vcpu->Reset(GuestPlace.Entry, Argument);
        Mode.Reset(ref _host, ref *_vcpu);
    }

    private static DeprivilegedMode<TestHost> Mode => default;

    /// <summary>The hart of the host.</summary>
    public TestHart Hart { get; } = new();

    /// <summary>The guest's devices.</summary>
    public TestBusState Bus { get; } = new();

    /// <summary>How often the last trap told the run loop.</summary>
    public int Left { get; private set; }

    /// <summary>The virtual hart: its registers and counters.</summary>
    public ref VCpu V => ref *_vcpu;

    /// <summary>The guest's RAM.</summary>
    public Span<byte> Ram => new(_ram, GuestPlace.RamSize);

    /// <summary>The virtual hart traps.</summary>
    /// <param name="cause">The host's <c>scause</c>.</param>
    /// <param name="value">The host's <c>stval</c>.</param>
    /// <returns>Why the run loop was told; Resume where it was not, and the guest goes on.</returns>
    public TrapOutcome Trap(ulong cause, ulong value)
    {
        _outcome = TrapOutcome.Resume;
        Left = 0;
        ref var next = ref TrapDispatch<Context, DeprivilegedMode<TestHost>, TestHost, TMmu, TestBus>.Handle(new Context(this), cause, value);
        if (!Unsafe.AreSame(ref next, ref Left == 0 ? ref V : ref _next[0]))
        {
            throw new InvalidOperationException("what comes next is neither the virtual hart that trapped nor what the run loop named");
        }

        return _outcome;
    }

    /// <summary>An instruction of its traps as illegal, as every one of S-mode does.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <returns>As <see cref="Trap"/>.</returns>
    public TrapOutcome Illegal(uint instruction) => Trap((ulong)ExceptionCause.IllegalInstruction, instruction);

    /// <summary>It calls its firmware.</summary>
    /// <param name="extension">a7.</param>
    /// <param name="function">a6.</param>
    /// <param name="arguments">a0 and on.</param>
    /// <returns>As <see cref="Trap"/>.</returns>
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

    /// <summary>What the run loop does once something has happened to the guest.</summary>
    /// <returns>What follows.</returns>
    public TrapOutcome GoOn()
    {
        var mmu = _mmu;
        return TrapHandler.GoOn(Mode, ref _host, ref *_vcpu, ref mmu, ref _bus);
    }

    /// <summary>The host's timer interrupts.</summary>
    public void Timer() => HostInterrupt.ServeTimer(Mode, ref _host, ref *_vcpu, ref _bus);

    /// <summary>Another hart interrupts: what the trap and the run loop do about it.</summary>
    /// <returns>What follows.</returns>
    public TrapOutcome Software()
    {
        var outcome = Trap(Interrupts.CauseBit | Interrupts.SoftwareCause, 0);
        if (outcome != TrapOutcome.HartInterrupt)
        {
            throw new InvalidOperationException($"another hart's interrupt led to {outcome}");
        }

        outcome = ServeHarts();
        return outcome == TrapOutcome.Resume ? GoOn() : outcome;
    }

    /// <summary>The run loop serves what other harts asked.</summary>
    /// <returns>What follows.</returns>
    public TrapOutcome ServeHarts()
    {
        _host.ClearSoftwareInterrupt();
        var mmu = _mmu;
        return HostInterrupt.ServeHarts(Mode, ref _host, ref *_vcpu, ref mmu, ref _bus);
    }

    /// <summary>The run loop has served the host's devices.</summary>
    public void FollowDevices() => HostInterrupt.FollowDevices(Mode, ref _host, ref *_vcpu, ref _bus);

    /// <summary>Raises interrupts of the guest.</summary>
    /// <param name="bits">Which, as in <c>sip</c>.</param>
    public void Raise(ulong bits) => Mode.SetPending(ref _host, ref *_vcpu, bits, pending: true);

    /// <summary>Ends the guest's wait, if that is over.</summary>
    /// <returns>Whether it is.</returns>
    public bool TryWake() => HartWait.TryEnd(Mode, ref _host, ref *_vcpu);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back its memory.</summary>
    /// <param name="disposing">Whether it is asked to.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !_freed)
        {
            _freed = true;
            NativeMemory.Free(_vcpu);
            NativeMemory.Free(_ram);
            NativeMemory.Free(_vectors);
            NativeMemory.Free(_siblings);
        }
    }

    private readonly struct Context(TrappingHart<TMmu> hart) : ITrapContext<DeprivilegedMode<TestHost>, TestHost, TMmu, TestBus>
    {
        public DeprivilegedMode<TestHost> Mode => default;

        public ref TestHost Host => ref hart._host;

        public ref VCpu VirtualHart => ref hart.V;

        public TMmu Mmu => hart._mmu;

        public ref TestBus Bus => ref hart._bus;

        public ref VCpu Leave(TrapOutcome outcome, ulong cause, ulong value)
        {
            hart._outcome = outcome;
            hart.Left++;
            return ref hart._next[0];
        }
    }
}
