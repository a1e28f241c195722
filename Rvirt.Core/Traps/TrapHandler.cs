using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Modes;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>The slower parts of handling a trap out of a guest; <see cref="TrapDispatch{TContext, THost, TMmu, TBus}"/> says which comes when.</summary>
public static class TrapHandler
{
    /// <summary>
    /// How many instructions the slower part emulates for one trap at the most. A guest whose privileged instructions lead to each other for ever
    /// still leaves the hypervisor, so that host interrupts reach it.
    /// </summary>
    private const int ChainLimit = 32;

    /// <summary>Delivers an interrupt to a guest in S-mode, and emulates what its handler begins with.</summary>
    /// <returns>Resume: enter the guest. Idle: it waits. DeviceInterrupt: claim it, then <see cref="GoOn"/>. Stop: leave it for good, for its stop reason. HostBug: panic.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TrapOutcome HandleInterrupt<THost, TMmu, TBus>(ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        TrapEntry.TakeInterruptInSupervisor(ref v);
        return Continue(ref host, ref v, ref mmu, ref bus, TrapOutcome.Resume);
    }

    /// <summary>Whether a cause is one that <see cref="TryRefill"/> may handle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPageFault(ulong cause) =>
        cause is (ulong)ExceptionCause.InstructionPageFault or (ulong)ExceptionCause.LoadPageFault or (ulong)ExceptionCause.StorePageFault;

    /// <summary>Handles a page fault that only the shadow tables are behind with, in a few instructions.</summary>
    /// <returns>False where it is left to <see cref="HandleRest"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRefill<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ulong cause, ulong va)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        if (!mmu.TryRefill(ref host, va, KindOf(cause)))
        {
            return false;
        }

        v.Counters.PageFaults++;
        return true;
    }

    /// <summary>Handles what <see cref="HotPath"/> and <see cref="TryRefill"/> left of a trap.</summary>
    /// <returns>Resume: enter the guest. Idle: it waits. DeviceInterrupt: claim it, then <see cref="GoOn"/>. Stop: leave it for good, for its stop reason. HostBug: panic.</returns>
    public static TrapOutcome HandleRest<THost, TMmu, TBus>(
        ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, ulong cause, ulong value)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        TrapOutcome outcome;
        if (cause == (ulong)ExceptionCause.IllegalInstruction)
        {
            var instruction = (uint)value;
            // Cores may leave stval zero (Privileged spec 1.13 §12.1.9); zero itself is an illegal instruction too.
            if (instruction == 0 && !host.TryFetch(v.Pc, out instruction))
            {
                return TrapOutcome.Resume;
            }

            v.Counters.Emulated++;
            outcome = PrivilegedInstruction.Emulate(ref host, ref v, ref mmu, instruction);
        }
        else
        {
            outcome = Dispatch(ref host, ref v, ref mmu, ref bus, cause, value);
        }

        return Continue(ref host, ref v, ref mmu, ref bus, outcome);
    }

    /// <summary>Goes on with a guest after something happened to it while it was out: delivers what is pending, and emulates what it meets first.</summary>
    /// <returns>Resume: enter the guest. Idle: it waits. DeviceInterrupt: claim it, then <see cref="GoOn"/>. Stop: leave it for good, for its stop reason. HostBug: panic.</returns>
    public static TrapOutcome GoOn<THost, TMmu, TBus>(ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost> =>
        Continue(ref host, ref v, ref mmu, ref bus, TrapOutcome.Resume);

    private static TrapOutcome Continue<THost, TMmu, TBus>(ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, TrapOutcome outcome)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        for (var budget = ChainLimit; ; budget--)
        {
            switch (outcome)
            {
                case TrapOutcome.Advance:
                    v.Pc += 4;
                    break;
                case TrapOutcome.Resume:
                    break;
                case TrapOutcome.Reflect:
                    TrapEntry.TakeException(ref host, ref v, v.ReflectCause, v.ReflectValue);
                    break;
                default:
                    return outcome;
            }

            if (v.InterruptsChanged)
            {
                TrapEntry.DeliverPending(ref host, ref v);
            }

            if (v.ViewChanged)
            {
                v.ViewChanged = false;
                mmu.Activate(ref host, v.Satp, v.Mode, (v.Sstatus & Sstatus.Sum) != 0, (v.Sstatus & Sstatus.Mxr) != 0);
            }

            if (v.Mode != PrivilegeMode.Supervisor || budget == 0 || !HotPath.TryFetch(ref host, ref v, v.Pc, out var next))
            {
                return TrapOutcome.Resume;
            }

            switch (EmulateHot(ref host, ref v, ref mmu, ref next))
            {
                case HotOutcome.Done:
                    return TrapOutcome.Resume;
                case HotOutcome.Interrupt:
                    v.InterruptsChanged = true;
                    outcome = TrapOutcome.Resume;
                    break;
                default:
                    v.Counters.Emulated++;
                    outcome = PrivilegedInstruction.Emulate(ref host, ref v, ref mmu, next);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static HotOutcome EmulateHot<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ref uint instruction)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost> =>
        HotPath.Emulate(ref host, ref v, ref mmu, ref instruction);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrapOutcome Dispatch<THost, TMmu, TBus>(
        ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, ulong cause, ulong value)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        switch (cause)
        {
            case (ulong)ExceptionCause.EnvironmentCallFromUser:
                // Both guest modes run in U-mode: only the guest's own mode says whose call it is.
                if (v.Mode == PrivilegeMode.Supervisor)
                {
                    v.Counters.SbiCalls++;
                    return SbiDispatcher.Call(ref host, ref v, ref mmu, ref bus);
                }

                return Reflect(ref v, cause, 0);
            case (ulong)ExceptionCause.InstructionPageFault:
            case (ulong)ExceptionCause.LoadPageFault:
            case (ulong)ExceptionCause.StorePageFault:
                return PageFault(ref host, ref v, ref mmu, ref bus, KindOf(cause), cause, value);
            case (ulong)ExceptionCause.InstructionAddressMisaligned:
            case (ulong)ExceptionCause.InstructionAccessFault:
            case (ulong)ExceptionCause.Breakpoint:
            case (ulong)ExceptionCause.LoadAddressMisaligned:
            case (ulong)ExceptionCause.LoadAccessFault:
            case (ulong)ExceptionCause.StoreAddressMisaligned:
            case (ulong)ExceptionCause.StoreAccessFault:
                return Reflect(ref v, cause, value);
            case Interrupts.CauseBit | Interrupts.TimerCause:
                return HostInterrupt.Serve(ref host, ref v, ref bus, Interrupts.Timer);
            case Interrupts.CauseBit | Interrupts.ExternalCause:
                return TrapOutcome.DeviceInterrupt;
            case Interrupts.CauseBit | Interrupts.SoftwareCause:
                return HostInterrupt.Serve(ref host, ref v, ref bus, Interrupts.Software);
            default:
                return TrapOutcome.HostBug;
        }
    }

    private static TrapOutcome PageFault<THost, TMmu, TBus>(
        ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, AccessKind access, ulong cause, ulong value)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.PageFaults++;
        switch (mmu.Resolve(ref host, value, access, out var guestAddress))
        {
            case FaultResolution.Mapped:
            case FaultResolution.Contended:
                return TrapOutcome.Resume;
            case FaultResolution.GuestPageFault:
                return Reflect(ref v, cause, value);
            case FaultResolution.GuestAccessFault:
                return DeviceAccess.AccessFault(ref v, access, value);
            case FaultResolution.NotMemory:
                return DeviceAccess.Emulate(ref host, ref v, ref bus, access, value, guestAddress);
            case FaultResolution.WindowCollision:
                v.StopReason = StopReason.WindowCollision;
                return TrapOutcome.Stop;
            default:
                return TrapOutcome.HostBug;
        }
    }

    private static AccessKind KindOf(ulong cause) => cause switch
    {
        (ulong)ExceptionCause.InstructionPageFault => AccessKind.Fetch,
        (ulong)ExceptionCause.LoadPageFault => AccessKind.Load,
        _ => AccessKind.Store,
    };

    private static TrapOutcome Reflect(ref VCpu v, ulong cause, ulong value)
    {
        v.ReflectCause = cause;
        v.ReflectValue = value;
        return TrapOutcome.Reflect;
    }
}
