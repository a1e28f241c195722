using System.Runtime.InteropServices;
using System.Threading;
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

    /// <summary>Ticks for which it ran on a hart of its own. Any hart may ask: what it gets is behind by a run at the most.</summary>
    internal readonly ulong RunTicks(ulong now)
    {
        // In this order: a run that ends in between is missed, and never counted twice.
        var before = Volatile.Read(in OwnTicks);
        var since = Volatile.Read(in OwnSince);
        return before + (since != 0 && since <= now ? now - since + 1 : 0);
    }

    /// <summary>It runs on a hart of its own from now on.</summary>
    internal void BeginRun(ulong now) => Volatile.Write(ref OwnSince, now + 1);

    /// <summary>It runs no longer.</summary>
    internal void EndRun(ulong now)
    {
        var since = OwnSince;
        // In this order, for the same reason.
        Volatile.Write(ref OwnSince, 0);
        Volatile.Write(ref OwnTicks, OwnTicks + (since == 0 ? 0 : now - since + 1));
    }

    /// <summary>Its guest.</summary>
    internal Guest<THost>* Guest;

    /// <summary>Its MMU.</summary>
    internal GuestMmu Mmu;

    /// <summary>Ticks for which it ran on a hart of its own, up to when it waited or was put down last; that hart writes it. Where harts are shared the queue has the account.</summary>
    internal ulong OwnTicks;

    /// <summary>The <c>time</c> since which it runs on a hart of its own, plus one; 0 while it does not. That hart writes it.</summary>
    internal ulong OwnSince;

    /// <summary>What it had run when the monitor began to count; the console's hart alone uses it.</summary>
    internal ulong RunFrom;

    /// <summary>What it had waited for a hart by then; likewise.</summary>
    internal ulong ReadyFrom;

    /// <summary>Its counters as they were when the monitor began to count; the console's hart alone uses it.</summary>
    internal TrapCounters CountedFrom;
}
