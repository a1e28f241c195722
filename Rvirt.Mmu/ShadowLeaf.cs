using System.Runtime.CompilerServices;

namespace Rvirt.Mmu;

/// <summary>What a guest's leaf becomes in a shadow table: an entry for the hart's U-mode, in which both of the guest's modes run.</summary>
internal static class ShadowLeaf
{
    /// <summary>The bits of a readable leaf that a class of tables keeps as they are.</summary>
    public static ulong Kept(int leafClass) =>
        Pte.V | Pte.R | Pte.W | Pte.A | Pte.D | ((leafClass & ~TableClass.Mxr) != TableClass.UserForSupervisor ? Pte.X : 0);

    /// <summary>The flags of the shadow entry of a readable leaf, from the bits that its class keeps.</summary>
    /// <remarks>A clean page is read-only until the guest writes it, so that D is set in time.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OfKept(ulong kept) =>
        Pte.U | ((kept & (Pte.W | Pte.D)) == (Pte.W | Pte.D) ? kept : kept & ~(Pte.W | Pte.D));

    /// <summary>The flags of the shadow entry of any leaf whose A is set, in a class of tables.</summary>
    public static ulong Of(ulong leaf, int leafClass)
    {
        var flags = leaf & (Pte.V | Pte.R | Pte.W | Pte.X | Pte.A | Pte.D);
        if ((leafClass & TableClass.Mxr) != 0 && (leaf & Pte.X) != 0)
        {
            flags |= Pte.R;
        }

        return OfKept(flags & Kept(leafClass));
    }
}
