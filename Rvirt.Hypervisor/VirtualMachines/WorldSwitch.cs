using System.Threading;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Loads virtual harts on harts of the host, and puts them down.</summary>
/// <remarks>
/// <para>What a hart holds of the virtual hart that is loaded on it: what the way of running says (<see cref="IExecutionMode{THost}.Save"/> and
/// <see cref="IExecutionMode{THost}.Load"/>: registers of units, bits of <c>sstatus</c>, CSRs), the reservation of lr and sc, <c>satp</c>, the TLB
/// and the instruction cache, the timer and <c>sie.STIE</c>. Everything else is in the virtual hart whenever the hypervisor runs.</para>
/// <para>Of those, what a guest changes without a trap is saved as it is put down; all of them are written as it is loaded, so that nothing
/// that another virtual hart left is seen.</para>
/// <para>Not switched, because no guest has a part in it: <c>stvec</c>, <c>senvcfg</c>, <c>sie.SSIE</c> and <c>sie.SEIE</c>,
/// the hart's context at the PLIC. <c>sepc</c>, <c>scause</c> and <c>stval</c> mean nothing between traps.</para>
/// </remarks>
internal static unsafe class WorldSwitch<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Puts down the virtual hart that is loaded on a hart: from here on it can be loaded anywhere, and the hart runs nothing.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="next">Where the virtual hart is from then on.</param>
    /// <returns>The virtual hart.</returns>
    internal static GuestHart<THost>* Save(HostCore<THost>* core, RunState next = RunState.Runnable)
    {
        // SAFETY: the caller runs on that hart, on which a virtual hart is loaded; records stay in place.
        var hart = core->Running;
        ref var host = ref core->Host;
        TrapContext<THost>.ModeOf(ref host).Save(ref host, ref hart->V, core->Units);

        // Else the next one's sc could succeed upon this one's lr.
        host.DropReservation();
        Drop(core, next);
        return hart;
    }

    /// <summary>Lets go of the virtual hart that is loaded on a hart, where what the hart holds of it is not wanted any more.</summary>
    internal static void Drop(HostCore<THost>* core, RunState next = RunState.Parked)
    {
        // SAFETY: the caller runs on that hart, on which a virtual hart is loaded; both records stay in place.
        var hart = core->Running;
        if (!core->Shares)
        {
            hart->EndRun(core->Host.ReadTime());
        }

        TrapContext<THost>.ModeOf(ref core->Host).LetGo(ref core->Host, ref hart->V);
        hart->Core = null;
        core->Running = null;
        ShowDebugger(core);

        // Last: from here on another hart may load it.
        hart->V.Enter(next);
    }

    /// <summary>Loads a virtual hart that is loaded nowhere on a hart that runs nothing. What others asked of it meanwhile is served.</summary>
    /// <returns>Resume, where what is pending is delivered next, as <see cref="GuestLife{THost}.Switch"/> does; Stop where another hart asked for that.</returns>
    internal static TrapOutcome Load(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        // SAFETY: the caller runs on that hart and no other uses the virtual hart; both records stay in place.
        ref var host = ref core->Host;
        ref var v = ref hart->V;
        core->Running = hart;
        core->Loads++;
        hart->Loads++;
        hart->Core = core;
        if (!core->Shares)
        {
            hart->BeginRun(host.ReadTime());
        }

        v.HostStack = core->StackTop;
        Volatile.Write(ref v.HostHartId, core->HartId);
        v.Enter(RunState.Loaded);
        ShowDebugger(core);
        var here = v.LastHart == core->Index;
        v.LastHart = core->Index;
        // Registers that are still there, of a virtual hart that was nowhere else, need not be loaded.
        var units = here && core->UnitsOwner == hart ? HartUnits.None : core->Units;
        core->UnitsOwner = hart;
        var mode = TrapContext<THost>.ModeOf(ref host);
        var mmu = TrapContext<THost>.MmuOf(ref host, hart);
        hart->Mmu.Load();
        hart->Mmu.Walked(out var tables, out var length);
        host.Confine(v.Memory.HostAddress, mode.RoomFor(v.Memory.Length), tables, length);
        mode.Load(ref host, ref v, ref mmu, units);
        if (!here)
        {
            // Fences that it made on another hart, this one's TLB and instruction cache have not seen.
            host.SfenceAll();
            host.FenceI();
        }

        HartTimer.Load(mode, ref host, ref v);

        // Last: who asks from here on interrupts this hart, and waits for its fence, as HostHartId and Run were written before.
        ref var bus = ref hart->Guest->Bus;
        var outcome = HostInterrupt.ServeRequests(mode, ref host, ref v, ref mmu, ref bus);
        HostInterrupt.UpdateExternal(mode, ref host, ref v, ref bus);
        return outcome;
    }

    // A debugger that stops in the hypervisor finds the virtual hart at the stack's far end.
    // SAFETY: the stack is that long, and its lowest word is nothing else.
    private static void ShowDebugger(HostCore<THost>* core) =>
        *(GuestHart<THost>**)(core->StackTop - Limits.StackSize) = core->Running;
}
