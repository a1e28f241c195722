using System;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Numbers as a person types them: decimal, or hexadecimal behind <c>0x</c>.</summary>
internal static class Numbers
{
    /// <summary>Reads a number that is the whole text.</summary>
    /// <returns>False where it is none, or more than 64 bits hold.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        var radix = 10UL;
        if (text.StartsWith("0x"u8))
        {
            radix = 16;
            text = text[2..];
        }

        if (text.IsEmpty)
        {
            return false;
        }

        for (var i = 0; i < text.Length; i++)
        {
            var digit = Digit(text[i]);
            if (digit >= radix || value > (ulong.MaxValue - digit) / radix)
            {
                return false;
            }

            value = (value * radix) + digit;
        }

        return true;
    }

    private static ulong Digit(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => (ulong)(value - '0'),
        >= (byte)'a' and <= (byte)'f' => (ulong)(value - 'a' + 10),
        >= (byte)'A' and <= (byte)'F' => (ulong)(value - 'A' + 10),
        _ => ulong.MaxValue,
    };
}
