using System.Runtime.InteropServices;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Scheduling;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>A virtual hart, its MMU, and where it is loaded. It starts with the trap frame, so that one pointer is enough.</summary>
// SAFETY: GuestSetup sets Guest and Home once, to records that stay where they are.
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GuestHart<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>The virtual hart. First: a trap hands over its address.</summary>
    internal VCpu V;

    /// <summary>The hart on which it is loaded, which alone writes this; null while it is put down.</summary>
    internal HostCore<THost>* Core;

    /// <summary>How often it was loaded; the hart that loads it counts, before the guest goes on.</summary>
    internal ulong Loads;

    /// <summary>Its number in the machine's queue.</summary>
    internal readonly int Number => (Guest->Index * RunQueue.HartsPerGuest) + V.Index;

    /// <summary>The hart that runs it, and no other; null where its guest shares harts.</summary>
    internal HostCore<THost>* Home;

    /// <summary>Whether it stands still because its guest is paused. Under the machine's lock of lives.</summary>
    internal bool IsHeld;

    /// <summary>Its guest.</summary>
    internal Guest<THost>* Guest;

    /// <summary>Its MMU.</summary>
    internal GuestMmu Mmu;

    /// <summary>Its counters as they were when the monitor began to count; the console's hart alone uses it.</summary>
    internal TrapCounters CountedFrom;
}
