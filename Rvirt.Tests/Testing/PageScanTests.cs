using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Testing;

/// <summary>Every way to compare pages says the same, with vectors of each size (those that this processor lacks run in software) and without.</summary>
public sealed class PageScanTests
{
    private delegate void Marker(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> marks);

    private static readonly Dictionary<string, Marker> s_ways = new()
    {
        ["one"] = PageScan.MarkByOne,
        ["128"] = PageScan.MarkBy128,
        ["256"] = PageScan.MarkBy256,
        ["512"] = PageScan.MarkBy512,
        ["chosen"] = (a, b, marks) => PageScan.Differences(MemoryMarshal.AsBytes(a), MemoryMarshal.AsBytes(b), marks),
    };

    private static IEnumerable<string> Ways => s_ways.Keys;

    /// <summary>The oracle is the list of what was changed, one bit at a time, so that no bit of a doubleword is overlooked.</summary>
    [TestCaseSource(nameof(Ways))]
    public void MarksWhatWasChangedAndNothingElse(string way)
    {
        var random = new Random(7);
        var a = new ulong[PageScan.PageSize / 8];
        random.NextBytes(MemoryMarshal.AsBytes(a.AsSpan()));
        for (var round = 0; round < 600; round++)
        {
            var b = (ulong[])a.Clone();
            var changed = new HashSet<int>();
            foreach (var _ in Enumerable.Range(0, round % 5 == 0 ? 400 : round % 4))
            {
                changed.Add(random.Next(b.Length));
            }

            if (round < b.Length)
            {
                changed.Add(round);
            }

            foreach (var index in changed)
            {
                b[index] ^= 1UL << random.Next(64);
            }

            // What was in the marks before does not stay.
            var marks = Enumerable.Repeat(round % 2 == 0 ? 0 : ~0UL, PageScan.Marks).ToArray();
            s_ways[way](a, b, marks);
            Assert.That(Enumerable.Range(0, b.Length).Where(i => ((marks[i / 64] >> i) & 1) != 0), Is.EquivalentTo(changed));
        }
    }

    [Test]
    public void CountsWhatDiffers()
    {
        var (a, b) = (new byte[PageScan.PageSize], new byte[PageScan.PageSize]);
        var marks = new ulong[PageScan.Marks];
        Assert.That(PageScan.Differences(a, b, marks), Is.Zero);
        b[7] = b[8] = b[9] = b[4095] = 0x80;
        Assert.That(PageScan.Differences(a, b, marks), Is.EqualTo(3));
        Assert.That(marks, Is.EqualTo([3UL, 0UL, 0UL, 0UL, 0UL, 0UL, 0UL, 1UL << 63]));
    }

    [TestCase(3 * PageScan.PageSize)]
    [TestCase((2 * PageScan.PageSize) + 24)]
    [TestCase(13)]
    [TestCase(0)]
    public void FindsTheFirstByteThatDiffers(int length)
    {
        var a = new byte[length];
        new Random(3).NextBytes(a);
        Assert.That(PageScan.FirstDifference(a, (byte[])a.Clone()), Is.EqualTo(length));
        for (var at = 0; at < length; at += at < 80 ? 1 : 77)
        {
            var b = (byte[])a.Clone();
            b[at] ^= 0x10;
            b[^1] ^= 1;
            Assert.That(PageScan.FirstDifference(a, b), Is.EqualTo(at));
        }
    }
}
