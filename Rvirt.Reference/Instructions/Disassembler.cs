using System.Globalization;

namespace Rvirt.Reference.Instructions;

/// <summary>Writes instructions the way binutils does.</summary>
public static class Disassembler
{
    private static readonly string[] _roundingModes = ["rne", "rtz", "rdn", "rup", "rmm", "unknown", "unknown", "dyn"];

    /// <summary>One instruction as text; a compressed one as what it expands to.</summary>
    /// <param name="raw">The instruction, 16 bits zero-extended or 32.</param>
    /// <param name="pc">Its address, for branch targets.</param>
    /// <param name="numeric">Registers as x10 and f10.</param>
    /// <param name="aliases">Short names where there are such, as <c>ret</c> and <c>mv</c>: what objdump writes unless it is told <c>no-aliases</c>.</param>
    public static string Text(uint raw, ulong pc = 0, bool numeric = false, bool aliases = false)
    {
        var word = (raw & 3) != 3 ? Compressed.Expand((ushort)raw) : raw;
        if (word == 0 || InstructionTable.Find(word) is not { } row)
        {
            return aliases && raw == 0 ? "unimp" : "illegal 0x" + raw.ToString("x", CultureInfo.InvariantCulture);
        }

        var rd = (word >> 7) & 31;
        var rs1 = (word >> 15) & 31;
        var rs2 = (word >> 20) & 31;
        var imm = Decoder.Immediate(row.Format, word);
        string X(uint n) => numeric ? "x" + n.ToString(CultureInfo.InvariantCulture) : Registers.Integer[n];
        string F(uint n) => numeric ? "f" + n.ToString(CultureInfo.InvariantCulture) : Registers.Float[n];
        string D(long value) => value.ToString(CultureInfo.InvariantCulture);
        string H(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);
        var order = ((word >> 25) & 3) switch { 1 => ".rl", 2 => ".aq", 3 => ".aqrl", _ => "" };
        var rounding = (word >> 12) & 7;
        var mode = rounding == 7 ? "" : "," + _roundingModes[rounding];
        var target = H(pc + (ulong)(long)imm);
        var operands = row.Format switch
        {
            Format.R => $"{X(rd)},{X(rs1)},{X(rs2)}",
            Format.I => $"{X(rd)},{X(rs1)},{D(imm)}",
            Format.Load => $"{X(rd)},{D(imm)}({X(rs1)})",
            Format.Shift or Format.ShiftW => $"{X(rd)},{X(rs1)},{H((uint)imm)}",
            Format.S => $"{X(rs2)},{D(imm)}({X(rs1)})",
            Format.B => $"{X(rs1)},{X(rs2)},{target}",
            Format.U => $"{X(rd)},{H((uint)imm >> 12)}",
            Format.J => $"{X(rd)},{target}",
            Format.Fence => $"{FenceSet((word >> 24) & 15)},{FenceSet((word >> 20) & 15)}",
            Format.Csr => $"{X(rd)},{CsrNames.Name(imm)},{X(rs1)}",
            Format.CsrImmediate => $"{X(rd)},{CsrNames.Name(imm)},{D(rs1)}",
            Format.Amo => $"{X(rd)},{X(rs2)},({X(rs1)})",
            Format.Lr => $"{X(rd)},({X(rs1)})",
            Format.SfenceVma => $"{X(rs1)},{X(rs2)}",
            Format.FloatLoad => $"{F(rd)},{D(imm)}({X(rs1)})",
            Format.FloatStore => $"{F(rs2)},{D(imm)}({X(rs1)})",
            Format.FloatBinary => $"{F(rd)},{F(rs1)},{F(rs2)}{mode}",
            Format.FloatPlain => $"{F(rd)},{F(rs1)},{F(rs2)}",
            Format.FloatTernary => $"{F(rd)},{F(rs1)},{F(rs2)},{F(word >> 27)}{mode}",
            Format.FloatUnary => $"{F(rd)},{F(rs1)}{mode}",
            Format.FloatCompare => $"{X(rd)},{F(rs1)},{F(rs2)}",
            Format.FloatToInteger => $"{X(rd)},{F(rs1)}{mode}",
            Format.FloatMoveToInteger => $"{X(rd)},{F(rs1)}",
            Format.IntegerToFloat => $"{F(rd)},{X(rs1)}{mode}",
            Format.FloatMoveFromInteger => $"{F(rd)},{X(rs1)}",
            _ => "",
        };
        var name = row.Format is Format.Amo or Format.Lr ? row.Name + order : row.Name;
        if (aliases)
        {
            (name, operands) = Aliases.Of(name, operands, X(0), X(1), (raw & 3) != 3);
        }

        return operands.Length == 0 ? name : name + " " + operands;
    }

    private static string FenceSet(uint set)
    {
        if (set == 0)
        {
            return "unknown";
        }

        return ((set & 8) != 0 ? "i" : "") + ((set & 4) != 0 ? "o" : "") + ((set & 2) != 0 ? "r" : "") + ((set & 1) != 0 ? "w" : "");
    }
}
