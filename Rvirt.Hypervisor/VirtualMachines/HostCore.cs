using System.Runtime.InteropServices;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>
/// A hart of the host, and what it runs. What belongs to a hart is here, what belongs to a virtual hart is in <see cref="GuestHart{THost}"/>:
/// any virtual hart can be loaded on any of them (<see cref="WorldSwitch{THost}"/>).
/// </summary>
/// <remarks>Set-up fills it in; from the hart's start on that hart alone writes it, and no other reads what changes, but for <see cref="Requests"/>.</remarks>
// SAFETY: set-up gives each hart a record in memory that stays, with pointers to what stays; a virtual hart is loaded on one hart at most.
[StructLayout(LayoutKind.Sequential)]
public unsafe struct HostCore<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>The hart's registers, and the device registers around it.</summary>
    internal THost Host;

    /// <summary>The machine it is part of.</summary>
    internal HostMachine<THost>* Machine;

    /// <summary>The virtual hart that is loaded on it; null for none.</summary>
    internal GuestHart<THost>* Running;

    /// <summary>Whose values the registers of its units hold, as that one was last put down here or runs now; null for nobody's.</summary>
    internal GuestHart<THost>* UnitsOwner;

    /// <summary>The virtual hart that it runs, and no other; null where it <see cref="Shares"/>, or has nothing to run.</summary>
    internal GuestHart<THost>* First;

    /// <summary>Whether it runs whatever the machine's queue gives it (<see cref="Scheduler{THost}"/>).</summary>
    internal bool Shares;

    /// <summary>Top of its stack in the hypervisor.</summary>
    internal ulong StackTop;

    /// <summary>Hardware id.</summary>
    internal ulong HartId;

    /// <summary>Number, in the order of <see cref="HostMachine{THost}.Cores"/>.</summary>
    internal int Index;

    /// <summary>Context of the hypervisor's own mode at the host's PLIC, where there is one.</summary>
    internal uint PlicContext;

    /// <summary>Whether it has such a context: without one, no device can interrupt it.</summary>
    internal bool HasPlic;

    /// <summary>The units that it has.</summary>
    internal HartUnits Units;

    /// <summary>What other harts ask of it, as bits of <see cref="CoreRequest"/>; set by <see cref="CoreKick{THost}"/>, taken by this hart, both atomically.</summary>
    internal int Requests;

    /// <summary>The guests that it has to begin once it runs nobody, by their numbers; set and taken by <see cref="GuestStart{THost}"/>, both atomically.</summary>
    internal int Begins;

    /// <summary>Its last traps, while tracing is on: it writes them itself, the monitor and a panic on any hart read them.</summary>
    internal TraceRing* Trace;

    /// <summary>How often a virtual hart was loaded.</summary>
    internal ulong Loads;

    /// <summary>How it gets into the window.</summary>
    internal HartStart Start;
}
