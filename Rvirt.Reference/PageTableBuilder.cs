namespace Rvirt.Reference;

/// <summary>Builds page tables in a machine's RAM for tests.</summary>
public sealed class PageTableBuilder
{
    /// <summary>The entry is valid (Privileged spec 1.13 §12.3.1, as all of these).</summary>
    public const ulong V = 1;

    /// <summary>Loads may read the page.</summary>
    public const ulong R = 2;

    /// <summary>Stores may write it.</summary>
    public const ulong W = 4;

    /// <summary>Instructions may be fetched from it.</summary>
    public const ulong X = 8;

    /// <summary>It is U-mode's.</summary>
    public const ulong U = 16;

    /// <summary>The mapping is in every address space.</summary>
    public const ulong G = 32;

    /// <summary>It has been accessed.</summary>
    public const ulong A = 64;

    /// <summary>It has been written.</summary>
    public const ulong D = 128;

    private readonly Machine _machine;
    private readonly int _levels;
    private ulong _next;

    /// <summary>Starts with an empty root.</summary>
    /// <param name="machine">In whose RAM.</param>
    /// <param name="mode">Value of <c>satp.MODE</c>: 8, 9 or 10 for Sv39, Sv48 or Sv57.</param>
    /// <param name="tables">Physical address of the first page for tables; the following ones are taken as needed.</param>
    public PageTableBuilder(Machine machine, int mode, ulong tables)
    {
        _machine = machine;
        _levels = mode - 5;
        Mode = mode;
        Root = tables;
        _next = tables + 4096;
        machine.Memory(tables, 4096).Clear();
    }

    /// <summary>Value of <c>satp.MODE</c>.</summary>
    public int Mode { get; }

    /// <summary>Physical address of the root table.</summary>
    public ulong Root { get; }

    /// <summary>First physical address after the tables.</summary>
    public ulong End => _next;

    /// <summary>Value for <c>satp</c>.</summary>
    /// <param name="asid">The address space, 16 bits at most.</param>
    public ulong Satp(int asid = 0) => ((ulong)Mode << 60) | ((ulong)asid << 44) | (Root >> 12);

    /// <summary>Maps a page of 4096 &lt;&lt; (9 * level) bytes.</summary>
    /// <param name="va">Virtual address of its first byte.</param>
    /// <param name="physical">Physical address of its first byte.</param>
    /// <param name="flags">The entry's lowest ten bits.</param>
    /// <param name="level">0 for pages, 1 and more for larger ones.</param>
    /// <returns>The physical address of its entry.</returns>
    public ulong Map(ulong va, ulong physical, ulong flags, int level = 0)
    {
        var entry = Entry(va, level);
        _machine.Write64(entry, (physical >> 12 << 10) | flags);
        return entry;
    }

    /// <summary>The physical address of the entry of a virtual address, tables above it made as needed.</summary>
    /// <param name="va">The virtual address.</param>
    /// <param name="level">The entry's level, 0 for pages.</param>
    public ulong Entry(ulong va, int level)
    {
        var table = Root;
        for (var l = _levels - 1; ; l--)
        {
            var entry = table + (((va >> (12 + (9 * l))) & 511) * 8);
            if (l == level)
            {
                return entry;
            }

            var pte = _machine.Read64(entry);
            if ((pte & V) == 0)
            {
                _machine.Memory(_next, 4096).Clear();
                pte = (_next >> 12 << 10) | V;
                _machine.Write64(entry, pte);
                _next += 4096;
            }

            table = pte >> 10 << 12;
        }
    }
}
