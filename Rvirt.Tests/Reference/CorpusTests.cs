using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using NUnit.Framework;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Reference;

/// <summary>The reference decoder against what binutils makes of the same words (Corpus/make-corpus.py).</summary>
public sealed class CorpusTests
{
    [Test]
    public void AgreesWithBinutilsOnEveryWordOfTheCorpus()
    {
        var wrong = new List<string>();
        foreach (var line in Lines("instructions.txt"))
        {
            var word = uint.Parse(line.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var expected = line[9..];
            var actual = BinutilsText.Relative(word);
            if (!BinutilsText.Same(expected, actual) && !BinutilsText.KnownDifference(word, expected, actual))
            {
                wrong.Add($"{line} but here {actual}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void AgreesWithBinutilsOnWhichOfAllHalfwordsAreInstructions()
    {
        var invalid = new HashSet<int>();
        foreach (var line in Lines("compressed.txt"))
        {
            var first = int.Parse(line.AsSpan(0, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var last = int.Parse(line.AsSpan(5, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            for (var half = first; half <= last; half += 4)
            {
                invalid.Add(half);
            }
        }

        var wrong = new List<string>();
        for (var half = 0; half < 65536; half++)
        {
            // c.addi16sp with a zero immediate is reserved (Unprivileged spec §26.5), but binutils disassembles it.
            if ((half & 3) != 3 && half != 0x6101 && Compressed.Expand((ushort)half) == 0 != invalid.Contains(half))
            {
                wrong.Add(half.ToString("x4", CultureInfo.InvariantCulture));
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(Compressed.Expand(0x6101), Is.Zero);
    }

    [Test]
    public void AgreesWithBinutilsOnWhatCompressedInstructionsMean()
    {
        var wrong = new List<string>();
        foreach (var line in Lines("expansions.txt"))
        {
            var half = uint.Parse(line.AsSpan(0, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var expected = BinutilsText.Expansion(line[5..]);
            var actual = BinutilsText.Relative(half);
            if (expected != actual)
            {
                wrong.Add($"{line} should be {expected} but is {actual}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void DecodesWhatItDisassembles()
    {
        foreach (var line in Lines("instructions.txt"))
        {
            var word = uint.Parse(line.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var decoded = Decoder.Decode(word);
            // The disassembler names no vector instruction.
            Assert.That(decoded.Op is Op.Illegal or Op.Vector, Is.EqualTo(Disassembler.Text(word).StartsWith("illegal", StringComparison.Ordinal)));
            Assert.That(decoded.Length, Is.EqualTo(4));
        }
    }

    private static string[] Lines(string file) =>
        File.ReadAllLines(Path.Combine(TestContext.CurrentContext.TestDirectory, "Reference", "Corpus", file));
}
