using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Assembly;

/// <summary>
/// A small two-pass assembler: text to machine code, so that tests need no tool. RV64IMAFD, privileged instructions, a few
/// compressed ones, labels, the usual pseudo-instructions and data directives. <c>#</c> starts a comment; <c>;</c> separates statements.
/// </summary>
public sealed class Assembler
{
    private readonly List<byte> _bytes = [];
    private readonly Dictionary<string, ulong> _labels = new(StringComparer.Ordinal);
    private readonly ulong _base;
    private bool _final;
    private int _line;

    private Assembler(ulong address) => _base = address;

    /// <summary>Assembles a program for an address.</summary>
    /// <param name="source">The program's text.</param>
    /// <param name="address">Where its first byte will lie.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="FormatException">A line that makes no sense; the message names it.</exception>
    public static byte[] Assemble(string source, ulong address) => Assemble(source, address, out _);

    /// <summary>Assembles a program for an address and tells where its labels are.</summary>
    /// <param name="source">The program's text.</param>
    /// <param name="address">Where its first byte will lie.</param>
    /// <param name="labels">Each label's address.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="FormatException">A line that makes no sense; the message names it.</exception>
    public static byte[] Assemble(string source, ulong address, out IReadOnlyDictionary<string, ulong> labels)
    {
        var assembler = new Assembler(address);
        assembler.Pass(source);
        assembler._bytes.Clear();
        assembler._final = true;
        assembler.Pass(source);
        labels = assembler._labels;
        return assembler._bytes.ToArray();
    }

    private ulong Here => _base + (ulong)_bytes.Count;

    private void Pass(string source)
    {
        _line = 0;
        foreach (var line in source.Split('\n'))
        {
            _line++;
            var text = line;
            var comment = text.IndexOf('#', StringComparison.Ordinal);
            if (comment >= 0)
            {
                text = text[..comment];
            }

            foreach (var part in text.Contains('"', StringComparison.Ordinal) ? [text] : text.Split(';'))
            {
                Statement(part.Trim());
            }
        }
    }

    private void Statement(string text)
    {
        for (var colon = text.IndexOf(':', StringComparison.Ordinal); colon > 0 && IsName(text[..colon]); colon = text.IndexOf(':', StringComparison.Ordinal))
        {
            _labels[text[..colon]] = Here;
            text = text[(colon + 1)..].Trim();
        }

        if (text.Length == 0)
        {
            return;
        }

        var space = text.IndexOfAny([' ', '\t']);
        var name = space < 0 ? text : text[..space];
        var rest = space < 0 ? "" : text[space..].Trim();
        if (name.StartsWith('.'))
        {
            Directive(name, rest);
            return;
        }

        var operands = rest.Length == 0 ? [] : rest.Split(',', StringSplitOptions.TrimEntries);
        if (!Pseudo(name, operands) && !CompressedInstruction(name, operands))
        {
            Real(name, operands);
        }
    }

    private void Directive(string name, string rest)
    {
        switch (name)
        {
            case ".byte": Data(rest, 1); break;
            case ".half" or ".2byte": Data(rest, 2); break;
            case ".word" or ".4byte": Data(rest, 4); break;
            case ".dword" or ".quad" or ".8byte": Data(rest, 8); break;
            case ".zero" or ".space": _bytes.AddRange(new byte[(int)Value(rest)]); break;
            case ".org":
                _bytes.AddRange(new byte[(int)(Value(rest) - (long)(ulong)_bytes.Count)]);
                break;
            case ".align" or ".p2align":
                for (var size = 1UL << (int)Value(rest); (Here & (size - 1)) != 0;)
                {
                    _bytes.Add(0);
                }

                break;
            case ".equ":
            {
                var parts = rest.Split(',', 2, StringSplitOptions.TrimEntries);
                _labels[parts[0]] = (ulong)Value(parts[1]);
                break;
            }

            case ".ascii" or ".asciz":
                _bytes.AddRange(Encoding.UTF8.GetBytes(Unescape(rest.Trim().Trim('"'))));
                if (name == ".asciz")
                {
                    _bytes.Add(0);
                }

                break;
            default: throw Error("unknown directive " + name);
        }
    }

    private static string Unescape(string text) => text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\0", "\0", StringComparison.Ordinal);

    private void Data(string rest, int size)
    {
        foreach (var part in rest.Split(',', StringSplitOptions.TrimEntries))
        {
            Emit((ulong)Value(part), size);
        }
    }

    private void Emit(ulong value, int size)
    {
        for (var i = 0; i < size; i++)
        {
            _bytes.Add((byte)(value >> (8 * i)));
        }
    }

    private bool Pseudo(string name, string[] o)
    {
        switch (name)
        {
            case "nop": Real("addi", "zero", "zero", "0"); return true;
            case "unimp": Emit(0xc0001073, 4); return true;
            case "li": LoadImmediate(Integer(o[0]), o[1]); return true;
            case "la": LoadAddress(Integer(o[0]), o[1]); return true;
            case "mv": Real("addi", o[0], o[1], "0"); return true;
            case "not": Real("xori", o[0], o[1], "-1"); return true;
            case "neg": Real("sub", o[0], "zero", o[1]); return true;
            case "sext.w": Real("addiw", o[0], o[1], "0"); return true;
            case "seqz": Real("sltiu", o[0], o[1], "1"); return true;
            case "snez": Real("sltu", o[0], "zero", o[1]); return true;
            case "j": Real("jal", "zero", o[0]); return true;
            case "jal" when o.Length == 1: Real("jal", "ra", o[0]); return true;
            case "call": Real("jal", "ra", o[0]); return true;
            case "jr": Real("jalr", "zero", "0(" + o[0] + ")"); return true;
            case "jalr" when o.Length == 1: Real("jalr", "ra", "0(" + o[0] + ")"); return true;
            case "jalr" when o.Length == 3: Real("jalr", o[0], o[2] + "(" + o[1] + ")"); return true;
            case "ret": Real("jalr", "zero", "0(ra)"); return true;
            case "beqz": Real("beq", o[0], "zero", o[1]); return true;
            case "bnez": Real("bne", o[0], "zero", o[1]); return true;
            case "bltz": Real("blt", o[0], "zero", o[1]); return true;
            case "bgez": Real("bge", o[0], "zero", o[1]); return true;
            case "blez": Real("bge", "zero", o[0], o[1]); return true;
            case "bgtz": Real("blt", "zero", o[0], o[1]); return true;
            case "bgt": Real("blt", o[1], o[0], o[2]); return true;
            case "ble": Real("bge", o[1], o[0], o[2]); return true;
            case "bgtu": Real("bltu", o[1], o[0], o[2]); return true;
            case "bleu": Real("bgeu", o[1], o[0], o[2]); return true;
            case "csrr": Real("csrrs", o[0], o[1], "zero"); return true;
            case "csrw": Real("csrrw", "zero", o[0], o[1]); return true;
            case "csrs": Real("csrrs", "zero", o[0], o[1]); return true;
            case "csrc": Real("csrrc", "zero", o[0], o[1]); return true;
            case "csrwi": Real("csrrwi", "zero", o[0], o[1]); return true;
            case "csrsi": Real("csrrsi", "zero", o[0], o[1]); return true;
            case "csrci": Real("csrrci", "zero", o[0], o[1]); return true;
            case "rdtime": Real("csrrs", o[0], "time", "zero"); return true;
            case "rdcycle": Real("csrrs", o[0], "cycle", "zero"); return true;
            case "rdinstret": Real("csrrs", o[0], "instret", "zero"); return true;
            case "sfence.vma" when o.Length == 0: Real(name, "zero", "zero"); return true;
            case "sfence.vma" when o.Length == 1: Real(name, o[0], "zero"); return true;
            case "fence" when o.Length == 0: Emit(0x0ff0000f, 4); return true;
            case "pause": Emit(0x0100000f, 4); return true;
            case "fmv.d": Real("fsgnj.d", o[0], o[1], o[1]); return true;
            case "fmv.s": Real("fsgnj.s", o[0], o[1], o[1]); return true;
            default: return false;
        }
    }

    private bool CompressedInstruction(string name, string[] o)
    {
        uint Imm6(string text)
        {
            var value = (uint)Value(text);
            return (((value >> 5) & 1) << 12) | ((value & 31) << 2);
        }

        uint Prime(string text)
        {
            var number = Integer(text);
            return number is >= 8 and < 16 ? number - 8 : throw Error("a compressed register is one of s0-s1, a0-a5");
        }

        uint Access(uint top, string register, string address, bool wide)
        {
            var (offset, @base) = Memory(address);
            var imm = wide ? (((offset >> 3) & 7) << 10) | (((offset >> 6) & 3) << 5)
                : (((offset >> 3) & 7) << 10) | (((offset >> 2) & 1) << 6) | (((offset >> 6) & 1) << 5);
            return (top << 13) | imm | (Prime(@base) << 7) | (Prime(register) << 2);
        }

        switch (name)
        {
            case "c.nop": Emit(0x0001, 2); return true;
            case "c.ebreak": Emit(0x9002, 2); return true;
            case "c.unimp": Emit(0, 2); return true;
            case "c.addi": Emit(0x0001 | (Integer(o[0]) << 7) | Imm6(o[1]), 2); return true;
            case "c.addiw": Emit(0x2001 | (Integer(o[0]) << 7) | Imm6(o[1]), 2); return true;
            case "c.li": Emit(0x4001 | (Integer(o[0]) << 7) | Imm6(o[1]), 2); return true;
            case "c.lui": Emit(0x6001 | (Integer(o[0]) << 7) | Imm6(o[1]), 2); return true;
            case "c.slli": Emit(0x0002 | (Integer(o[0]) << 7) | Imm6(o[1]), 2); return true;
            case "c.mv": Emit(0x8002 | (Integer(o[0]) << 7) | (Integer(o[1]) << 2), 2); return true;
            case "c.add": Emit(0x9002 | (Integer(o[0]) << 7) | (Integer(o[1]) << 2), 2); return true;
            case "c.jr": Emit(0x8002 | (Integer(o[0]) << 7), 2); return true;
            case "c.jalr": Emit(0x9002 | (Integer(o[0]) << 7), 2); return true;
            case "c.sub": Emit(0x8c01 | (Prime(o[0]) << 7) | (Prime(o[1]) << 2), 2); return true;
            case "c.xor": Emit(0x8c21 | (Prime(o[0]) << 7) | (Prime(o[1]) << 2), 2); return true;
            case "c.or": Emit(0x8c41 | (Prime(o[0]) << 7) | (Prime(o[1]) << 2), 2); return true;
            case "c.and": Emit(0x8c61 | (Prime(o[0]) << 7) | (Prime(o[1]) << 2), 2); return true;
            case "c.lw": Emit(Access(2, o[0], o[1], false), 2); return true;
            case "c.ld": Emit(Access(3, o[0], o[1], true), 2); return true;
            case "c.sw": Emit(Access(6, o[0], o[1], false), 2); return true;
            case "c.sd": Emit(Access(7, o[0], o[1], true), 2); return true;
            default: return false;
        }
    }

    private void Real(string name, params string[] o)
    {
        var order = 0u;
        var row = InstructionTable.Find(name);
        foreach (var (suffix, bits) in ((string, uint)[])[(".aqrl", 3), (".aq", 2), (".rl", 1)])
        {
            if (row is null && name.EndsWith(suffix, StringComparison.Ordinal))
            {
                row = InstructionTable.Find(name[..^suffix.Length]);
                order = bits << 25;
            }
        }

        if (row is null)
        {
            throw Error("unknown instruction " + name);
        }

        try
        {
            Emit(row.Match | order | Operands(row.Format, o), 4);
        }
        catch (IndexOutOfRangeException)
        {
            throw Error("too few operands for " + name);
        }
    }

    private uint Operands(Format format, string[] o)
    {
        switch (format)
        {
            case Format.R: return Rd(Integer(o[0])) | Rs1(Integer(o[1])) | Rs2(Integer(o[2]));
            case Format.I: return Rd(Integer(o[0])) | Rs1(Integer(o[1])) | Imm12(Value(o[2]));
            case Format.Shift or Format.ShiftW: return Rd(Integer(o[0])) | Rs1(Integer(o[1])) | ((uint)Value(o[2]) << 20);
            case Format.Load or Format.FloatLoad:
            {
                var (offset, @base) = Memory(o[1]);
                return Rd(format == Format.Load ? Integer(o[0]) : Float(o[0])) | Rs1(Integer(@base)) | Imm12((int)offset);
            }

            case Format.S or Format.FloatStore:
            {
                var (offset, @base) = Memory(o[1]);
                Imm12((int)offset);
                return Rs2(format == Format.S ? Integer(o[0]) : Float(o[0])) | Rs1(Integer(@base)) | ((offset & 31) << 7) | (((offset >> 5) & 127) << 25);
            }

            case Format.B:
            {
                var offset = Target(o[2], 13);
                return Rs1(Integer(o[0])) | Rs2(Integer(o[1])) | (((offset >> 12) & 1) << 31) | (((offset >> 5) & 63) << 25)
                    | (((offset >> 1) & 15) << 8) | (((offset >> 11) & 1) << 7);
            }

            case Format.U: return Rd(Integer(o[0])) | ((uint)Value(o[1]) << 12);
            case Format.J:
            {
                var offset = Target(o[1], 21);
                return Rd(Integer(o[0])) | (((offset >> 20) & 1) << 31) | (((offset >> 1) & 0x3ff) << 21) | (((offset >> 11) & 1) << 20)
                    | (((offset >> 12) & 0xff) << 12);
            }

            case Format.Fence: return (FenceSet(o[0]) << 24) | (FenceSet(o[1]) << 20);
            case Format.Csr: return Rd(Integer(o[0])) | (Csr(o[1]) << 20) | Rs1(Integer(o[2]));
            case Format.CsrImmediate: return Rd(Integer(o[0])) | (Csr(o[1]) << 20) | Rs1((uint)Value(o[2]) & 31);
            case Format.Amo: return Rd(Integer(o[0])) | Rs2(Integer(o[1])) | Rs1(Integer(Memory(o[2]).Base));
            case Format.Lr: return Rd(Integer(o[0])) | Rs1(Integer(Memory(o[1]).Base));
            case Format.SfenceVma: return Rs1(Integer(o[0])) | Rs2(Integer(o[1]));
            case Format.FloatBinary: return Rd(Float(o[0])) | Rs1(Float(o[1])) | Rs2(Float(o[2])) | Rounding(o, 3);
            case Format.FloatPlain: return Rd(Float(o[0])) | Rs1(Float(o[1])) | Rs2(Float(o[2]));
            case Format.FloatTernary: return Rd(Float(o[0])) | Rs1(Float(o[1])) | Rs2(Float(o[2])) | (Float(o[3]) << 27) | Rounding(o, 4);
            case Format.FloatUnary: return Rd(Float(o[0])) | Rs1(Float(o[1])) | Rounding(o, 2);
            case Format.FloatCompare: return Rd(Integer(o[0])) | Rs1(Float(o[1])) | Rs2(Float(o[2]));
            case Format.FloatToInteger: return Rd(Integer(o[0])) | Rs1(Float(o[1])) | Rounding(o, 2);
            case Format.FloatMoveToInteger: return Rd(Integer(o[0])) | Rs1(Float(o[1]));
            case Format.IntegerToFloat: return Rd(Float(o[0])) | Rs1(Integer(o[1])) | Rounding(o, 2);
            case Format.FloatMoveFromInteger: return Rd(Float(o[0])) | Rs1(Integer(o[1]));
            default: return 0;
        }
    }

    private void LoadImmediate(uint rd, string text)
    {
        var value = Value(text);
        if (_labels.ContainsKey(text) || (!char.IsAsciiDigit(text[0]) && text[0] != '-'))
        {
            // A name's value may not be known in the first pass: always the same length.
            value = _final ? value : 0;
            Emit(0x37 | Rd(rd) | ((uint)(value + 0x800) & 0xfffff000), 4);
            Emit(0x1b | Rd(rd) | Rs1(rd) | ((uint)value << 20), 4);
            if (_final && value != (int)value)
            {
                throw Error("li of a name takes 32 bits; use la or a number");
            }

            return;
        }

        Materialize(rd, value);
    }

    private void Materialize(uint rd, long value)
    {
        if (value == (int)value)
        {
            var upper = (uint)(value + 0x800) & 0xfffff000;
            if (upper != 0)
            {
                Emit(0x37 | Rd(rd) | upper, 4);
            }

            if ((value & 0xfff) != 0 || upper == 0)
            {
                Emit((upper != 0 ? 0x1bu : 0x13u) | Rd(rd) | Rs1(upper != 0 ? rd : 0) | ((uint)value << 20), 4);
            }

            return;
        }

        var low = (value << 52) >> 52;
        var high = (long)((ulong)value - (ulong)low) >> 12;
        var shift = 12;
        while ((high & 1) == 0 && shift < 63)
        {
            high >>= 1;
            shift++;
        }

        Materialize(rd, (high << shift) >> shift);
        Emit(0x1013 | Rd(rd) | Rs1(rd) | ((uint)shift << 20), 4);
        if (low != 0)
        {
            Emit(0x13 | Rd(rd) | Rs1(rd) | ((uint)low << 20), 4);
        }
    }

    private void LoadAddress(uint rd, string label)
    {
        var offset = _final ? Value(label) - (long)Here : 0;
        Emit(0x17 | Rd(rd) | ((uint)(offset + 0x800) & 0xfffff000), 4);
        Emit(0x13 | Rd(rd) | Rs1(rd) | ((uint)offset << 20), 4);
    }

    private uint Target(string text, int bits)
    {
        var offset = _final ? Value(text) - (long)Here : 0;
        var limit = 1L << (bits - 1);
        return offset >= -limit && offset < limit ? (uint)offset : throw Error("target out of reach: " + text);
    }

    private uint Imm12(long value) => value is >= -2048 and < 2048 ? (uint)value << 20 : throw Error("immediate out of range: " + value);

    private (uint Offset, string Base) Memory(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        if (open < 0 || !text.EndsWith(')'))
        {
            throw Error("not a memory operand: " + text);
        }

        return (open == 0 ? 0 : (uint)Value(text[..open]), text[(open + 1)..^1].Trim());
    }

    private uint Rounding(string[] o, int index)
    {
        if (o.Length <= index)
        {
            return 7 << 12;
        }

        var mode = Array.IndexOf(["rne", "rtz", "rdn", "rup", "rmm"], o[index]);
        return mode >= 0 ? (uint)mode << 12 : throw Error("unknown rounding mode " + o[index]);
    }

    private static uint FenceSet(string text) =>
        (text.Contains('i', StringComparison.Ordinal) ? 8u : 0) | (text.Contains('o', StringComparison.Ordinal) ? 4u : 0)
        | (text.Contains('r', StringComparison.Ordinal) ? 2u : 0) | (text.Contains('w', StringComparison.Ordinal) ? 1u : 0);

    private static uint Rd(uint register) => register << 7;

    private static uint Rs1(uint register) => register << 15;

    private static uint Rs2(uint register) => register << 20;

    private uint Integer(string name) => Registers.ParseInteger(name) is >= 0 and var number ? (uint)number : throw Error("not a register: " + name);

    private uint Float(string name) => Registers.ParseFloat(name) is >= 0 and var number ? (uint)number : throw Error("not a float register: " + name);

    private uint Csr(string name) => CsrNames.Parse(name) is >= 0 and var number ? (uint)number : (uint)Value(name) & 0xfff;

    private static bool IsName(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_' && c != '.')
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    /// <summary>A sum of numbers and names.</summary>
    private long Value(string text)
    {
        var total = 0UL;
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] is '+' or '-')
            {
                total += Term(text[start..i].Trim());
                start = i;
            }
        }

        return (long)total;
    }

    private ulong Term(string text)
    {
        var negative = text.StartsWith('-');
        if (negative || text.StartsWith('+'))
        {
            text = text[1..].Trim();
        }

        ulong value;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            value = ulong.Parse(text[2..].Replace("_", "", StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }
        else if (text.Length == 3 && text[0] == '\'' && text[2] == '\'')
        {
            value = text[1];
        }
        else if (text.Length > 0 && char.IsAsciiDigit(text[0]))
        {
            value = ulong.Parse(text, CultureInfo.InvariantCulture);
        }
        else if (text == ".")
        {
            value = Here;
        }
        else if (!_labels.TryGetValue(text, out value) && _final)
        {
            throw Error("unknown name " + text);
        }

        return negative ? 0 - value : value;
    }

    private FormatException Error(string message) => new($"line {_line.ToString(CultureInfo.InvariantCulture)}: {message}");
}
