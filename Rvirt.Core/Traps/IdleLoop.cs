using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>The guest's <c>wfi</c>: the hart sleeps until the guest has an interrupt to wake for. Nothing polls.</summary>
public static class IdleLoop
{
    /// <summary>Sleeps until an interrupt is pending that the guest enabled in <c>sie</c>, whatever its SIE (Privileged spec 1.13 §3.3.3).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TrapOutcome Wait<THost, TBus>(ref THost host, ref VCpu v, ref TBus bus)
        where THost : struct, IHost
        where TBus : struct, IGuestBus<THost>
    {
        if ((v.Sip & v.Sie) == 0)
        {
            bus.Idle(ref host);
        }

        while ((v.Sip & v.Sie) == 0)
        {
            // The hypervisor runs with interrupts masked: one that comes between the test and wfi stays pending, and ends the wfi.
            host.Wfi();
            var pending = host.ReadSip() & host.ReadSie() & Interrupts.All;
            if (pending != 0 && HostInterrupt.Serve(ref host, ref v, ref bus, pending) == TrapOutcome.Stop)
            {
                return TrapOutcome.Stop;
            }
        }

        v.InterruptsChanged = true;
        return TrapOutcome.Advance;
    }
}
