using System;
using System.Globalization;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Reference;

/// <summary>Instruction text as binutils writes it, beside that of the reference.</summary>
internal static class BinutilsText
{
    /// <summary>The reference's text of an instruction, branch targets as distances; "-" where it is none.</summary>
    public static string Relative(uint raw)
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
    public static bool Same(string expected, string actual)
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

    /// <summary>Whether binutils and the specification differ about a word, for a reason that is known.</summary>
    public static bool KnownDifference(uint word, string expected, string actual)
    {
        // Instructions of the privileged architecture that came or went.
        if (expected is "uret" or "dret" or "hret" || expected.StartsWith("sfence.vm ", StringComparison.Ordinal) || expected == "sfence.vm")
        {
            return actual == "-";
        }

        // Writing the read-only cycle counter is what assemblers take for an instruction that is none.
        if (expected == "unimp")
        {
            return word == 0xc000_1073;
        }

        // Exact conversions have a rounding mode field like all (Unprivileged spec §21.5); binutils 2.40 knows only rne there.
        if (actual.StartsWith("fcvt.d.w", StringComparison.Ordinal) || actual.StartsWith("fcvt.d.s", StringComparison.Ordinal))
        {
            return expected == "-" || actual.StartsWith(expected, StringComparison.Ordinal);
        }

        // Harts ignore the reserved fields of FENCE and FENCE.I (Unprivileged spec §2.7); binutils does not disassemble such words.
        return expected == "-" && (word & 0x7f) == 0x0f && actual.StartsWith("fence", StringComparison.Ordinal);
    }

    /// <summary>What binutils' text of a compressed instruction stands for.</summary>
    public static string Expansion(string text)
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
}
