using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>The slower parts of handling a trap out of a guest; <see cref="TrapDispatch{TContext, TMode, THost, TMmu, TBus}"/> says which comes when.</summary>
/// <remarks>
/// Each part returns what is left to do: a <see cref="TrapOutcome"/>, whose members say what that is, but neither Advance nor Reflect, which are
/// carried out here. Where the guest goes on afterwards, <see cref="GoOn"/> comes next.
/// </remarks>
public static class TrapHandler
{
    /// <summary>
    /// How many instructions are emulated one behind the other at the most, by the quick part or by the slower one, the one that trapped among them.
    /// A guest whose privileged instructions lead to each other for ever still leaves the hypervisor, so that host interrupts reach it. A power of two.
    /// </summary>
    internal const int ChainLimit = 32;

    /// <summary>Delivers an interrupt to a guest in S-mode, and emulates what its handler begins with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TrapOutcome HandleInterrupt<TMode, THost, TMmu, TBus>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        mode.TakeInterrupt(ref host, ref v);
        return Continue(mode, ref host, ref v, ref mmu, ref bus, TrapOutcome.Resume);
    }

    /// <summary>Does what follows from the MMU's answer to a page fault, where the quick parts left it.</summary>
    /// <param name="mode">How the guest is run.</param>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <param name="bus">Its guest's devices.</param>
    /// <param name="access">What the guest did.</param>
    /// <param name="va">The faulting address.</param>
    /// <param name="answer">What the MMU said to it.</param>
    internal static TrapOutcome FinishPageFault<TMode, THost, TMmu, TBus>(
        TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, AccessKind access, ulong va, FaultAnswer answer)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost> =>
        Continue(mode, ref host, ref v, ref mmu, ref bus, FollowAnswer(mode, ref host, ref v, ref bus, access, va, answer));

    /// <summary>Emulates an instruction that the quick parts left.</summary>
    internal static TrapOutcome EmulateSlowly<TMode, THost, TMmu, TBus>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, uint instruction)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        // Cores may leave stval zero (Privileged spec 1.13 §12.1.9); zero itself is an illegal instruction too.
        if (instruction == 0 && !mode.TryFetch(ref host, v, out instruction))
        {
            return TrapOutcome.Resume;
        }

        v.Counters.Emulated++;
        return Continue(mode, ref host, ref v, ref mmu, ref bus, mode.Emulate(ref host, ref v, ref mmu, instruction));
    }

    /// <summary>Handles what the quick parts left of a trap that is no instruction to emulate.</summary>
    internal static TrapOutcome HandleSlowly<TMode, THost, TMmu, TBus>(
        TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, ulong cause, ulong value)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost> =>
        Continue(mode, ref host, ref v, ref mmu, ref bus, Dispatch(mode, ref host, ref v, ref mmu, ref bus, cause, value));

    /// <summary>Goes on with a guest after something happened to it while it was out: delivers what is pending, and emulates what it meets first.</summary>
    public static TrapOutcome GoOn<TMode, THost, TMmu, TBus>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost> =>
        Continue(mode, ref host, ref v, ref mmu, ref bus, TrapOutcome.Resume);

    private static TrapOutcome Continue<TMode, THost, TMmu, TBus>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, TrapOutcome outcome)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        // What led here is the first of the chain.
        for (var budget = ChainLimit - 1; ; budget--)
        {
            switch (outcome)
            {
                case TrapOutcome.Advance:
                    v.Pc += 4;
                    break;
                case TrapOutcome.Resume:
                    break;
                case TrapOutcome.Reflect:
                    mode.Inject(ref host, ref v, v.ReflectCause, v.ReflectValue);
                    break;
                default:
                    return outcome;
            }

            mode.Settle(ref host, ref v, ref mmu);
            if (budget == 0 || !mode.TryFetchNext(ref host, v, out var next))
            {
                return TrapOutcome.Resume;
            }

            switch (EmulateQuickly(mode, ref host, ref v, ref mmu, ref next))
            {
                case QuickOutcome.Done:
                    return TrapOutcome.Resume;
                case QuickOutcome.Interrupt:
                    mode.TakeInterrupt(ref host, ref v);
                    outcome = TrapOutcome.Resume;
                    break;
                default:
                    v.Counters.Emulated++;
                    outcome = mode.Emulate(ref host, ref v, ref mmu, next);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static QuickOutcome EmulateQuickly<TMode, THost, TMmu>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref uint instruction)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost> =>
        mode.EmulateQuickly(ref host, ref v, ref mmu, ref instruction);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrapOutcome Dispatch<TMode, THost, TMmu, TBus>(
        TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, ulong cause, ulong value)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        switch (mode.Classify(v, cause))
        {
            case TrapKind.Call:
                v.Counters.SbiCalls++;
                return SbiDispatcher.Call(mode, ref host, ref v, ref mmu, ref bus);
            case TrapKind.UserCall:
                return Reflect(ref v, (ulong)ExceptionCause.EnvironmentCallFromUser, 0);
            case TrapKind.Exception:
                return v.IsWatched && cause == (ulong)ExceptionCause.Breakpoint ? TrapOutcome.Breakpoint : Reflect(ref v, cause, value);
            case TrapKind.Forbidden:
                v.StopReason = StopReason.Forbidden;
                return TrapOutcome.Stop;
            case TrapKind.TimerInterrupt:
                return HostInterrupt.ServeTimer(mode, ref host, ref v, ref bus);
            case TrapKind.ExternalInterrupt:
                return TrapOutcome.DeviceInterrupt;
            case TrapKind.SoftwareInterrupt:
                return TrapOutcome.HartInterrupt;
            default:
                return TrapOutcome.HostBug;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrapOutcome FollowAnswer<TMode, THost, TBus>(
        TMode mode, ref THost host, ref VCpu v, ref TBus bus, AccessKind access, ulong va, FaultAnswer answer)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.PageFaults++;
        switch (answer.Resolution)
        {
            case FaultResolution.Mapped:
            case FaultResolution.Contended:
                return TrapOutcome.Resume;
            case FaultResolution.GuestPageFault:
                return Reflect(ref v, (ulong)PageFaultOf(access), va);
            case FaultResolution.GuestAccessFault:
                return DeviceAccess.AccessFault(ref v, access, va);
            case FaultResolution.NotMemory:
                return DeviceAccess.Emulate(mode, ref host, ref v, ref bus, access, va, answer.GuestAddress);
            case FaultResolution.WindowCollision:
                v.StopReason = StopReason.WindowCollision;
                return TrapOutcome.Stop;
            default:
                return TrapOutcome.HostBug;
        }
    }

    private static ExceptionCause PageFaultOf(AccessKind access) => access switch
    {
        AccessKind.Fetch => ExceptionCause.InstructionPageFault,
        AccessKind.Load => ExceptionCause.LoadPageFault,
        _ => ExceptionCause.StorePageFault,
    };

    private static TrapOutcome Reflect(ref VCpu v, ulong cause, ulong value)
    {
        v.ReflectCause = cause;
        v.ReflectValue = value;
        return TrapOutcome.Reflect;
    }
}
