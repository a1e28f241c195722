using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What is asked of a hart of the host, as <see cref="HartKick"/> asks virtual harts, and what it does about that.</summary>
// SAFETY: records of harts and guests stay in place.
internal static unsafe class CoreKick<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Asks a hart, and interrupts it if it does not know yet that something is asked.</summary>
    /// <param name="host">The hart that asks.</param>
    /// <param name="core">Whom.</param>
    /// <param name="request">What.</param>
    internal static void Raise(ref THost host, HostCore<THost>* core, CoreRequest request)
    {
        if (Interlocked.Or(ref core->Requests, (int)request) == 0)
        {
            host.SendIpis(1, core->HartId);
        }
    }

    /// <summary>The calling hart starts: forgets an interrupt that its firmware left. What was asked of it already, and on a stack with less below it is served later, interrupts it once more.</summary>
    internal static void Postpone(HostCore<THost>* core)
    {
        core->Host.ClearSoftwareInterrupt();
        // As in Take, behind the interrupt: who asks after this interrupts.
        if (Interlocked.Or(ref core->Requests, 0) != 0)
        {
            core->Host.SendIpis(1, core->HartId);
        }
    }

    /// <summary>Another hart interrupted the calling one: takes what was asked of it. What was asked of the virtual hart it runs comes next.</summary>
    internal static CoreRequest Take(HostCore<THost>* core)
    {
        // Cleared first: a request that comes after the exchange raises it again.
        core->Host.ClearSoftwareInterrupt();
        var requests = (CoreRequest)Interlocked.Exchange(ref core->Requests, 0);
        if ((requests & ~CoreRequest.Reschedule) != 0)
        {
            ServeRare(core, requests);
        }

        return requests;
    }

    [ColdPath]
    private static void ServeRare(HostCore<THost>* core, CoreRequest requests)
    {
        if ((requests & CoreRequest.Halt) != 0)
        {
            CoreLife<THost>.Park(ref core->Host);
        }

        if ((requests & CoreRequest.Trace) != 0)
        {
            core->Host.NoteTraps(Volatile.Read(ref core->Machine->NotesTraps));
        }

        if ((requests & CoreRequest.Report) != 0)
        {
            core->Machine->Inspection.Answer(core);
        }

        if ((requests & CoreRequest.Copy) != 0)
        {
            core->Machine->Copy.Step();
        }

        if ((requests & CoreRequest.Monitor) != 0)
        {
            MonitorConsole<THost>.Serve(core);
        }
    }
}
