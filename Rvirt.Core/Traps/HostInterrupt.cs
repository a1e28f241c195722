using System.Threading;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>Serves the host's interrupts and turns them into the guest's.</summary>
public static class HostInterrupt
{
    /// <summary>Serves every interrupt in a set.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart that the hart runs.</param>
    /// <param name="bus">Its guest's devices.</param>
    /// <param name="pending">Bits as in <c>sip</c>.</param>
    /// <returns>Resume, or Stop where another hart asked for it.</returns>
    public static TrapOutcome Serve<THost, TBus>(ref THost host, ref VCpu v, ref TBus bus, ulong pending)
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        v.Counters.HostInterrupts++;
        v.InterruptsChanged = true;
        if ((pending & Interrupts.Timer) != 0)
        {
            HartTimer.Serve(ref host, ref v, ref bus);
        }

        if ((pending & Interrupts.External) != 0)
        {
            bus.ServiceExternalInterrupt(ref host);
            UpdateExternal<THost, TBus>(ref v, ref bus);
        }

        if ((pending & Interrupts.Software) != 0)
        {
            // Cleared first: a request that comes after the exchange raises it again.
            host.ClearSoftwareInterrupt();
            var requests = (HartRequest)Interlocked.Exchange(ref v.Requests, 0);
            if ((requests & HartRequest.Interrupt) != 0)
            {
                v.Sip |= Interrupts.Software;
            }

            if ((requests & HartRequest.External) != 0)
            {
                UpdateExternal<THost, TBus>(ref v, ref bus);
            }

            if ((requests & HartRequest.Stop) != 0)
            {
                v.StopReason = StopReason.Requested;
                return TrapOutcome.Stop;
            }
        }

        return TrapOutcome.Resume;
    }

    /// <summary>Copies the virtual PLIC's line into <c>sip.SEIP</c>.</summary>
    public static void UpdateExternal<THost, TBus>(ref VCpu v, ref TBus bus)
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        var old = v.Sip;
        v.Sip = bus.ExternalInterruptPending(v.Index) ? old | Interrupts.External : old & ~Interrupts.External;
        v.InterruptsChanged |= v.Sip != old;
    }
}
