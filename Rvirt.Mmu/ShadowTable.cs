using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <summary>What is known of one page of the pool: the shadow table in it, and where it stands in the index.</summary>
internal struct ShadowTable
{
    /// <summary>Guest physical address of the guest table that is shadowed, or a split leaf's key.</summary>
    public ulong GuestTable;

    /// <summary>First virtual address that the table maps, and its level in the low bits: 0 for a table of 4 KiB pages.</summary>
    public ulong Place;

    /// <summary>The pool's generation that it belongs to; any other means it is dropped.</summary>
    public ulong Generation;

    /// <summary>Its owner's generation that it belongs to.</summary>
    public ulong OwnerGeneration;

    /// <summary>Index of the ASID whose translations it holds, or <see cref="AsidSlot.Global"/>.</summary>
    public int Owner;

    /// <summary>Which leaves it holds: a class of <see cref="IViewPolicy"/>.</summary>
    public int Class;

    /// <summary>Next table in its bucket, or -1.</summary>
    public int Next;

    /// <summary>Previous table in its bucket, or -1 for the first.</summary>
    public int Previous;

    /// <summary>Its bucket, or -1 where it is in none.</summary>
    public int Bucket;

    /// <summary>Entries that may not be zero.</summary>
    public EntryGroups Used;

    /// <summary>The place of the table of a level that maps a virtual address.</summary>
    public static ulong PlaceOf(ulong va, int level) => (va & ~(Pte.Size(level + 1) - 1)) | (uint)level;
}
