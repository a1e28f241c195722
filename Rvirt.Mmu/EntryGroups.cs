using System.Runtime.CompilerServices;

namespace Rvirt.Mmu;

/// <summary>
/// One bit for each eight entries of a table: those of which one was written since the table was last cleared. Faults fill eight at a time, so clearing costs
/// little more than they did.
/// </summary>
internal struct EntryGroups
{
    /// <summary>Entries of a group, which begins at a multiple of that.</summary>
    public const int Size = 8;

    private const int Shift = 3;

    private ulong _groups;

    /// <summary>Marks the group of an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int index) => _groups |= 1UL << (index >> Shift);

    /// <summary>Whether the group of an entry is not marked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsEmpty(int index) => ((_groups >> (index >> Shift)) & 1) == 0;

    /// <summary>Zeroes the marked groups of a table and forgets the marks.</summary>
    public unsafe void Clear(ulong* table)
    {
        const int GroupsOfAByte = 8;
        var groups = _groups;
        _groups = 0;
        while (groups != 0)
        {
            if ((byte)groups == 0)
            {
                groups >>= GroupsOfAByte;
                table += GroupsOfAByte * Size;
                continue;
            }

            if ((groups & 1) != 0)
            {
                // SAFETY: 64 groups of eight are a whole table, and a bit is left for each group that this one is or that follows.
                table[0] = 0;
                table[1] = 0;
                table[2] = 0;
                table[3] = 0;
                table[4] = 0;
                table[5] = 0;
                table[6] = 0;
                table[7] = 0;
            }

            groups >>= 1;
            table += Size;
        }
    }
}
