using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <summary>A reference to shadow page tables, as trap handling takes an MMU: the tables themselves do not depend on the host's type.</summary>
public readonly unsafe struct ShadowMmuAdapter<THost, TViews> : IGuestMmu<THost>
    where THost : struct, IFences
    where TViews : struct, IViewPolicy
{
    private readonly ShadowMmu<TViews>* _mmu;

    /// <summary>Makes a reference; the tables stay where they are for as long as it is used.</summary>
    // SAFETY: of every member: the caller here keeps the tables in place, and only the hart that they belong to uses the reference.
    public ShadowMmuAdapter(ShadowMmu<TViews>* mmu) => _mmu = mmu;

    /// <inheritdoc/>
    public ulong AsidMask => _mmu->AsidMask;

    /// <inheritdoc/>
    public bool Supports(TranslationMode mode) => _mmu->Supports(mode);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Activate(ref THost host, ulong satp, int view) => _mmu->Activate(ref host, satp, view);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySwitchView(ref THost host, int view) => _mmu->TrySwitchView(ref host, view);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref VCpu Resolve<TFollower>(ref THost host, ulong va, AccessKind access, TFollower follower)
        where TFollower : struct, IFaultFollower => ref _mmu->Resolve(ref host, va, access, follower);

    /// <inheritdoc/>
    public FaultResolution Translate(ulong va, AccessKind access, out ulong guestAddress) => _mmu->Translate(va, access, out guestAddress);

    /// <inheritdoc/>
    public bool TryReadCode(ulong va, out uint instruction) => _mmu->TryReadCode(va, out instruction);

    /// <inheritdoc/>
    public void FenceAll(ref THost host) => _mmu->FenceAll(ref host);

    /// <inheritdoc/>
    public void FenceAsid(ref THost host, ushort asid) => _mmu->FenceAsid(ref host, asid);

    /// <inheritdoc/>
    public void FencePage(ref THost host, ulong va) => _mmu->FencePage(ref host, va);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFencePageQuickly(ref THost host, ulong va) => _mmu->TryFencePageQuickly(ref host, va);

    /// <inheritdoc/>
    public void FencePageAsid(ref THost host, ulong va, ushort asid) => _mmu->FencePageAsid(ref host, va, asid);
}
