using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Fuzz.Engine;

namespace Rvirt.Tests.Fuzz;

/// <summary>What a run of the fuzzer has that no run before had is found alike with vectors (which run in software where the processor has none as long) and without.</summary>
internal sealed class BranchMapTests
{
    private delegate bool Merger(ReadOnlySpan<byte> taken, Span<byte> seen, ref int edges);

    private static readonly Dictionary<string, Merger> s_ways = new()
    {
        ["one"] = BranchMap.MergeByOne,
        ["vectors"] = BranchMap.MergeByVectors,
        ["chosen"] = BranchMap.Merge,
    };

    private static IEnumerable<string> Ways => s_ways.Keys;

    /// <summary>The oracle is a set of branches and the ranges that their counts were in; a length that no vector divides has each way end with a rest.</summary>
    [TestCaseSource(nameof(Ways))]
    public void FindsWhatWasNeverTakenAsOften(string way)
    {
        const int Branches = (64 * 5) + 21;
        (int From, int To)[] ranges = [(1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 63), (64, 127), (128, 255)];
        var random = new Random(11);
        var known = new HashSet<(int, int)>();
        var seen = new byte[Branches];
        var edges = 0;
        var newsworthy = 0;
        for (var round = 0; round < 4000; round++)
        {
            var taken = new byte[Branches];
            for (var i = random.Next(6); i >= 0; i--)
            {
                taken[random.Next(Branches)] = (byte)random.Next(256);
            }

            var news = false;
            foreach (var branch in Enumerable.Range(0, Branches).Where(branch => taken[branch] != 0))
            {
                news |= known.Add((branch, Array.FindIndex(ranges, range => range.From <= taken[branch] && taken[branch] <= range.To)));
            }

            newsworthy += news ? 1 : 0;
            Assert.That(s_ways[way](taken, seen, ref edges), Is.EqualTo(news), $"round {round}");
            Assert.That(edges, Is.EqualTo(known.Select(one => one.Item1).Distinct().Count()), $"round {round}");
        }

        Assert.That(newsworthy, Is.InRange(500, 3500), "some rounds have news, and some have not");
    }
}
