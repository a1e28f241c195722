namespace Rvirt.Mmu;

/// <summary>Bits of a page-table entry, the same in Sv39, Sv48 and Sv57 (Privileged spec 1.13 §12.3.1, §12.4.1).</summary>
public static class Pte
{
    /// <summary>Valid.</summary>
    public const ulong V = 1 << 0;

    /// <summary>Readable.</summary>
    public const ulong R = 1 << 1;

    /// <summary>Writable.</summary>
    public const ulong W = 1 << 2;

    /// <summary>Executable.</summary>
    public const ulong X = 1 << 3;

    /// <summary>Accessible to U-mode.</summary>
    public const ulong U = 1 << 4;

    /// <summary>Global: in every address space.</summary>
    public const ulong G = 1 << 5;

    /// <summary>Accessed.</summary>
    public const ulong A = 1 << 6;

    /// <summary>Dirty.</summary>
    public const ulong D = 1 << 7;

    /// <summary>One of the two bits left to software; in a shadow entry: a link that stands for a leaf of the guest, split to fit its RAM.</summary>
    public const ulong Split = 1 << 8;

    /// <summary>Bits that a guest's entry must leave clear: N, PBMT and the reserved ones, as neither Svnapot nor Svpbmt is offered.</summary>
    public const ulong Reserved = 0x3ffUL << 54;

    /// <summary>Bits that are reserved in an entry that points at a table.</summary>
    public const ulong ReservedInLink = D | A | U;

    /// <summary>Shift of the page number.</summary>
    public const int PpnShift = 10;

    /// <summary>Bits of a physical address (Privileged spec 1.13 §12.4).</summary>
    public const int PhysicalAddressBits = 56;

    /// <summary>Bytes of a page and of a table.</summary>
    public const ulong PageSize = 1 << PageShift;

    /// <summary>Shift of a page.</summary>
    public const int PageShift = 12;

    /// <summary>Index bits of each level.</summary>
    public const int IndexBits = 9;

    /// <summary>Entries of a table.</summary>
    public const int Entries = 1 << IndexBits;

    /// <summary>The physical address in an entry.</summary>
    public static ulong Address(ulong pte) => (pte & ~Reserved) >> PpnShift << PageShift;

    /// <summary>An entry's bits for a physical address, a multiple of 4096.</summary>
    public static ulong FromAddress(ulong address) => address >> PageShift << PpnShift;

    /// <summary>Whether a valid entry ends the walk.</summary>
    public static bool IsLeaf(ulong pte) => (pte & (R | W | X)) != 0;

    /// <summary>Shift of the index of a level: 12 for level 0.</summary>
    public static int Shift(int level) => PageShift + (IndexBits * level);

    /// <summary>The index that a virtual address has in a table of a level.</summary>
    public static int Index(ulong va, int level) => (int)(va >> Shift(level)) & (Entries - 1);

    /// <summary>Bytes that one entry of a level maps.</summary>
    public static ulong Size(int level) => 1UL << Shift(level);
}
