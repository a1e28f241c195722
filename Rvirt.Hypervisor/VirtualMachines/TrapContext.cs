// How guests are run decides which views of their memory there are; what there is of an MMU is the same for all.
global using GuestMmu = Rvirt.Mmu.ShadowMmu<Rvirt.Core.Modes.Deprivileged.SplitViews>;
using System.Runtime.CompilerServices;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Hypervisor.Host;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>A virtual hart that is loaded on a hart, as trap handling takes it where guests' S-mode runs in U-mode.</summary>
internal readonly unsafe struct TrapContext<THost> : ITrapContext<DeprivilegedMode<THost>, THost, ShadowMmuAdapter<THost, SplitViews>, GuestBus<THost>>
    where THost : unmanaged, IHypervisorHost
{
    private readonly GuestHart<THost>* _hart;

    // SAFETY: here and below: the trap vector hands over a virtual hart, which is the head of its GuestHart and loaded on this hart; all stay in place.
    internal TrapContext(GuestHart<THost>* hart) => _hart = hart;

    /// <inheritdoc/>
    public DeprivilegedMode<THost> Mode => default;

    /// <inheritdoc/>
    public ref THost Host
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _hart->Core->Host;
    }

    /// <inheritdoc/>
    public ref VCpu VirtualHart
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _hart->V;
    }

    /// <inheritdoc/>
    public ShadowMmuAdapter<THost, SplitViews> Mmu
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(&_hart->Mmu);
    }

    /// <inheritdoc/>
    public ref GuestBus<THost> Bus
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _hart->Guest->Bus;
    }

    /// <summary>How guests are run on a hart.</summary>
    internal static HostMode<THost> ModeOf(ref THost host) => new(host.IsResident);

    /// <summary>A virtual hart's MMU, on the hart on which it is loaded or is about to be.</summary>
    internal static HostMmu<THost> MmuOf(ref THost host, GuestHart<THost>* hart) => new(&hart->Mmu, host.IsResident);

    /// <summary>What is pending for a virtual hart that is loaded is delivered, and it can be entered.</summary>
    internal static TrapOutcome GoOn(GuestHart<THost>* hart)
    {
        ref var host = ref hart->Core->Host;
        if (host.IsResident)
        {
            var resident = new ResidentContext<THost>(hart);
            var native = resident.Mmu;
            return TrapHandler.GoOn(resident.Mode, ref host, ref hart->V, ref native, ref hart->Guest->Bus);
        }

        var context = new TrapContext<THost>(hart);
        var mmu = context.Mmu;
        return TrapHandler.GoOn(context.Mode, ref host, ref hart->V, ref mmu, ref hart->Guest->Bus);
    }

    /// <summary>Handles a trap.</summary>
    /// <returns>The virtual hart to enter next.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref VCpu Handle(ulong cause, ulong value) =>
        ref TrapDispatch<TrapContext<THost>, DeprivilegedMode<THost>, THost, ShadowMmuAdapter<THost, SplitViews>, GuestBus<THost>>.Handle(this, cause, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref VCpu Leave(TrapOutcome outcome, ulong cause, ulong value) => ref GuestLife<THost>.Leave(_hart, outcome, cause, value)->V;
}
