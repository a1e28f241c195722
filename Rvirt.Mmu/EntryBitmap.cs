using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvirt.Mmu;

/// <summary>One bit for each entry of a table: those that were written since it was last cleared, so that clearing costs what filling did.</summary>
[InlineArray(Pte.Entries / 64)]
internal struct EntryBitmap
{
    private ulong _first;

    /// <summary>Marks an entry.</summary>
    // SAFETY: three bits choose one of the eight words that 512 entries have.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int index) => Unsafe.Add(ref _first, (index >> 6) & 7) |= 1UL << index;

    /// <summary>Whether an entry is marked.</summary>
    // SAFETY: as in Set, no index leads beyond the eight words.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Contains(int index) => ((Unsafe.Add(ref Unsafe.AsRef(in _first), (index >> 6) & 7) >> index) & 1) != 0;

    /// <summary>Finds the next entry that is marked.</summary>
    /// <param name="index">Where to look first, 0 to 512; on return the entry.</param>
    /// <returns>False where none is left.</returns>
    public readonly bool TryNext(ref int index)
    {
        while (index < Pte.Entries)
        {
            // SAFETY: an index below 512, and never negative, is in one of the eight words.
            var bits = Unsafe.Add(ref Unsafe.AsRef(in _first), index >> 6) >> index;
            if (bits != 0)
            {
                index += BitOperations.TrailingZeroCount(bits);
                return true;
            }

            index = (index | 63) + 1;
        }

        return false;
    }

    /// <summary>Zeroes the marked entries of a table and forgets the marks.</summary>
    /// <param name="lower">The table's entries 0 to 255.</param>
    /// <param name="upper">The table's entries 256 to 511, counted from its start.</param>
    public unsafe void Clear(ulong* lower, ulong* upper)
    {
        for (var word = 0; word < Pte.Entries / 64; word++)
        {
            ref var bits = ref Unsafe.Add(ref _first, word);
            var table = word < Pte.Entries / 128 ? lower : upper;
            while (bits != 0)
            {
                // SAFETY: the index is below 512, and both tables are whole pages.
                table[(word * 64) + BitOperations.TrailingZeroCount(bits)] = 0;
                bits &= bits - 1;
            }
        }
    }
}
