using System;
using System.Buffers.Binary;

namespace Rvirt.Core.DeviceTree;

/// <summary>A property of a node: its name and its value, where they lie in the blob. Valid as long as the blob is.</summary>
public readonly unsafe struct FdtProperty
{
    private readonly byte* _name;
    private readonly int _nameLength;

    internal FdtProperty(byte* name, int nameLength, byte* pointer, int length)
    {
        _name = name;
        _nameLength = nameLength;
        Pointer = pointer;
        Length = length;
    }

    /// <summary>First byte of the value. Null where there is no such property.</summary>
    public readonly byte* Pointer;

    /// <summary>Bytes in the value, 0 for a property that is only present.</summary>
    public readonly int Length;

    /// <summary>The name, without its NUL.</summary>
    // SAFETY: both ranges lie in the blob, as FdtReader has checked, or are what FromMemory's caller vouches for; null has length 0.
    public ReadOnlySpan<byte> Name => new(_name, _nameLength);

    /// <summary>The value.</summary>
    public ReadOnlySpan<byte> Bytes => new(Pointer, Length);

    /// <summary>Whole 32-bit cells in the value.</summary>
    public int CellCount => Length / 4;

    /// <summary>Wraps bytes that are not a property's, for values that come from elsewhere.</summary>
    public static FdtProperty FromMemory(byte* pointer, int length) => new(null, 0, pointer, length);

    /// <summary>Reads the cell at an index (big-endian).</summary>
    /// <returns>False past the end.</returns>
    public bool TryCell(int index, out uint value)
    {
        if ((uint)index < (uint)CellCount)
        {
            value = BinaryPrimitives.ReadUInt32BigEndian(Bytes.Slice(index * 4, 4));
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>Reads a value that is exactly one cell.</summary>
    public bool TryUInt32(out uint value) => TryCell(0, out value) & Length == 4;

    /// <summary>Reads a value that is exactly one cell or two, high cell first.</summary>
    public bool TryUInt64(out ulong value)
    {
        if (Length == 8)
        {
            value = BinaryPrimitives.ReadUInt64BigEndian(Bytes);
            return true;
        }

        var ok = TryUInt32(out var small);
        value = small;
        return ok;
    }

    /// <summary>Reads a number of some cells, high cell first.</summary>
    /// <param name="index">The first cell.</param>
    /// <param name="cells">How many: 0 reads as zero, 1, 2, or more where the upper ones are zero.</param>
    /// <param name="value">The number.</param>
    /// <returns>False past the end, or where the number does not fit 64 bits.</returns>
    public bool TryNumber(int index, int cells, out ulong value)
    {
        value = 0;
        for (var i = 0; i < cells; i++)
        {
            if (value >> 32 != 0 || !TryCell(index + i, out var cell))
            {
                return false;
            }

            value = (value << 32) | cell;
        }

        return true;
    }

    /// <summary>Reads a value that is one string.</summary>
    /// <param name="text">The string without its NUL.</param>
    /// <returns>False where the value is empty, does not end with a NUL or holds another one.</returns>
    public bool TryString(out ReadOnlySpan<byte> text)
    {
        var position = 0;
        return TryNextString(ref position, out text) && position == Length;
    }

    /// <summary>Reads the first string of a list: of a <c>compatible</c>, what names the device best (Devicetree specification 0.4 §2.3.1).</summary>
    /// <param name="text">Receives it without its NUL.</param>
    /// <returns>False where the value does not begin with a string.</returns>
    public bool TryFirstString(out ReadOnlySpan<byte> text)
    {
        var position = 0;
        return TryNextString(ref position, out text);
    }

    /// <summary>Reads the next string of a list.</summary>
    /// <param name="position">Where to read, 0 at first; moved behind the string.</param>
    /// <param name="text">The string without its NUL.</param>
    /// <returns>False at the end, or where what is left has no NUL.</returns>
    public bool TryNextString(scoped ref int position, out ReadOnlySpan<byte> text)
    {
        text = default;
        if ((uint)position >= (uint)Length)
        {
            return false;
        }

        var rest = Bytes[position..];
        var end = rest.IndexOf((byte)0);
        if (end < 0)
        {
            return false;
        }

        text = rest[..end];
        position += end + 1;
        return true;
    }

    /// <summary>Whether a list of strings holds one.</summary>
    public bool HasString(ReadOnlySpan<byte> text)
    {
        var position = 0;
        while (TryNextString(ref position, out var item))
        {
            if (item.SequenceEqual(text))
            {
                return true;
            }
        }

        return false;
    }
}
