namespace Rvirt.Reference.Instructions;

/// <summary>From instruction words to <see cref="Decoded"/>.</summary>
internal static class Decoder
{
    /// <summary>Decodes an instruction as fetched: 16 bits zero-extended, or 32.</summary>
    public static Decoded Decode(uint raw)
    {
        var compressed = (raw & 3) != 3;
        var word = compressed ? Compressed.Expand((ushort)raw) : raw;
        var result = new Decoded { Raw = raw, Length = (byte)(compressed ? 2 : 4) };
        var row = word == 0 ? null : InstructionTable.Find(word);
        if (row is null)
        {
            if (VectorTable.Find(word) is { } vector)
            {
                result.Op = Op.Vector;
                result.Extra = (ushort)vector.Op;
            }

            return result;
        }

        result.Op = row.Op;
        result.Rd = (byte)((word >> 7) & 31);
        result.Rs1 = (byte)((word >> 15) & 31);
        result.Rs2 = (byte)((word >> 20) & 31);
        result.Extra = (ushort)(((word >> 27) << 5) | ((word >> 12) & 7));
        result.Immediate = Immediate(row.Format, word);
        if (result.Rd == 0 && !WritesFloat(row.Format))
        {
            result.Rd = Decoded.Discard;
        }

        return result;
    }

    /// <summary>Whether rd of a format is a float register.</summary>
    public static bool WritesFloat(Format format) => format is Format.FloatLoad or Format.FloatBinary or Format.FloatPlain
        or Format.FloatTernary or Format.FloatUnary or Format.IntegerToFloat or Format.FloatMoveFromInteger;

    /// <summary>Whether a format carries a rounding mode.</summary>
    public static bool Rounds(Format format) => format is Format.FloatBinary or Format.FloatTernary or Format.FloatUnary
        or Format.FloatToInteger or Format.IntegerToFloat;

    /// <summary>The immediate of an uncompressed word (Unprivileged spec §2.3).</summary>
    public static int Immediate(Format format, uint word)
    {
        var signed = (int)word;
        switch (format)
        {
            case Format.I or Format.Load or Format.FloatLoad:
                return signed >> 20;
            case Format.Shift:
                return (int)((word >> 20) & 63);
            case Format.ShiftW:
                return (int)((word >> 20) & 31);
            case Format.S or Format.FloatStore:
                return ((signed >> 25) << 5) | (int)((word >> 7) & 31);
            case Format.B:
                return ((signed >> 31) << 12) | (int)(((word >> 7) & 1) << 11) | (int)(((word >> 25) & 63) << 5) | (int)(((word >> 8) & 15) << 1);
            case Format.U:
                return (int)(word & 0xfffff000);
            case Format.J:
                return ((signed >> 31) << 20) | (int)(word & 0xff000) | (int)(((word >> 20) & 1) << 11) | (int)(((word >> 21) & 0x3ff) << 1);
            case Format.Csr or Format.CsrImmediate or Format.Fence:
                return (int)(word >> 20);
            default:
                return 0;
        }
    }
}
