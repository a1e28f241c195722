using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>A name of at most <see cref="Capacity"/> bytes, as a value; what is longer is cut.</summary>
internal struct ShortText
{
    /// <summary>Longest text kept.</summary>
    public const int Capacity = 31;

    private readonly Bytes _bytes;
    private readonly byte _length;

    /// <summary>Keeps a text.</summary>
    public ShortText(ReadOnlySpan<byte> text)
    {
        _length = (byte)Math.Min(text.Length, Capacity);
        text[.._length].CopyTo(_bytes);
    }

    /// <summary>The text.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Text => ((ReadOnlySpan<byte>)_bytes)[.._length];

    [InlineArray(Capacity)]
    private struct Bytes
    {
        private byte _first;
    }
}
