using System.Runtime.CompilerServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Modes.Resident;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Hypervisor.Host;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>A virtual hart that is loaded on a hart, as trap handling takes it where the hypervisor runs in M-mode and guests in S-mode.</summary>
internal readonly unsafe struct ResidentContext<THost> : ITrapContext<ResidentMode<THost>, THost, ShadowMmuAdapter<THost, NativeViews>, GuestBus<THost>>
    where THost : unmanaged, IHypervisorHost
{
    private readonly GuestHart<THost>* _hart;

    // SAFETY: here and below: the trap vector hands over a virtual hart, which is the head of its GuestHart and loaded on this hart; all stay in place.
    internal ResidentContext(GuestHart<THost>* hart) => _hart = hart;

    /// <inheritdoc/>
    public ResidentMode<THost> Mode => default;

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
    public ShadowMmuAdapter<THost, NativeViews> Mmu
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => HostMmu<THost>.NativeOf(&_hart->Mmu);
    }

    /// <inheritdoc/>
    public ref GuestBus<THost> Bus
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _hart->Guest->Bus;
    }

    /// <summary>Handles a trap.</summary>
    /// <returns>The virtual hart to enter next.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref VCpu Handle(ulong cause, ulong value)
    {
        var mmu = Mmu;
        if (!Mode.TryArrive(ref Host, ref VirtualHart, ref mmu))
        {
            return ref HandleSlowly(this, cause, value);
        }

        return ref Dispatch(this, cause, value);
    }

    // Apart, so that what seldom has anything to do needs no frame.
    [ColdPath]
    private static ref VCpu HandleSlowly(ResidentContext<THost> context, ulong cause, ulong value)
    {
        var mmu = context.Mmu;
        return ref Dispatch(context, context.Mode.Arrive(ref context.Host, ref context.VirtualHart, ref mmu, cause), value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref VCpu Dispatch(ResidentContext<THost> context, ulong cause, ulong value) =>
        ref TrapDispatch<ResidentContext<THost>, ResidentMode<THost>, THost, ShadowMmuAdapter<THost, NativeViews>, GuestBus<THost>>.Handle(context, cause, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref VCpu Leave(TrapOutcome outcome, ulong cause, ulong value) => ref GuestLife<THost>.Leave(_hart, outcome, cause, value)->V;
}
