using System.Runtime.CompilerServices;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <summary>What a guest's leaf becomes in a table for the hart, where a policy says what each class of tables holds.</summary>
internal static class ShadowLeaf
{
    /// <summary>The bits of a readable leaf that a class of tables keeps as they are.</summary>
    public static ulong Kept<TViews>(TViews policy, int leafClass)
        where TViews : struct, IViewPolicy =>
        Pte.V | Pte.R | Pte.W | Pte.A | Pte.D | (policy.KeepsExecute(leafClass) ? Pte.X : 0) | (policy.RunsInUser ? 0 : Pte.U);

    /// <summary>The flags of the shadow entry of a readable leaf, from the bits that its class keeps.</summary>
    /// <remarks>A clean page is read-only until the guest writes it, so that D is set in time.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OfKept<TViews>(TViews policy, ulong kept)
        where TViews : struct, IViewPolicy =>
        (policy.RunsInUser ? Pte.U : 0) | ((kept & (Pte.W | Pte.D)) == (Pte.W | Pte.D) ? kept : kept & ~(Pte.W | Pte.D));

    /// <summary>The flags of the shadow entry of any leaf whose A is set, in a class of tables.</summary>
    public static ulong Of<TViews>(TViews policy, ulong leaf, int leafClass)
        where TViews : struct, IViewPolicy
    {
        var flags = leaf & (Pte.V | Pte.R | Pte.W | Pte.X | Pte.U | Pte.A | Pte.D);
        if (policy.AddsRead(leafClass) && (leaf & Pte.X) != 0)
        {
            flags |= Pte.R;
        }

        return OfKept(policy, flags & Kept(policy, leafClass));
    }
}
