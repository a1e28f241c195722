using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Tables: text and numbers in columns.</summary>
internal static class Columns
{
    /// <summary>Writes text, and blanks behind it up to a width.</summary>
    public static ConsoleWriter<THost, TSink> Left<THost, TSink>(this ConsoleWriter<THost, TSink> output, ReadOnlySpan<byte> text, int width)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Text(text).Blanks(width - text.Length);

    /// <summary>Writes text, and blanks before it up to a width.</summary>
    public static ConsoleWriter<THost, TSink> Right<THost, TSink>(this ConsoleWriter<THost, TSink> output, ReadOnlySpan<byte> text, int width)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Blanks(width - text.Length).Text(text);

    /// <summary>Writes a number in decimal, and blanks before it up to a width.</summary>
    public static ConsoleWriter<THost, TSink> Right<THost, TSink>(this ConsoleWriter<THost, TSink> output, ulong value, int width)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Blanks(width - Digits(value, 10)).Decimal(value);

    /// <summary>Writes a number in decimal, and blanks behind it up to a width.</summary>
    public static ConsoleWriter<THost, TSink> Left<THost, TSink>(this ConsoleWriter<THost, TSink> output, ulong value, int width)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Decimal(value).Blanks(width - Digits(value, 10));

    /// <summary>Writes <c>0x</c> and a number's digits, and blanks behind them up to a width.</summary>
    public static ConsoleWriter<THost, TSink> HexLeft<THost, TSink>(this ConsoleWriter<THost, TSink> output, ulong value, int width)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Hex(value).Blanks(width - 2 - Digits(value, 16));

    /// <summary>Writes <c>0x</c> and all sixteen digits of a number.</summary>
    public static ConsoleWriter<THost, TSink> Word<THost, TSink>(this ConsoleWriter<THost, TSink> output, ulong value)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        output.Text("0x"u8);
        for (var zeros = 16 - Digits(value, 16); zeros > 0; zeros--)
        {
            output.Text("0"u8);
        }

        return output.Digits16(value);
    }

    /// <summary>Writes a number of blanks; none where it is not above zero.</summary>
    public static ConsoleWriter<THost, TSink> Blanks<THost, TSink>(this ConsoleWriter<THost, TSink> output, int count)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        for (; count > 0; count--)
        {
            output.Text(" "u8);
        }

        return output;
    }

    /// <summary>Writes a number of at least two digits.</summary>
    public static ConsoleWriter<THost, TSink> TwoDigits<THost, TSink>(this ConsoleWriter<THost, TSink> output, ulong value)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Text(value < 10 ? "0"u8 : default).Decimal(value);

    private static ConsoleWriter<THost, TSink> Digits16<THost, TSink>(this ConsoleWriter<THost, TSink> output, ulong value)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        for (var shift = 4 * (Digits(value, 16) - 1); shift >= 0; shift -= 4)
        {
            output.Text("0123456789abcdef"u8.Slice((int)(value >> shift) & 15, 1));
        }

        return output;
    }

    private static int Digits(ulong value, ulong radix)
    {
        var digits = 1;
        for (; value >= radix; value /= radix)
        {
            digits++;
        }

        return digits;
    }
}
