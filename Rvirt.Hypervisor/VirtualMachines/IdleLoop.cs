using System.Threading;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What a hart does that has no instruction of a guest to run: it sleeps, and serves the host's interrupts. Nothing polls.</summary>
/// <remarks>The hypervisor runs with interrupts masked: one that comes between a test and <c>wfi</c> stays pending, and ends the <c>wfi</c>.</remarks>
// SAFETY: records of harts and guests stay in place; the calling hart is the core's.
internal static unsafe class IdleLoop<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Sleeps until the wait of the virtual hart that is loaded ends.</summary>
    /// <returns>Resume, or Stop where another hart asked for it.</returns>
    internal static TrapOutcome Wait(HostCore<THost>* core)
    {
        ref var host = ref core->Host;
        ref var v = ref core->Running->V;
        var mode = TrapContext<THost>.ModeOf(ref host);
        ref var bus = ref core->Running->Guest->Bus;
        var mmu = TrapContext<THost>.MmuOf(ref host, core->Running);
        bus.Idle(ref host);
        core->Running->EndRun(host.ReadTime());
        do
        {
            // A sibling that sees it asleep leaves its fences for later, and interrupts no one.
            v.Enter(RunState.Blocked);
            ulong pending;
            do
            {
                pending = v.IsAskedToWake ? Pending(core) : Sleep(core);
            }
            while (pending == 0 && !v.IsAskedToWake);

            v.Enter(RunState.Loaded);
            if ((pending & Interrupts.External) != 0)
            {
                HostInterrupts<THost>.Serve(core);
                HostInterrupt.FollowDevices(mode, ref host, ref v, ref bus);
            }

            if ((pending & Interrupts.Timer) != 0)
            {
                HostInterrupt.ServeTimer(mode, ref host, ref v, ref bus);
            }

            var outcome = TrapOutcome.Resume;
            if ((pending & Interrupts.Software) != 0)
            {
                CoreKick<THost>.Take(core);
                outcome = HostInterrupt.ServeHarts(mode, ref host, ref v, ref mmu, ref bus);
            }
            else if (v.IsAsked)
            {
                outcome = HostInterrupt.ServeRequests(mode, ref host, ref v, ref mmu, ref bus);
            }

            if (outcome == TrapOutcome.Stop)
            {
                return TrapOutcome.Stop;
            }
        }
        while (!HartWait.TryEnd(mode, ref host, ref v));

        core->Running->BeginRun(host.ReadTime());
        return TrapOutcome.Resume;
    }

    /// <summary>Serves devices of others, with no virtual hart loaded, until the hart's own one is started; for ever where it has none.</summary>
    internal static void Run(HostCore<THost>* core)
    {
        // No guest's tables are used while nobody looks after them.
        ref var host = ref core->Host;
        HartTimer.Arm(ref host, HartTimer.Never);
        host.WriteSatp(core->Machine->Boot.Satp);
        host.SfenceAll();
        while (core->First == null || core->First->V.RunState != RunState.Runnable)
        {
            if (Volatile.Read(ref core->Begins) != 0)
            {
                GuestStart<THost>.Serve(core);
                continue;
            }

            // Who starts it writes that, then interrupts this hart.
            var pending = Sleep(core);
            if ((pending & Interrupts.Software) != 0)
            {
                CoreKick<THost>.Take(core);
            }

            if ((pending & Interrupts.External) != 0)
            {
                HostInterrupts<THost>.Serve(core);
            }
        }
    }

    private static ulong Sleep(HostCore<THost>* core)
    {
        core->Host.Wfi();
        return Pending(core);
    }

    private static ulong Pending(HostCore<THost>* core) => core->Host.ReadSip() & core->Host.ReadSie() & Interrupts.All;
}
