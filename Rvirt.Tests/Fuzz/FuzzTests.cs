using System;
using System.Collections.Generic;
using System.IO;
using NUnit.Framework;
using Rvirt.Fuzz.Engine;
using Rvirt.Fuzz.Targets;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Fuzz;

/// <summary>The corpus of each target, and a fixed number of changed inputs, always the same ones.</summary>
internal sealed class FuzzTests
{
    private static readonly Dictionary<string, int> _budgets = new() { ["tree"] = 20_000, ["kernel"] = 20_000, ["blob"] = 60_000, ["partitions"] = 8000, ["virtio"] = 8000, ["network"] = 4000, ["card"] = 8000, ["gem"] = 4000, ["decoder"] = 8000 };

    private static string Corpus => Path.Combine(Repository.Top, "Rvirt.Fuzz", "Corpus");

    [TestCaseSource(typeof(FuzzTargets), nameof(FuzzTargets.Names))]
    public void NothingOfTheCorpusAndLittleOfItsNeighbourhoodDoesHarm(string name)
    {
        var target = FuzzTargets.Get(name);
        var loop = new FuzzLoop(target, FuzzLoop.Seeds(Corpus, name), new Random(20_240_411));
        Assert.That(loop.Corpus, Has.Count.GreaterThan(2));
        while (loop.Runs < _budgets[name])
        {
            loop.Step();
        }
    }

    /// <summary>The loop finds a byte that must have one value in eight hundred, and hands over the input that has it.</summary>
    [Test]
    public void TheLoopFindsWhatIsWrong()
    {
        var target = new BrittleTarget();
        var loop = new FuzzLoop(target, [new byte[16]], new Random(1));
        var find = Assert.Throws<FuzzFind>(() =>
        {
            while (loop.Runs < 200_000)
            {
                loop.Step();
            }
        });
        Assert.That(find!.Input, Has.Length.GreaterThan(3));
        Assert.That(find.Input[3], Is.EqualTo(0x7f));
    }

    /// <summary>A run that takes a new branch is told from one that does not.</summary>
    [Test]
    public unsafe void CoverageTellsNewBranchesFromOldOnes()
    {
        var coverage = new Coverage();
        foreach (var (branch, news) in new[] { (5, true), (5, false), (9, true), (5, false), (65535, true), (65535, false) })
        {
            coverage.Begin();
            SharpFuzz.Common.Trace.SharedMem[branch]++;
            Assert.That(coverage.End(), Is.EqualTo(news), $"branch {branch}");
        }

        Assert.That(coverage.Edges, Is.EqualTo(3));
    }

    /// <summary>The decoders agree on all compressed words, and on a pattern of all others.</summary>
    [Test]
    public void TheDecodersAgreeOnEveryCompressedWord() => Assert.That(() =>
    {
        for (var word = 0u; word < 0x1_0000; word++)
        {
            DecoderTarget.Compare(word);
        }
    }, Throws.Nothing);

    private sealed class BrittleTarget : IFuzzTarget
    {
        public string Name => "brittle";

        public int MaximumLength => 64;

        public IReadOnlyList<byte[]> Dictionary => [];

        public void Run(ReadOnlySpan<byte> input) => FuzzException.Require(input.Length < 4 || input[3] != 0x7f, "brittle");
    }
}
