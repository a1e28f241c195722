using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Reference;

/// <summary>The disassembler's text with aliases and names of CSRs, against objdump's own over every instruction that the reference knows.</summary>
public sealed class AliasTests
{
    // x0, x1 and others: aliases ask for the first two, and for registers that are the same.
    private static readonly uint[] s_registers = [0, 1, 10, 15, 31];

    // With the register below they are 0, 1, 255, -1 and others as a constant of twelve bits.
    private static readonly uint[] s_upper = [0, 1, 7, 0x20, 0x55, 0x7f];

    private static IEnumerable<uint> Words(Instruction row)
    {
        if (row.Format is Format.Csr or Format.CsrImmediate)
        {
            return from csr in Enumerable.Range(0, 4096)
                   from rd in new uint[] { 0, 5 }
                   from source in new uint[] { 0, 6 }
                   select row.Match | ((uint)csr << 20) | (source << 15) | (rd << 7);
        }

        return (from rd in s_registers
                from rs1 in s_registers
                from rs2 in s_registers
                from upper in s_upper
                from rounding in new uint[] { 0, 7 }
                select row.Match | (((rd << 7) | (rounding << 12) | (rs1 << 15) | (rs2 << 20) | (upper << 25)) & ~row.Mask)).Distinct();
    }

    [Test]
    public void EveryInstructionReadsAsObjdumpWritesIt()
    {
        var words = InstructionTable.Rows.SelectMany(Words).Distinct().ToArray();
        var text = BinutilsTests.Disassemble(MemoryMarshal.AsBytes(words.AsSpan()), 4, "");
        var wrong = new List<string>();
        for (var i = 0; i < words.Length; i++)
        {
            var actual = Disassembler.Text(words[i], (ulong)i * 4, aliases: true);
            if (!Same(text[i], actual) && !BinutilsText.KnownDifference(words[i], text[i], actual))
            {
                wrong.Add($"{words[i]:x8} {text[i]} but here {actual}");
            }
        }

        Assert.That(wrong.Take(100), Is.Empty, $"{wrong.Count} of {words.Length}");
        Assert.That(words, Has.Length.GreaterThan(100_000));
        Assert.That(text.Select(line => line.Split(' ')[0]).Distinct(), Is.SupersetOf(["ret", "mv", "li", "nop", "csrr", "csrw", "rdtime", "fsflagsi", "blez", "zext.b", "fabs.d", "unimp"]));
    }

    [Test]
    public void SoDoesEveryCompressedOne()
    {
        ushort[] halves = [.. Enumerable.Range(0, 65536).Where(half => (half & 3) != 3).Select(half => (ushort)half)];
        var text = BinutilsTests.Disassemble(MemoryMarshal.AsBytes(halves.AsSpan()), 2, "");
        var wrong = new List<string>();
        for (var i = 0; i < halves.Length; i++)
        {
            var actual = Disassembler.Text(halves[i], (ulong)i * 2, aliases: true);
            if (text[i] != actual && !(text[i] == "-" && actual.StartsWith("illegal", StringComparison.Ordinal)) && !IsHint(halves[i], text[i]))
            {
                wrong.Add($"{halves[i]:x4} {text[i]} but here {actual}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    // What does nothing binutils writes by its compressed name, but for additions of nothing; 0x6101 is reserved (Unprivileged spec §26.5).
    private static bool IsHint(ushort half, string expected) =>
        expected.StartsWith("c.", StringComparison.Ordinal) || (half & 0xf07f) == 0x0001 || half == 0x6101;

    /// <summary>A CSR that has a name on one side alone is its number on the other.</summary>
    private static bool Same(string expected, string actual)
    {
        if (expected == actual || (expected == "-" && actual.StartsWith("illegal", StringComparison.Ordinal)))
        {
            return true;
        }

        char[] ends = [' ', ','];
        var (a, b) = (expected.Split(ends), actual.Split(ends));
        return expected.StartsWith("csr", StringComparison.Ordinal) && a.Length == b.Length && a.Zip(b).All(pair => pair.First == pair.Second || IsNumberOf(pair.First, pair.Second) || IsNumberOf(pair.Second, pair.First));
    }

    private static bool IsNumberOf(string name, string number) => number.StartsWith("0x", StringComparison.Ordinal)
        && (CsrNames.Parse(name) < 0 || CsrNames.Parse(name) == int.Parse(number.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
