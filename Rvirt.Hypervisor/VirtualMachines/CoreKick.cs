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
            ServeMonitor(core, requests);
        }

        return requests;
    }

    [ColdPath]
    private static void ServeMonitor(HostCore<THost>* core, CoreRequest requests)
    {
        if ((requests & CoreRequest.Trace) != 0)
        {
            core->Host.NoteTraps(Volatile.Read(ref core->Machine->NotesTraps));
        }

        if ((requests & CoreRequest.Report) != 0)
        {
            core->Machine->Inspection.Answer(core);
        }

        if ((requests & CoreRequest.Monitor) != 0)
        {
            MonitorConsole<THost>.Serve(core);
        }
    }

    /// <summary>
    /// Moves on the virtual harts that wait, were last loaded on the calling hart, and were asked something: who asked interrupted this hart,
    /// as <see cref="VCpu.HostHartId"/> names it, and knows no more.
    /// </summary>
    /// <param name="core">The calling hart, whose interrupt was cleared before.</param>
    /// <param name="woken">Called with each, which is <see cref="RunState.Runnable"/> from then on.</param>
    internal static void Wake<TWoken>(HostCore<THost>* core, ref TWoken woken)
        where TWoken : struct, IWoken<THost>
    {
        var machine = core->Machine;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            var guest = machine->Guests + i;
            for (var n = 0; n < guest->Devices.Harts; n++)
            {
                var hart = (GuestHart<THost>*)guest->Harts[n];
                ref var v = ref hart->V;
                if (hart != core->Running && v.RunState == RunState.Blocked && Volatile.Read(ref v.HostHartId) == core->HartId
                    && v.IsAskedToWake && v.TryMove(RunState.Blocked, RunState.Runnable))
                {
                    woken.Add(hart);
                }
            }
        }
    }
}
