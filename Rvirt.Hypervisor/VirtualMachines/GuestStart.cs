using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Has a guest that does not run begin, by a hart that runs nobody.</summary>
/// <remarks>
/// Loading a guest takes long, with interrupts masked. A virtual hart that is loaded meanwhile would make no fences, and who waits for them would wait as long:
/// whoever has one puts it down first.
/// </remarks>
// SAFETY: records of harts, guests and the machine stay in place.
[ColdPath]
internal static unsafe class GuestStart<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Asks the hart that the guest begins on: one that shares, for a guest that does, else the guest's own.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="guest">The guest; its state keeps everybody else from it.</param>
    internal static void Ask(HostCore<THost>* core, Guest<THost>* guest)
    {
        var by = core;
        if (!guest->Shares)
        {
            by = ((GuestHart<THost>*)guest->Harts[0])->Home;
        }
        else if (!core->Shares)
        {
            for (by = core->Machine->Cores; !by->Shares; by++)
            {
            }
        }

        // Then it is interrupted: whoever looks after that sees it.
        Interlocked.Or(ref by->Begins, 1 << guest->Index);
        CoreKick<THost>.Raise(ref core->Host, by, CoreRequest.Reschedule);
    }

    /// <summary>Begins the guests that this hart was asked for; it runs nobody.</summary>
    internal static void Serve(HostCore<THost>* core)
    {
        var begins = Interlocked.Exchange(ref core->Begins, 0);
        for (var guest = core->Machine->Guests; begins != 0; guest++, begins >>= 1)
        {
            if ((begins & 1) != 0)
            {
                GuestEnd<THost>.Begin(core, guest);
            }
        }
    }
}
