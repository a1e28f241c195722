using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Testing.Traps;

/// <summary>An MMU without page tables: every address is itself, and what is not the guest's RAM is a device's.</summary>
/// <param name="memory">The guest's RAM.</param>
public readonly struct FlatMmu(GuestMemory memory) : IGuestMmu<TestHost>
{
    // A guest physical address has 56 bits.
    private const ulong Reach = 1UL << 56;

    /// <inheritdoc/>
    public ulong AsidMask => 0;

    /// <inheritdoc/>
    public bool Supports(TranslationMode mode) => mode == TranslationMode.Bare;

    /// <inheritdoc/>
    public void Activate(ref TestHost host, ulong satp, int view)
    {
    }

    /// <inheritdoc/>
    public bool TrySwitchView(ref TestHost host, int view) => true;

    /// <inheritdoc/>
    public ref VCpu Resolve<TFollower>(ref TestHost host, ulong va, AccessKind access, TFollower follower)
        where TFollower : struct, IFaultFollower
    {
        if (va >= Reach)
        {
            return ref follower.Follow(va, FaultResolution.GuestAccessFault);
        }

        return ref follower.Follow(va, memory.Contains(va, 1) ? FaultResolution.Mapped : FaultAnswer.NotMemory(va));
    }

    /// <inheritdoc/>
    public FaultResolution Translate(ulong va, AccessKind access, out ulong guestAddress)
    {
        guestAddress = va;
        return va < Reach ? FaultResolution.Mapped : FaultResolution.GuestAccessFault;
    }

    /// <inheritdoc/>
    public bool TryReadCode(ulong va, out uint instruction)
    {
        instruction = 0;
        return false;
    }

    /// <inheritdoc/>
    public void FenceAll(ref TestHost host)
    {
    }

    /// <inheritdoc/>
    public void FenceAsid(ref TestHost host, ushort asid)
    {
    }

    /// <inheritdoc/>
    public bool TryFencePageQuickly(ref TestHost host, ulong va)
    {
        FencePage(ref host, va);
        return true;
    }

    /// <inheritdoc/>
    public void FencePage(ref TestHost host, ulong va)
    {
    }

    /// <inheritdoc/>
    public void FencePageAsid(ref TestHost host, ulong va, ushort asid)
    {
    }
}
