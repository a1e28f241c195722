using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using NUnit.Framework;
using Rvirt.Tests.FakeHart.Instructions;

namespace Rvirt.Tests.FakeHart.Tests;

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
            var actual = Relative(word);
            if (!Same(expected, actual) && !KnownDifference(word, expected, actual))
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
            var expected = Expansion(line[5..]);
            var actual = Relative(half);
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
            Assert.That(decoded.Op == Op.Illegal, Is.EqualTo(Disassembler.Text(word).StartsWith("illegal", StringComparison.Ordinal)));
            Assert.That(decoded.Length, Is.EqualTo(4));
        }
    }

    /// <summary>Branch targets are distances in the corpus.</summary>
    private static string Relative(uint raw)
    {
        var text = Disassembler.Text(raw, 0, numeric: true);
        if (text.StartsWith("illegal", StringComparison.Ordinal))
        {
            return "-";
        }

        var word = (raw & 3) != 3 ? Compressed.Expand((ushort)raw) : raw;
        var format = InstructionTable.Find(word)!.Format;
        if (format is Format.B or Format.J)
        {
            var distance = Decoder.Immediate(format, word);
            var sign = distance >= 0 ? "+" : "";
            return text[..(text.LastIndexOf(',') + 1)] + sign + distance.ToString(CultureInfo.InvariantCulture);
        }

        return text;
    }

    /// <summary>CSRs without a name here are numbers there, and the other way round: compared by number.</summary>
    private static bool Same(string expected, string actual)
    {
        if (expected == actual)
        {
            return true;
        }

        if (!expected.StartsWith("csrr", StringComparison.Ordinal) || !actual.StartsWith("csrr", StringComparison.Ordinal))
        {
            return false;
        }

        var (a, b) = (expected.Split(','), actual.Split(','));

        // A name that is unknown here belongs to an extension the reference hart lacks: number for name cannot be checked.
        return a[0] == b[0] && a[2] == b[2] && (CsrNames.Parse(b[1]) < 0 || CsrNames.Parse(a[1]) < 0);
    }

    private static bool KnownDifference(uint word, string expected, string actual)
    {
        // Instructions of the privileged architecture that came or went.
        if (expected is "uret" or "dret" or "hret")
        {
            return actual == "-";
        }

        // Exact conversions have a rounding mode field like all (Unprivileged spec §21.5); binutils 2.40 knows only rne there.
        if (actual.StartsWith("fcvt.d.w", StringComparison.Ordinal) || actual.StartsWith("fcvt.d.s", StringComparison.Ordinal))
        {
            return expected == "-" || actual.StartsWith(expected, StringComparison.Ordinal);
        }

        // Harts ignore the reserved fields of FENCE and FENCE.I (Unprivileged spec §2.7); binutils does not disassemble such words.
        return expected == "-" && (word & 0x7f) == 0x0f && actual.StartsWith("fence", StringComparison.Ordinal);
    }

    private static string Expansion(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var name = space < 0 ? text : text[..space];
        var o = space < 0 ? [] : text[(space + 1)..].Split(',');
        return name switch
        {
            "c.nop" => o.Length == 0 ? "addi x0,x0,0" : $"addi x0,x0,{o[0]}",
            "c.addi4spn" => $"addi {o[0]},{o[1]},{o[2]}",
            "c.addi" or "c.addiw" or "c.slli" or "c.srli" or "c.srai" or "c.andi" => $"{name[2..]} {o[0]},{o[0]},{o[1]}",
            "c.addi16sp" => $"addi x2,x2,{o[1]}",
            "c.slli64" or "c.srli64" or "c.srai64" => $"{name[2..6]} {o[0]},{o[0]},0x0",
            "c.li" => $"addi {o[0]},x0,{o[1]}",
            "c.sub" or "c.xor" or "c.or" or "c.and" or "c.subw" or "c.addw" or "c.add" => $"{name[2..]} {o[0]},{o[0]},{o[1]}",
            "c.mv" => $"add {o[0]},x0,{o[1]}",
            "c.j" => $"jal x0,{o[0]}",
            "c.beqz" or "c.bnez" => $"{name[2..5]} {o[0]},x0,{o[1]}",
            "c.jr" => $"jalr x0,0({o[0]})",
            "c.jalr" => $"jalr x1,0({o[0]})",
            "c.ebreak" => "ebreak",
            _ => name[2..].Replace("sp", "", StringComparison.Ordinal) + " " + text[(space + 1)..],
        };
    }

    private static string[] Lines(string file) =>
        File.ReadAllLines(Path.Combine(TestContext.CurrentContext.TestDirectory, "FakeHart", "Corpus", file));
}
