using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>A line that was typed, and its words.</summary>
internal struct CommandLine
{
    /// <summary>Most bytes of a line.</summary>
    public const int Capacity = 128;

    private Bytes _bytes;

    /// <summary>Number of bytes.</summary>
    public int Length { get; private set; }

    /// <summary>Its bytes.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Text => ((ReadOnlySpan<byte>)_bytes)[..Length];

    /// <summary>Takes over a text; what is too long is cut.</summary>
    public void Set(ReadOnlySpan<byte> text)
    {
        Length = Math.Min(text.Length, Capacity);
        text[..Length].CopyTo(_bytes);
    }

    /// <summary>Puts a byte in at a place, if there is room.</summary>
    public bool TryInsert(int place, byte value)
    {
        if (Length == Capacity || (uint)place > (uint)Length)
        {
            return false;
        }

        Span<byte> bytes = _bytes;
        bytes[place..Length].CopyTo(bytes[(place + 1)..]);
        bytes[place] = value;
        Length++;
        return true;
    }

    /// <summary>Takes bytes out.</summary>
    /// <param name="place">The first one's place.</param>
    /// <param name="count">How many, of those that are there.</param>
    public void Remove(int place, int count)
    {
        Span<byte> bytes = _bytes;
        bytes[(place + count)..Length].CopyTo(bytes[place..]);
        Length -= count;
    }

    /// <summary>A word, the command's name first; empty where there are not so many.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Word(int number)
    {
        var rest = Text;
        while (true)
        {
            rest = rest.TrimStart((byte)' ');
            var end = rest.IndexOf((byte)' ');
            var word = end < 0 ? rest : rest[..end];
            if (number-- == 0)
            {
                return word;
            }

            rest = rest[word.Length..];
        }
    }

    /// <summary>Number of words.</summary>
    public readonly int Words
    {
        get
        {
            var words = 0;
            while (!Word(words).IsEmpty)
            {
                words++;
            }

            return words;
        }
    }

    [InlineArray(Capacity)]
    private struct Bytes
    {
        private byte _first;
    }
}
