using System;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Rvirt.Fuzz.Engine;

/// <summary>
/// Puts what one run counted of each branch with what all runs before did. It is done after each input, most of which take a few branches of the thousands that there is room for and
/// none that is new: so it goes by vectors, and looks at single branches where a vector has news. docs/performance.md has the figures.
/// </summary>
internal static class BranchMap
{
    /// <summary>Adds a run.</summary>
    /// <param name="taken">How often each branch was taken; where more than 255 times, any number.</param>
    /// <param name="seen">For each branch a bit for each size of such a number, by its highest bit: 1, 2 to 3, 4 to 7 and so on.</param>
    /// <param name="edges">Counts the branches that were never taken before.</param>
    /// <returns>Whether a branch was taken about as often as never before.</returns>
    internal static bool Merge(ReadOnlySpan<byte> taken, Span<byte> seen, ref int edges) =>
        Vector256.IsHardwareAccelerated ? MergeByVectors(taken, seen, ref edges) : MergeByOne(taken, seen, ref edges);

    /// <summary><see cref="Merge"/> by vectors.</summary>
    internal static bool MergeByVectors(ReadOnlySpan<byte> taken, Span<byte> seen, ref int edges)
    {
        seen = seen[..taken.Length];
        var counts = MemoryMarshal.Cast<byte, Vector256<byte>>(taken);
        var before = MemoryMarshal.Cast<byte, Vector256<byte>>(seen);
        var news = false;
        for (var i = 0; i < counts.Length; i++)
        {
            var count = counts[i];
            if (count == Vector256<byte>.Zero)
            {
                continue;
            }

            // The highest bit alone: all below it are set, and taken away.
            count |= count >>> 1;
            count |= count >>> 2;
            count |= count >>> 4;
            if (Vector256.AndNot(count ^ (count >>> 1), before[i]) != Vector256<byte>.Zero)
            {
                const int Bytes = 32;
                news |= MergeByOne(taken.Slice(i * Bytes, Bytes), seen.Slice(i * Bytes, Bytes), ref edges);
            }
        }

        var rest = taken.Length & ~31;
        return news | MergeByOne(taken[rest..], seen[rest..], ref edges);
    }

    /// <summary><see cref="Merge"/> without vectors.</summary>
    internal static bool MergeByOne(ReadOnlySpan<byte> taken, Span<byte> seen, ref int edges)
    {
        var news = false;
        for (var i = 0; i < taken.Length; i++)
        {
            if (taken[i] == 0)
            {
                continue;
            }

            var size = (byte)(1 << BitOperations.Log2(taken[i]));
            if ((seen[i] & size) == 0)
            {
                edges += seen[i] == 0 ? 1 : 0;
                seen[i] |= size;
                news = true;
            }
        }

        return news;
    }
}
