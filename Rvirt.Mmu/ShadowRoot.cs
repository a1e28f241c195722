namespace Rvirt.Mmu;

/// <summary>A root table of the host with the tables that lead down to the guest's root level. It has a host ASID of its own.</summary>
// SAFETY: InitializeRoot and LinkRoot point into the root's own pages, which stay as long as the MMU; nothing here follows them.
internal unsafe struct ShadowRoot
{
    /// <summary>Pages of a root: the host's root table, and at most two tables a level for the lower and the upper half of the guest's addresses.</summary>
    public const int Pages = 5;

    /// <summary>In place of an address space: none.</summary>
    public const int NoSpace = -1;

    /// <summary>The address space it serves.</summary>
    public int Space;

    /// <summary>Its number among the roots of that.</summary>
    public int Number;

    /// <summary>Levels of the guest's mode that its pages are linked for.</summary>
    public int Levels;

    /// <summary>The host's <c>satp</c> that selects it.</summary>
    public ulong HostSatp;

    /// <summary>Host ASID, 0 where the host has none to spare.</summary>
    public ulong HostAsid;

    /// <summary>Its pages; the first is the host's root table.</summary>
    public ulong* Table;

    /// <summary>Table of the entries 0 to 255 of the guest's root level.</summary>
    public ulong* Lower;

    /// <summary>Table of the entries 256 to 511 of the guest's root level.</summary>
    public ulong* Upper;

    /// <summary>Entries of the guest's root level that may not be zero.</summary>
    public EntryBitmap Used;
}
