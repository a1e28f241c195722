using System.Threading;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>Turns the host's interrupts into the guest's. Those of devices are claimed by the hart's run loop, which says so here.</summary>
public static class HostInterrupt
{
    /// <summary>Serves the hart's timer, which has interrupted.</summary>
    /// <returns>Resume, or Yield where the slice of the virtual hart has ended.</returns>
    public static TrapOutcome ServeTimer<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.HostInterrupts++;
        return HartTimer.Serve(mode, ref host, ref v, ref bus);
    }

    /// <summary>Another hart interrupted the one that has a virtual hart loaded: serves what was asked.</summary>
    /// <returns>Resume, or Stop where another hart asked for it.</returns>
    public static TrapOutcome ServeHarts<TMode, THost, TMmu, TBus>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.HostInterrupts++;
        return ServeRequests(mode, ref host, ref v, ref mmu, ref bus);
    }

    /// <summary>Serves what other harts have asked of a virtual hart. No request is lost: whoever makes one raises the hart's interrupt after it.</summary>
    /// <returns>Resume, or Stop where another hart asked for it.</returns>
    public static TrapOutcome ServeRequests<TMode, THost, TMmu, TBus>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        var requests = (HartRequest)Interlocked.Exchange(ref v.Requests, 0);
        if ((requests & HartRequest.Fence) != 0)
        {
            GuestFence.ServePosted(mode, ref host, ref v, ref mmu);
        }

        if ((requests & HartRequest.Interrupt) != 0)
        {
            mode.SetPending(ref host, ref v, Interrupts.Software, pending: true);
        }

        if ((requests & HartRequest.External) != 0)
        {
            UpdateExternal(mode, ref host, ref v, ref bus);
        }

        if ((requests & HartRequest.Alarm) != 0)
        {
            HartTimer.FollowAlarm(mode, ref host, ref v, ref bus);
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
        where TBus : struct, IGuestBus<THost> =>
        mode.SetPending(ref host, ref v, Interrupts.External, bus.ExternalInterruptPending(v.Index));
}
