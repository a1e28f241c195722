using System;
using System.Globalization;

namespace Rvirt.Tool.Settings;

/// <summary>Sizes of memory as people write them: bytes, or a whole number with K, M or G. Digits are decimal, leading zeros or not.</summary>
public static class Sizes
{
    /// <summary>A guest's memory is a multiple of this (docs/guests.md, property memory).</summary>
    public const ulong MemoryUnit = 2 << 20;

    /// <summary>More is a slip of the keyboard.</summary>
    public const ulong LargestMemory = 1UL << 40;

    /// <summary>Reads a size in bytes.</summary>
    /// <exception cref="FormatException">It is not a size.</exception>
    public static ulong Parse(string text)
    {
        var shift = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        var digits = shift == 0 ? text : text[..^1];
        if (!ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            || value == 0 || value > ulong.MaxValue >> shift)
        {
            throw new FormatException($"'{text}' is no size: write a whole number with M or G, such as 512M or 2G");
        }

        return value << shift;
    }

    /// <summary>Reads the size of a guest's memory.</summary>
    /// <param name="name">The setting it belongs to, for the message.</param>
    /// <param name="text">What was written.</param>
    /// <exception cref="FormatException">It is not a size, or no guest can have it.</exception>
    public static ulong ParseMemory(string name, string text)
    {
        ulong value;
        try
        {
            value = Parse(text);
        }
        catch (FormatException problem)
        {
            throw new FormatException($"{name}: {problem.Message}");
        }

        return value % MemoryUnit != 0 ? throw new FormatException($"{name} is a multiple of 2M, which {text} is not")
            : value > LargestMemory ? throw new FormatException($"{name} is 1024G at most, not {text}")
            : value;
    }
}
