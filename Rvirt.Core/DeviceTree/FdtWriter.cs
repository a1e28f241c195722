using System;
using System.Buffers.Binary;

namespace Rvirt.Core.DeviceTree;

/// <summary>
/// Writes a flattened device tree (Devicetree spec 0.4 §5) into a buffer. The first error sticks and <see cref="Finish"/> reports
/// it, so that the calls between need no checks.
/// </summary>
/// <remarks>
/// The structure block grows from the front of the buffer and the strings block from its end; <see cref="Finish"/> moves them
/// together. Until then the name offsets count from the end of the buffer.
/// </remarks>
public ref struct FdtWriter
{
    private const int ReservationsLength = 16;

    private readonly Span<byte> _buffer;
    private int _at;
    private int _strings;
    private int _depth;
    private bool _childSeen;
    private bool _rootSeen;
    private FdtWriteError _error;

    /// <summary>Starts a tree in a buffer, with no memory reservations.</summary>
    public FdtWriter(Span<byte> buffer)
    {
        _buffer = buffer;
        _strings = buffer.Length;
        _at = FdtReader.HeaderLength + ReservationsLength;
        if (_at > _strings)
        {
            _error = FdtWriteError.BufferTooSmall;
        }
        else
        {
            buffer[.._at].Clear();
        }
    }

    /// <summary>The first error, if any.</summary>
    public readonly FdtWriteError Error => _error;

    /// <summary>Begins a node. The first is the root, whose name is empty.</summary>
    public void BeginNode(scoped ReadOnlySpan<byte> name)
    {
        OpenNode(name);
        Bytes(name);
        EndName();
    }

    /// <summary>Begins a node with a unit address, written in hexadecimal: <c>name@address</c>.</summary>
    public void BeginNode(scoped ReadOnlySpan<byte> name, ulong unitAddress)
    {
        OpenNode(name);
        Bytes(name);
        Bytes("@"u8);
        Span<byte> digits = stackalloc byte[16];
        Bytes(digits[..UnitAddress(unitAddress, digits)]);
        EndName();
    }

    /// <summary>Writes a unit address as it stands in a node's name.</summary>
    /// <param name="unitAddress">The address.</param>
    /// <param name="text">Room for 16 bytes.</param>
    /// <returns>How many it took.</returns>
    internal static int UnitAddress(ulong unitAddress, scoped Span<byte> text)
    {
        var digits = 1;
        while (digits < 16 && unitAddress >> (digits * 4) != 0)
        {
            digits++;
        }

        for (var i = 0; i < digits; i++)
        {
            text[i] = "0123456789abcdef"u8[(int)(unitAddress >> ((digits - 1 - i) * 4)) & 15];
        }

        return digits;
    }

    /// <summary>Ends the node begun last.</summary>
    public void EndNode()
    {
        if (_depth == 0)
        {
            Fail(FdtWriteError.Unbalanced);
            return;
        }

        Cell(FdtToken.EndNode);
        _depth--;
        _childSeen = true;
    }

    /// <summary>Writes a property without a value.</summary>
    public void Property(scoped ReadOnlySpan<byte> name) => BeginProperty(name, 0);

    /// <summary>Writes a property of one cell.</summary>
    public void Property(scoped ReadOnlySpan<byte> name, uint value)
    {
        BeginProperty(name, 4);
        Cell(value);
    }

    /// <summary>Writes a property of two cells, high cell first.</summary>
    public void Property(scoped ReadOnlySpan<byte> name, ulong value)
    {
        BeginProperty(name, 8);
        Cell((uint)(value >> 32));
        Cell((uint)value);
    }

    /// <summary>Writes a property of cells.</summary>
    public void Property(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<uint> cells)
    {
        BeginProperty(name, cells.Length * 4);
        foreach (var cell in cells)
        {
            Cell(cell);
        }
    }

    /// <summary>Writes a property of bytes.</summary>
    public void Property(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        BeginProperty(name, value.Length);
        Bytes(value);
        Pad();
    }

    /// <summary>Writes a property that is a string; the NUL is added.</summary>
    public void StringProperty(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> text)
    {
        if (text.IndexOf((byte)0) >= 0)
        {
            Fail(FdtWriteError.WrongName);
        }

        BeginProperty(name, text.Length + 1);
        Bytes(text);
        Bytes("\0"u8);
        Pad();
    }

    /// <summary>Writes a property that is a list of strings.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="list">The strings with a NUL between each two and none at the end, which is added.</param>
    public void StringListProperty(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> list)
    {
        BeginProperty(name, list.Length + 1);
        Bytes(list);
        Bytes("\0"u8);
        Pad();
    }

    /// <summary>Begins a property whose cells are written one by one with <see cref="Cell"/>.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="cells">Exactly as many cells as will follow.</param>
    public void BeginCells(scoped ReadOnlySpan<byte> name, int cells) => BeginProperty(name, cells * 4);

    /// <summary>Writes a cell of a property begun with <see cref="BeginCells"/>.</summary>
    public void Cell(uint value)
    {
        if (Reserve(4))
        {
            BinaryPrimitives.WriteUInt32BigEndian(_buffer.Slice(_at, 4), value);
            _at += 4;
        }
    }

    /// <summary>Completes the tree: the blob then starts at the buffer's first byte.</summary>
    /// <param name="length">The blob's size in bytes, 0 on an error.</param>
    /// <param name="bootHart">The hart that starts (<c>boot_cpuid_phys</c>).</param>
    public FdtWriteError Finish(out int length, uint bootHart = 0)
    {
        length = 0;
        if (_depth != 0 || !_rootSeen)
        {
            Fail(FdtWriteError.Unbalanced);
        }

        Cell(FdtToken.End);
        if (_error != FdtWriteError.None)
        {
            return _error;
        }

        var stringsLength = _buffer.Length - _strings;
        FixNames((uint)stringsLength);
        _buffer[_strings..].CopyTo(_buffer[_at..]);
        length = _at + stringsLength;
        const int StructureStart = FdtReader.HeaderLength + ReservationsLength;
        Header(0, FdtReader.Magic);
        Header(4, (uint)length);
        Header(8, StructureStart);
        Header(12, (uint)_at);
        Header(16, FdtReader.HeaderLength);
        Header(20, FdtReader.Version);
        Header(24, FdtReader.CompatibleVersion);
        Header(28, bootHart);
        Header(32, (uint)stringsLength);
        Header(36, (uint)(_at - StructureStart));
        return FdtWriteError.None;
    }

    private readonly void Header(int offset, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_buffer.Slice(offset, 4), value);

    private void OpenNode(scoped ReadOnlySpan<byte> name)
    {
        if ((_depth == 0 && _rootSeen) || _depth > FdtReader.MaximumDepth)
        {
            Fail(FdtWriteError.Unbalanced);
        }

        CheckName(name);
        Cell(FdtToken.BeginNode);
        _depth++;
        _rootSeen = true;
        _childSeen = false;
    }

    private void EndName()
    {
        Bytes("\0"u8);
        Pad();
    }

    private void BeginProperty(scoped ReadOnlySpan<byte> name, int length)
    {
        if (_depth == 0 || _childSeen)
        {
            Fail(FdtWriteError.PropertyMisplaced);
        }

        CheckName(name);
        Cell(FdtToken.Property);
        Cell((uint)length);
        Cell((uint)NameFromEnd(name));
    }

    private void CheckName(scoped ReadOnlySpan<byte> name)
    {
        // 17 leaves room for a unit address.
        if (name.Length > FdtReader.MaximumNameLength - 17 || name.IndexOf((byte)0) >= 0)
        {
            Fail(FdtWriteError.WrongName);
        }
    }

    private int NameFromEnd(scoped ReadOnlySpan<byte> name)
    {
        var at = _strings;
        while (at < _buffer.Length)
        {
            var rest = _buffer[at..];
            var length = rest.IndexOf((byte)0);
            if (length < 0)
            {
                break;
            }

            if (rest[..length].SequenceEqual(name))
            {
                return _buffer.Length - at;
            }

            at += length + 1;
        }

        if (!Reserve(name.Length + 1))
        {
            return 0;
        }

        _strings -= name.Length + 1;
        name.CopyTo(_buffer[_strings..]);
        _buffer[_strings + name.Length] = 0;
        return _buffer.Length - _strings;
    }

    private readonly void FixNames(uint stringsLength)
    {
        var at = FdtReader.HeaderLength + ReservationsLength;
        while (at < _at)
        {
            var token = BinaryPrimitives.ReadUInt32BigEndian(_buffer[at..]);
            at += 4;
            if (token == FdtToken.BeginNode)
            {
                at = (at + _buffer[at..].IndexOf((byte)0) + 1 + 3) & ~3;
            }
            else if (token == FdtToken.Property)
            {
                var length = (int)BinaryPrimitives.ReadUInt32BigEndian(_buffer[at..]);
                var name = _buffer.Slice(at + 4, 4);
                BinaryPrimitives.WriteUInt32BigEndian(name, stringsLength - BinaryPrimitives.ReadUInt32BigEndian(name));
                at = (at + 8 + length + 3) & ~3;
            }
        }
    }

    private void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        if (Reserve(bytes.Length))
        {
            bytes.CopyTo(_buffer[_at..]);
            _at += bytes.Length;
        }
    }

    private void Pad()
    {
        while ((_at & 3) != 0 && _error == FdtWriteError.None)
        {
            Bytes("\0"u8);
        }
    }

    private bool Reserve(int bytes)
    {
        if (_error == FdtWriteError.None && bytes <= _strings - _at)
        {
            return true;
        }

        Fail(FdtWriteError.BufferTooSmall);
        return false;
    }

    private void Fail(FdtWriteError error)
    {
        if (_error == FdtWriteError.None)
        {
            _error = error;
        }
    }
}
