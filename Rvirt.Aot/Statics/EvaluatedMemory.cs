using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Rvirt.Aot.Statics;

/// <summary>A piece of memory while code runs at compile time. Addresses in it are kept beside the bytes: they have no number yet.</summary>
internal sealed class EvaluatedMemory(int size, string? symbol)
{
    private readonly SortedDictionary<int, EvaluatedMemory> _pointers = [];

    public byte[] Bytes { get; } = new byte[size];

    /// <summary>The symbol of a global or a function; null for objects made while evaluating, and for variables.</summary>
    public string? Symbol { get; set; } = symbol;

    /// <summary>True for a variable of a function: gone when that returns.</summary>
    public bool IsLocal { get; init; }

    public bool IsReadOnly { get; init; }

    public IReadOnlyDictionary<int, EvaluatedMemory> Pointers => _pointers;

    public EvaluatedValue Read(long offset, int size)
    {
        Check(offset, size);
        var span = Bytes.AsSpan((int)offset, size);
        var bits = size switch
        {
            1 => (sbyte)span[0],
            2 => BinaryPrimitives.ReadInt16LittleEndian(span),
            4 => BinaryPrimitives.ReadInt32LittleEndian(span),
            8 => BinaryPrimitives.ReadInt64LittleEndian(span),
            _ => throw new EvaluationException($"a value of {size} bytes is read"),
        };
        if (size == 8 && _pointers.TryGetValue((int)offset, out var target))
        {
            return new EvaluatedValue(bits, target);
        }
        if (Overlaps((int)offset, size))
        {
            throw new EvaluationException("part of an address is read");
        }
        return new EvaluatedValue(bits);
    }

    public void Write(long offset, int size, EvaluatedValue value)
    {
        Check(offset, size);
        if (IsReadOnly)
        {
            throw new EvaluationException("constant data is written");
        }
        if (value.Base is not null && size != 8)
        {
            throw new EvaluationException("part of an address is stored");
        }
        Forget((int)offset, size);
        var span = Bytes.AsSpan((int)offset, size);
        switch (size)
        {
            case 1:
                span[0] = (byte)value.Bits;
                break;
            case 2:
                BinaryPrimitives.WriteInt16LittleEndian(span, (short)value.Bits);
                break;
            case 4:
                BinaryPrimitives.WriteInt32LittleEndian(span, (int)value.Bits);
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(span, value.Bits);
                break;
        }
        if (value.Base is not null)
        {
            _pointers[(int)offset] = value.Base;
        }
    }

    public void Fill(long offset, long size, byte value)
    {
        Check(offset, size);
        Forget((int)offset, (int)size);
        Bytes.AsSpan((int)offset, (int)size).Fill(value);
    }

    public void CopyFrom(EvaluatedMemory source, long sourceOffset, long offset, long size)
    {
        Check(offset, size);
        source.Check(sourceOffset, size);
        var moved = new List<(int, EvaluatedMemory)>();
        foreach (var (at, target) in source._pointers)
        {
            if (at >= sourceOffset && at + 8 <= sourceOffset + size)
            {
                moved.Add(((int)(at - sourceOffset + offset), target));
            }
        }
        Forget((int)offset, (int)size);
        source.Bytes.AsSpan((int)sourceOffset, (int)size).CopyTo(Bytes.AsSpan((int)offset, (int)size));
        foreach (var (at, target) in moved)
        {
            _pointers[at] = target;
        }
    }

    /// <summary>Makes a place hold an address, for initial contents.</summary>
    public void Point(int offset, EvaluatedMemory target, long addend)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Bytes.AsSpan(offset, 8), addend);
        _pointers[offset] = target;
    }

    private void Check(long offset, long size)
    {
        if (offset < 0 || size < 0 || offset + size > Bytes.Length)
        {
            throw new EvaluationException("memory outside an object is accessed");
        }
    }

    private bool Overlaps(int offset, int size)
    {
        foreach (var at in _pointers.Keys)
        {
            if (at < offset + size && offset < at + 8)
            {
                return true;
            }
        }
        return false;
    }

    private void Forget(int offset, int size)
    {
        if (_pointers.Count == 0)
        {
            return;
        }
        var gone = new List<int>();
        foreach (var at in _pointers.Keys)
        {
            if (at < offset + size && offset < at + 8)
            {
                gone.Add(at);
            }
        }
        foreach (var at in gone)
        {
            _pointers.Remove(at);
        }
    }
}

/// <summary>An integer, or an address as memory and offset; or two of these.</summary>
internal readonly record struct EvaluatedValue(long Bits, EvaluatedMemory? Base = null)
{
    public EvaluatedValue[]? Pair { get; init; }

    /// <summary>Upper half of a 128-bit integer.</summary>
    public long High { get; init; }
}

/// <summary>Code does something that cannot be done at compile time.</summary>
internal sealed class EvaluationException(string message) : Exception(message);
