using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>How the guest's S-mode takes a trap and returns from it (Privileged spec 1.13 §12.1.1, §12.1.2, §12.1.7 to §12.1.9).</summary>
internal static class TrapEntry
{
    private const ulong VectoredMode = 1;

    /// <summary>What a guest in S-mode may read without a trap: cycle, time and instret.</summary>
    public const ulong AllCounters = 7;

    /// <summary>Gives the guest an exception.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="cause">Value for <c>scause</c>.</param>
    /// <param name="value">Value for <c>stval</c>.</param>
    public static void TakeException<THost>(ref THost host, ref VCpu v, ulong cause, ulong value)
        where THost : struct, ISupervisorCsrs
    {
        v.Counters.Exceptions++;
        Enter(ref host, ref v, cause, value);
        v.Pc = v.Csrs.Stvec & ~3UL;
    }

    /// <summary>Gives a guest in S-mode the interrupt of highest priority; one is pending and enabled. Nothing but CSRs changes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TakeInterruptInSupervisor(ref VCpu v)
    {
        v.Counters.Interrupts++;
        var number = HighestPriority(v.Csrs.Sip & v.Csrs.Sie);
        v.Csrs.Sepc = v.Pc;
        v.Csrs.Scause = Interrupts.CauseBit | number;
        v.Csrs.Stval = 0;
        v.Csrs.Sstatus = StatusInTrap(v.Csrs.Sstatus, PrivilegeMode.Supervisor);
        v.Pc = Vector(v.Csrs.Stvec, number);
    }

    /// <summary>The guest's <c>sret</c>.</summary>
    public static void Return<THost>(ref THost host, ref VCpu v)
        where THost : struct, ISupervisorCsrs
    {
        var status = v.Csrs.Sstatus;
        v.Pc = v.Csrs.Sepc;
        if ((status & Sstatus.Spp) == 0)
        {
            v.Csrs.Mode = PrivilegeMode.User;
            v.Csrs.ViewChanged = true;
            if (v.Csrs.Scounteren != AllCounters)
            {
                host.WriteScounteren(v.Csrs.Scounteren);
            }
        }

        v.Csrs.Sstatus = StatusAfterReturn(status);
        v.Csrs.InterruptsChanged = true;
    }

    /// <summary>The guest's <c>sstatus</c> after a trap from a mode: SIE moves to SPIE, SPP says where it came from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong StatusInTrap(ulong status, PrivilegeMode mode)
    {
        var entered = status & ~(Sstatus.Sie | Sstatus.Spie | Sstatus.Spp);
        return entered | ((status & Sstatus.Sie) * (Sstatus.Spie / Sstatus.Sie)) | ((ulong)mode * Sstatus.Spp);
    }

    /// <summary>The guest's <c>sstatus</c> after <c>sret</c>: SPIE moves to SIE, SPP becomes U.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong StatusAfterReturn(ulong status)
    {
        var previous = (status & Sstatus.Spie) / (Sstatus.Spie / Sstatus.Sie);
        return (status & ~(Sstatus.Spp | Sstatus.Sie)) | Sstatus.Spie | previous;
    }

    /// <summary>Gives the guest the interrupt of highest priority that is pending and enabled, if its mode and SIE let it in.</summary>
    /// <remarks>External before software before timer (Privileged spec 1.13 §12.1.3).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DeliverPending<THost>(ref THost host, ref VCpu v)
        where THost : struct, ISupervisorCsrs
    {
        v.Csrs.InterruptsChanged = false;
        var ready = v.Csrs.Sip & v.Csrs.Sie;
        if (ready != 0 && (v.Csrs.Mode == PrivilegeMode.User || (v.Csrs.Sstatus & Sstatus.Sie) != 0))
        {
            Deliver(ref host, ref v, ready);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Deliver<THost>(ref THost host, ref VCpu v, ulong ready)
        where THost : struct, ISupervisorCsrs
    {
        v.Counters.Interrupts++;
        var number = HighestPriority(ready);
        Enter(ref host, ref v, Interrupts.CauseBit | number, 0);
        v.Pc = Vector(v.Csrs.Stvec, number);
    }

    private static ulong HighestPriority(ulong ready) =>
        (ready & Interrupts.External) != 0 ? Interrupts.ExternalCause
        : (ready & Interrupts.Software) != 0 ? Interrupts.SoftwareCause
        : Interrupts.TimerCause;

    private static ulong Vector(ulong stvec, ulong number) => (stvec & ~3UL) + ((stvec & VectoredMode) != 0 ? number * 4 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Enter<THost>(ref THost host, ref VCpu v, ulong cause, ulong value)
        where THost : struct, ISupervisorCsrs
    {
        v.Csrs.Sepc = v.Pc;
        v.Csrs.Scause = cause;
        v.Csrs.Stval = value;
        v.Csrs.Sstatus = StatusInTrap(v.Csrs.Sstatus, v.Csrs.Mode);
        if (v.Csrs.Mode == PrivilegeMode.User)
        {
            v.Csrs.Mode = PrivilegeMode.Supervisor;
            v.Csrs.ViewChanged = true;
            if (v.Csrs.Scounteren != AllCounters)
            {
                host.WriteScounteren(AllCounters);
            }
        }
    }
}
