using System.Threading;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>Turns the host's interrupts into the guest's. Those of devices are claimed by the hart's run loop, which says so here.</summary>
public static class HostInterrupt
{
    /// <summary>Serves the hart's timer and what other harts ask.</summary>
    /// <param name="mode">How the guest is run.</param>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart that the hart runs.</param>
    /// <param name="bus">Its guest's devices.</param>
    /// <param name="pending">Bits as in <c>sip</c>.</param>
    /// <returns>Resume, or Stop where another hart asked for it.</returns>
    public static TrapOutcome Serve<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus, ulong pending)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.HostInterrupts++;
        if ((pending & Interrupts.Timer) != 0)
        {
            HartTimer.Serve(mode, ref host, ref v, ref bus);
        }

        if ((pending & Interrupts.Software) == 0)
        {
            return TrapOutcome.Resume;
        }

        // Cleared first: a request that comes after the exchange raises it again.
        host.ClearSoftwareInterrupt();
        return ServeRequests(mode, ref host, ref v, ref bus);
    }

    /// <summary>Serves what other harts have asked of a virtual hart. No request is lost: whoever makes one raises the hart's interrupt after it.</summary>
    /// <returns>Resume, or Stop where another hart asked for it.</returns>
    public static TrapOutcome ServeRequests<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        var requests = (HartRequest)Interlocked.Exchange(ref v.Requests, 0);
        if ((requests & HartRequest.Interrupt) != 0)
        {
            mode.SetPending(ref host, ref v, Interrupts.Software, pending: true);
        }

        if ((requests & HartRequest.External) != 0)
        {
            UpdateExternal(mode, ref host, ref v, ref bus);
        }

        if ((requests & HartRequest.Stop) != 0)
        {
            v.StopReason = StopReason.Requested;
            return TrapOutcome.Stop;
        }

        return TrapOutcome.Resume;
    }

    /// <summary>A device of the host interrupted the hart that runs a virtual hart, and was served.</summary>
    public static void FollowDevices<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.HostInterrupts++;
        UpdateExternal(mode, ref host, ref v, ref bus);
    }

    /// <summary>Copies the virtual PLIC's line into <c>sip.SEIP</c>.</summary>
    public static void UpdateExternal<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        mode.SetPending(ref host, ref v, Interrupts.External, bus.ExternalInterruptPending(v.Index));
    }
}
