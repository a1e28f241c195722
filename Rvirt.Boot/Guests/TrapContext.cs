using System.Runtime.CompilerServices;
using Rvirt.Boot.Target;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Machine;
using Rvirt.Mmu;

namespace Rvirt.Boot.Guests;

/// <summary>A virtual hart on its hart, as trap handling takes it.</summary>
internal readonly unsafe struct TrapContext : ITrapContext<TargetHost, ShadowMmuAdapter<TargetHost>, GuestBus<TargetHost>>
{
    private readonly GuestHart* _hart;

    // SAFETY: here and below: the trap vector hands over a virtual hart, which is the head of its GuestHart; both stay in place.
    internal TrapContext(GuestHart* hart) => _hart = hart;

    /// <inheritdoc/>
    public ref TargetHost Host
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _hart->Host;
    }

    /// <inheritdoc/>
    public ref VCpu VirtualHart
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _hart->V;
    }

    /// <inheritdoc/>
    public ShadowMmuAdapter<TargetHost> Mmu
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(&_hart->Mmu);
    }

    /// <inheritdoc/>
    public ref GuestBus<TargetHost> Bus
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _hart->Guest->Bus;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave(TrapOutcome outcome, ulong cause, ulong value) => GuestLife.Leave(_hart, outcome, cause, value);
}
