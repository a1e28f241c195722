using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What a hart does while its virtual hart waits: it sleeps, and serves the host's interrupts. Nothing polls.</summary>
public static class IdleLoop
{
    /// <summary>Sleeps until the virtual hart's wait ends.</summary>
    /// <returns>Resume, or Stop where another hart asked for it.</returns>
    public static TrapOutcome Wait<THost, TBus>(ref THost host, ref VCpu v, ref TBus bus)
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        bus.Idle(ref host);
        while (true)
        {
            // The hypervisor runs with interrupts masked: one that comes between a test and wfi stays pending, and ends the wfi.
            host.Wfi();
            var pending = host.ReadSip() & host.ReadSie() & Interrupts.All;
            if (pending == 0)
            {
                continue;
            }

            var outcome = HostInterrupt.Serve(ref host, ref v, ref bus, pending);
            if (outcome != TrapOutcome.Resume || HartWait.TryEnd(ref v))
            {
                return outcome;
            }
        }
    }
}
