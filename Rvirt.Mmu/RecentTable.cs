using System.Runtime.CompilerServices;

namespace Rvirt.Mmu;

/// <summary>
/// A shadow table of 4 KiB pages that a fault filled not long ago, with the guest's table behind it and the guest's links to that:
/// while those are what they were, the next fault there needs no walk.
/// </summary>
internal unsafe struct RecentTable
{
    /// <summary>Number of tables remembered. Each has one place.</summary>
    public const int Count = 32;

    /// <summary>Most links that lead to a guest's last table: Sv48's.</summary>
    public const int MaximumLinks = 3;

    /// <summary>Shift of the virtual addresses that one table maps.</summary>
    public const int RegionShift = Pte.PageShift + Pte.IndexBits;

    /// <summary>The virtual addresses it maps, shifted.</summary>
    public ulong Region;

    /// <summary>The MMU's count of changed links when the table was found linked below its root.</summary>
    public ulong LinkChanges;

    /// <summary>The root.</summary>
    public int Root;

    /// <summary>The owner of the shadow table.</summary>
    public int Owner;

    /// <summary>The guest's links to its table. Where there are fewer, the last stands in the remaining places too.</summary>
    public GuestLinks Links;

    /// <summary>The guest's table, all of it in the guest's RAM.</summary>
    public ulong* GuestTable;

    /// <summary>The shadow table.</summary>
    public ulong* Entries;

    /// <summary>The shadow table's record.</summary>
    public ShadowTable* Record;

    /// <summary>The bits of a guest's leaf that decide whether it is of the simple kind that the table may hold...</summary>
    public ulong Mask;

    /// <summary>... and what they must be.</summary>
    public ulong Wanted;

    /// <summary>The bits of a guest's leaf that its shadow has too, where the table's class allows them.</summary>
    public ulong Kept;

    /// <summary>Whether the guest's links are still the same. Each is read once, as in a walk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool LinksHold() => Links.Hold(0) && Links.Hold(1) && Links.Hold(2);

    /// <summary>A link of the guest's: where it stands, and what it was.</summary>
    public struct GuestLink
    {
        /// <summary>Where the link stands, in the guest's RAM.</summary>
        public ulong* Entry;

        /// <summary>What it was.</summary>
        public ulong Value;
    }

    /// <summary>The links, from the root's down.</summary>
    [InlineArray(MaximumLinks)]
    public struct GuestLinks
    {
        private GuestLink _first;

        /// <summary>Whether a link is still the same.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly bool Hold(int index)
        {
            ref var link = ref Unsafe.Add(ref Unsafe.AsRef(in _first), index);
            // SAFETY: an aligned doubleword of the guest's RAM, checked when the link was first read.
            return *link.Entry == link.Value;
        }
    }
}
