using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>The one place where a trap out of a guest is handled.</summary>
public static class TrapHandler
{
    /// <summary>
    /// How many instructions one trap emulates at the most. A guest whose privileged instructions lead to each other for ever
    /// still leaves the hypervisor, so that host interrupts reach it.
    /// </summary>
    private const int ChainLimit = 32;

    /// <summary>Handles a trap: emulates, gives the guest what is its own, serves the host's interrupts.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart, its registers saved.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <param name="bus">Its guest's devices.</param>
    /// <param name="cause">The host's <c>scause</c>.</param>
    /// <param name="value">The host's <c>stval</c>.</param>
    /// <returns>Resume: enter the guest. Stop: leave it for good, for its stop reason. HostBug: panic.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TrapOutcome Handle<THost, TMmu, TBus>(
        ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, ulong cause, ulong value)
        where THost : struct, IHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        if (cause == (ulong)ExceptionCause.IllegalInstruction && v.Mode == PrivilegeMode.Supervisor && (uint)value != 0)
        {
            value = HotPath.Run(ref host, ref v, (uint)value);
            if (value == 0)
            {
                return TrapOutcome.Resume;
            }
        }
        else if (IsPageFault(cause) && mmu.TryRefill(ref host, value, KindOf(cause)))
        {
            v.Counters.PageFaults++;
            return TrapOutcome.Resume;
        }

        return HandleOther(ref host, ref v, ref mmu, ref bus, cause, value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrapOutcome HandleOther<THost, TMmu, TBus>(
        ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, ulong cause, ulong value)
        where THost : struct, IHost
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
            outcome = PrivilegedInstruction.Emulate(ref host, ref v, ref mmu, ref bus, instruction);
        }
        else
        {
            outcome = Dispatch(ref host, ref v, ref mmu, ref bus, cause, value);
        }

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

            if (v.Mode != PrivilegeMode.Supervisor
                || budget == 0
                || !host.TryFetch(v.Pc, out var next)
                || !PrivilegedInstruction.WouldTrap(next))
            {
                return TrapOutcome.Resume;
            }

            v.Counters.Emulated++;
            outcome = PrivilegedInstruction.Emulate(ref host, ref v, ref mmu, ref bus, next);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrapOutcome Dispatch<THost, TMmu, TBus>(
        ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, ulong cause, ulong value)
        where THost : struct, IHost
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
                return HostInterrupt.Serve(ref host, ref v, ref bus, Interrupts.External);
            case Interrupts.CauseBit | Interrupts.SoftwareCause:
                return HostInterrupt.Serve(ref host, ref v, ref bus, Interrupts.Software);
            default:
                return TrapOutcome.HostBug;
        }
    }

    private static TrapOutcome PageFault<THost, TMmu, TBus>(
        ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus, AccessKind access, ulong cause, ulong value)
        where THost : struct, IHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.PageFaults++;
        switch (mmu.Resolve(ref host, value, access, out var guestAddress))
        {
            case FaultResolution.Mapped:
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

    private static bool IsPageFault(ulong cause) =>
        cause is (ulong)ExceptionCause.InstructionPageFault or (ulong)ExceptionCause.LoadPageFault or (ulong)ExceptionCause.StorePageFault;

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
