using System;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Rvirt.Testing.Memory;

/// <summary>
/// Compares the memories of two machines. Whole pages are compared by the framework's <see cref="MemoryExtensions.SequenceEqual{T}(ReadOnlySpan{T}, ReadOnlySpan{T})"/>,
/// which vectors written by hand do not beat; which doublewords of a page differ nothing of the framework says, so that is done here.
/// docs/performance.md has the figures.
/// </summary>
public static class PageScan
{
    /// <summary>Bytes of a page.</summary>
    public const int PageSize = 4096;

    /// <summary>Words of 64 marks that a page of doublewords has.</summary>
    public const int Marks = PageSize / 8 / 64;

    /// <summary>The offset of the first byte that differs between memories of one length; their length where none does.</summary>
    /// <param name="a">One memory.</param>
    /// <param name="b">The other.</param>
    public static int FirstDifference(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var at = 0;
        while (a.Length - at >= PageSize && a.Slice(at, PageSize).SequenceEqual(b.Slice(at, PageSize)))
        {
            at += PageSize;
        }

        return at + a[at..].CommonPrefixLength(b[at..]);
    }

    /// <summary>Marks the doublewords that differ between two pages.</summary>
    /// <param name="a">One page.</param>
    /// <param name="b">The other.</param>
    /// <param name="marks">A bit for each doubleword, lowest first: <see cref="Marks"/> words.</param>
    /// <returns>How many differ.</returns>
    public static int Differences(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<ulong> marks)
    {
        // SAFETY: spans of bytes become spans of doublewords with lengths of their own; where they begin need not be aligned on x86-64 and Arm.
        var x = MemoryMarshal.Cast<byte, ulong>(a[..PageSize]);
        var y = MemoryMarshal.Cast<byte, ulong>(b[..PageSize]);
        marks = marks[..Marks];
        if (Vector512.IsHardwareAccelerated)
        {
            MarkBy512(x, y, marks);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            MarkBy256(x, y, marks);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            MarkBy128(x, y, marks);
        }
        else
        {
            MarkByOne(x, y, marks);
        }

        var count = 0;
        foreach (var word in marks)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>The same without vectors: what the others are held to.</summary>
    internal static void MarkByOne(ReadOnlySpan<ulong> x, ReadOnlySpan<ulong> y, Span<ulong> marks)
    {
        for (var word = 0; word < marks.Length; word++)
        {
            var mark = 0UL;
            for (var i = 0; i < 64; i++)
            {
                if (x[(word * 64) + i] != y[(word * 64) + i])
                {
                    mark |= 1UL << i;
                }
            }

            marks[word] = mark;
        }
    }

    internal static void MarkBy128(ReadOnlySpan<ulong> x, ReadOnlySpan<ulong> y, Span<ulong> marks)
    {
        for (var word = 0; word < marks.Length; word++)
        {
            var equal = 0UL;
            for (var i = 0; i < 64; i += Vector128<ulong>.Count)
            {
                var at = (word * 64) + i;
                equal |= (ulong)Vector128.Equals(Vector128.Create(x.Slice(at, Vector128<ulong>.Count)), Vector128.Create(y.Slice(at, Vector128<ulong>.Count))).ExtractMostSignificantBits() << i;
            }

            marks[word] = ~equal;
        }
    }

    internal static void MarkBy256(ReadOnlySpan<ulong> x, ReadOnlySpan<ulong> y, Span<ulong> marks)
    {
        for (var word = 0; word < marks.Length; word++)
        {
            var equal = 0UL;
            for (var i = 0; i < 64; i += Vector256<ulong>.Count)
            {
                var at = (word * 64) + i;
                equal |= (ulong)Vector256.Equals(Vector256.Create(x.Slice(at, Vector256<ulong>.Count)), Vector256.Create(y.Slice(at, Vector256<ulong>.Count))).ExtractMostSignificantBits() << i;
            }

            marks[word] = ~equal;
        }
    }

    internal static void MarkBy512(ReadOnlySpan<ulong> x, ReadOnlySpan<ulong> y, Span<ulong> marks)
    {
        for (var word = 0; word < marks.Length; word++)
        {
            var equal = 0UL;
            for (var i = 0; i < 64; i += Vector512<ulong>.Count)
            {
                var at = (word * 64) + i;
                equal |= Vector512.Equals(Vector512.Create(x.Slice(at, Vector512<ulong>.Count)), Vector512.Create(y.Slice(at, Vector512<ulong>.Count))).ExtractMostSignificantBits() << i;
            }

            marks[word] = ~equal;
        }
    }
}
