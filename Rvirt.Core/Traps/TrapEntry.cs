using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>How the guest's S-mode takes a trap and returns from it (Privileged spec 1.13 §12.1.1, §12.1.2, §12.1.7 to §12.1.9).</summary>
public static class TrapEntry
{
    private const ulong VectoredMode = 1;

    /// <summary>What a guest in S-mode may read without a trap: cycle, time and instret.</summary>
    private const ulong AllCounters = 7;

    /// <summary>Gives the guest an exception.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="cause">Value for <c>scause</c>.</param>
    /// <param name="value">Value for <c>stval</c>.</param>
    public static void TakeException<THost>(ref THost host, ref VCpu v, ulong cause, ulong value)
        where THost : struct, IHost
    {
        v.Counters.Exceptions++;
        Enter(ref host, ref v, cause, value);
        v.Pc = v.Stvec & ~3UL;
    }

    /// <summary>Gives the guest an interrupt.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="number">The interrupt's cause number.</param>
    public static void TakeInterrupt<THost>(ref THost host, ref VCpu v, ulong number)
        where THost : struct, IHost
    {
        v.Counters.Interrupts++;
        Enter(ref host, ref v, Interrupts.CauseBit | number, 0);
        v.Pc = (v.Stvec & ~3UL) + ((v.Stvec & VectoredMode) != 0 ? number * 4 : 0);
    }

    /// <summary>The guest's <c>sret</c>.</summary>
    public static void Return<THost>(ref THost host, ref VCpu v)
        where THost : struct, IHost
    {
        var status = v.Sstatus;
        v.Pc = v.Sepc;
        if ((status & Sstatus.Spp) == 0)
        {
            v.Mode = PrivilegeMode.User;
            v.ViewChanged = true;
            if (v.Scounteren != AllCounters)
            {
                host.WriteScounteren(v.Scounteren);
            }
        }

        var previous = (status & Sstatus.Spie) / Sstatus.Spie * Sstatus.Sie;
        v.Sstatus = status & ~(Sstatus.Spp | Sstatus.Sie) | Sstatus.Spie | previous;
        v.InterruptsChanged = true;
    }

    /// <summary>Gives the guest the interrupt of highest priority that is pending and enabled, if its mode and SIE let it in.</summary>
    /// <remarks>External before software before timer (Privileged spec 1.13 §12.1.3).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DeliverPending<THost>(ref THost host, ref VCpu v)
        where THost : struct, IHost
    {
        v.InterruptsChanged = false;
        var ready = v.Sip & v.Sie;
        if (ready != 0 && (v.Mode == PrivilegeMode.User || (v.Sstatus & Sstatus.Sie) != 0))
        {
            Deliver(ref host, ref v, ready);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Deliver<THost>(ref THost host, ref VCpu v, ulong ready)
        where THost : struct, IHost
    {
        var number = (ready & Interrupts.External) != 0 ? Interrupts.ExternalCause
            : (ready & Interrupts.Software) != 0 ? Interrupts.SoftwareCause
            : Interrupts.TimerCause;
        TakeInterrupt(ref host, ref v, number);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Enter<THost>(ref THost host, ref VCpu v, ulong cause, ulong value)
        where THost : struct, IHost
    {
        v.Sepc = v.Pc;
        v.Scause = cause;
        v.Stval = value;
        var status = v.Sstatus & ~(Sstatus.Sie | Sstatus.Spie | Sstatus.Spp);
        status |= (v.Sstatus & Sstatus.Sie) / Sstatus.Sie * Sstatus.Spie;
        if (v.Mode == PrivilegeMode.Supervisor)
        {
            status |= Sstatus.Spp;
        }
        else
        {
            v.Mode = PrivilegeMode.Supervisor;
            v.ViewChanged = true;
            if (v.Scounteren != AllCounters)
            {
                host.WriteScounteren(AllCounters);
            }
        }

        v.Sstatus = status;
    }
}
