using System;
using Rvirt.Core.Host;

namespace Rvirt.Devices.Console;

/// <summary>Writes messages without allocating: text, numbers and line ends, in a chain of calls.</summary>
public readonly ref struct ConsoleWriter<THost, TSink>
    where THost : struct, IMmio
    where TSink : struct, IConsoleSink<THost>
{
    private readonly ref THost _host;
    private readonly TSink _sink;

    /// <summary>Makes a writer to a sink, of which it keeps a copy: a sink only names where its bytes go.</summary>
    public ConsoleWriter(ref THost host, TSink sink)
    {
        _host = ref host;
        _sink = sink;
    }

    /// <summary>Writes text, as UTF-8; a line feed goes out as carriage return and line feed.</summary>
    public ConsoleWriter<THost, TSink> Text(ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == (byte)'\n')
            {
                _sink.Write(ref _host, (byte)'\r');
            }

            _sink.Write(ref _host, text[i]);
        }

        return this;
    }

    /// <summary>Writes <c>0x</c> and the digits of a number, without leading zeros.</summary>
    public ConsoleWriter<THost, TSink> Hex(ulong value)
    {
        Text("0x"u8);
        var shift = 60;
        while (shift > 0 && value >> shift == 0)
        {
            shift -= 4;
        }

        for (; shift >= 0; shift -= 4)
        {
            _sink.Write(ref _host, "0123456789abcdef"u8[(int)(value >> shift) & 15]);
        }

        return this;
    }

    /// <summary>Writes a number in decimal.</summary>
    public ConsoleWriter<THost, TSink> Decimal(ulong value)
    {
        var digits = new DecimalDigits(value);
        while (digits.TryNext(out var digit))
        {
            _sink.Write(ref _host, digit);
        }

        return this;
    }

    /// <summary>Ends the line.</summary>
    public ConsoleWriter<THost, TSink> Newline() => Text("\n"u8);
}
