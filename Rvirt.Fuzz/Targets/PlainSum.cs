using System;

namespace Rvirt.Fuzz.Targets;

/// <summary>The checksums of SD cards, as the remainders that they are: bit by bit, without the shortcuts of the driver's.</summary>
internal static class PlainSum
{
    /// <summary>Of a command: x^7 + x^3 + 1, in bits 6 to 0.</summary>
    public static int OfCommand(ReadOnlySpan<byte> bytes) => Remainder(bytes, 7, 0x09);

    /// <summary>Of a block: x^16 + x^12 + x^5 + 1.</summary>
    public static int OfBlock(ReadOnlySpan<byte> bytes) => Remainder(bytes, 16, 0x1021);

    private static int Remainder(ReadOnlySpan<byte> bytes, int degree, int polynomial)
    {
        var sum = 0;
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            var leaves = (sum >> (degree - 1)) ^ (bytes[bit / 8] >> (7 - (bit % 8)));
            sum = ((sum << 1) & ((1 << degree) - 1)) ^ ((leaves & 1) * polynomial);
        }

        return sum;
    }
}
