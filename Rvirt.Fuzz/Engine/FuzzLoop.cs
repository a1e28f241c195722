using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Rvirt.Fuzz.Engine;

/// <summary>Feeds a target with its corpus and what mutation makes of it. With coverage, inputs that reach new code join the corpus.</summary>
internal sealed class FuzzLoop
{
    private readonly IFuzzTarget _target;
    private readonly Coverage? _coverage;
    private readonly Mutator _mutator;
    private readonly List<byte[]> _corpus;
    private readonly Action<byte[]>? _about;
    private int _replayed;

    /// <summary>Makes a loop.</summary>
    /// <param name="target">What is tested.</param>
    /// <param name="seeds">Inputs to begin with, at least one.</param>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="coverage">Of the instrumented code, if it is.</param>
    /// <param name="about">Told of each input before the target is: an input can take the process down.</param>
    public FuzzLoop(IFuzzTarget target, IEnumerable<byte[]> seeds, Random random, Coverage? coverage = null, Action<byte[]>? about = null)
    {
        _target = target;
        _coverage = coverage;
        _corpus = [.. seeds];
        _mutator = new Mutator(random, target.MaximumLength, target.Dictionary);
        _about = about;
    }

    /// <summary>Inputs tried.</summary>
    public long Runs { get; private set; }

    /// <summary>Inputs worth changing.</summary>
    public IReadOnlyList<byte[]> Corpus => _corpus;

    /// <summary>Tries one input: the corpus as it was given first, then changed ones.</summary>
    /// <exception cref="FuzzFind">The target did wrong.</exception>
    public void Step()
    {
        var given = _replayed < _corpus.Count && Runs == _replayed;
        var input = given ? _corpus[_replayed++] : _mutator.Mutate(_corpus);
        Runs++;
        _about?.Invoke(input);
        _coverage?.Begin();
        try
        {
            _target.Run(input);
        }
        catch (Exception error)
        {
            throw new FuzzFind(input, error);
        }

        if (_coverage is not null && _coverage.End() && !given)
        {
            _corpus.Add(input);
        }
    }

    /// <summary>The seed corpus of a target: the files of its folder.</summary>
    public static byte[][] Seeds(string corpus, string target) =>
        [.. Directory.GetFiles(Path.Combine(corpus, target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}
