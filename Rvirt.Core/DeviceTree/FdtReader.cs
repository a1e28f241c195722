using System;
using System.Buffers.Binary;

namespace Rvirt.Core.DeviceTree;

/// <summary>
/// Reads a flattened device tree (Devicetree spec 0.4 §5) where it lies: nothing is copied or allocated, values of any size cost
/// nothing to pass over. <see cref="Open"/> checks the whole blob once; the methods then trust no offset nevertheless.
/// </summary>
/// <remarks>A lookup is linear in the number of nodes and properties, whatever the size of their values.</remarks>
public readonly unsafe partial struct FdtReader
{
    /// <summary>The deepest level of nodes accepted; the root is level 0.</summary>
    public const int MaximumDepth = 31;

    /// <summary>The longest name accepted, in bytes without the NUL. The specification allows 31.</summary>
    public const int MaximumNameLength = 255;

    /// <summary>The magic number every blob starts with.</summary>
    public const uint Magic = 0xd00dfeed;

    internal const int HeaderLength = 40;
    internal const int PropertyHeaderLength = 12;
    internal const uint Version = 17;
    internal const uint CompatibleVersion = 16;

    /// <summary><c>#address-cells</c> where a node has none (Devicetree spec §2.3.5).</summary>
    internal const byte DefaultAddressCells = 2;

    /// <summary><c>#size-cells</c> where a node has none.</summary>
    internal const byte DefaultSizeCells = 1;

    private readonly byte* _blob;
    private readonly int _length;
    private readonly int _structure;
    private readonly int _structureEnd;
    private readonly int _strings;
    private readonly int _stringsEnd;
    private readonly int _reservations;
    private readonly int _reservationCount;

    private FdtReader(byte* blob, int length, int structure, int structureEnd, int strings, int stringsEnd, int reservations, int reservationCount)
    {
        _blob = blob;
        _length = length;
        _structure = structure;
        _structureEnd = structureEnd;
        _strings = strings;
        _stringsEnd = stringsEnd;
        _reservations = reservations;
        _reservationCount = reservationCount;
    }

    /// <summary>The blob's size in bytes, from its header.</summary>
    public int Length => _length;

    /// <summary>The blob's first byte.</summary>
    public byte* Blob => _blob;

    /// <summary>The root node.</summary>
    public FdtNode Root => new(_structure, 0, DefaultAddressCells, DefaultSizeCells);

    /// <summary>Whether bytes start as a device tree does.</summary>
    internal static bool HasMagic(byte* blob, ulong available) =>
        available >= 4 && BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(blob, 4)) == Magic;

    /// <summary>Checks a blob from end to end and makes a reader of it.</summary>
    /// <param name="blob">The first byte, at any alignment.</param>
    /// <param name="available">Bytes that may be read; may be more than the blob has.</param>
    /// <param name="reader">The reader; useless unless the result is <see cref="FdtError.None"/>.</param>
    public static FdtError Open(byte* blob, ulong available, out FdtReader reader)
    {
        reader = default;
        if (available < HeaderLength)
        {
            return HasMagic(blob, available) || available < 4 ? FdtError.NoHeader : FdtError.WrongMagic;
        }

        // SAFETY: the header's bytes are there, checked above; everything else goes through the reader's own checks.
        var header = new ReadOnlySpan<byte>(blob, HeaderLength);
        if (Word(header, 0) != Magic)
        {
            return FdtError.WrongMagic;
        }

        var total = Word(header, 4);
        if (Word(header, 20) < Version || Word(header, 24) > Version)
        {
            return FdtError.UnsupportedVersion;
        }

        if (total is < HeaderLength or > int.MaxValue)
        {
            return FdtError.WrongTotalSize;
        }

        if (total > available)
        {
            return FdtError.Truncated;
        }

        var structure = Word(header, 8);
        var structureSize = Word(header, 36);
        var strings = Word(header, 12);
        var stringsSize = Word(header, 32);
        var reservations = Word(header, 16);
        if ((ulong)structure + structureSize > total || (ulong)strings + stringsSize > total || reservations > total
            || structure < HeaderLength || reservations < HeaderLength || strings < HeaderLength)
        {
            return FdtError.BlockOutside;
        }

        if ((structure & 3) != 0 || (reservations & 7) != 0)
        {
            return FdtError.Misaligned;
        }

        var count = CountReservations(blob, (int)reservations, (int)total);
        if (count < 0)
        {
            return FdtError.UnterminatedReservations;
        }

        var start = (int)structure;
        var candidate = new FdtReader(
            blob, (int)total, start, (int)(structure + structureSize), (int)strings, (int)(strings + stringsSize), (int)reservations, count);
        var error = candidate.CheckStructure(out var root);
        if (error == FdtError.None)
        {
            reader = new FdtReader(
                blob, (int)total, root, candidate._structureEnd, candidate._strings, candidate._stringsEnd, candidate._reservations, count);
        }

        return error;
    }

    /// <summary>Reads a range of the memory reservation block.</summary>
    /// <returns>False past the end.</returns>
    public bool TryReservation(int index, out ulong address, out ulong size)
    {
        if ((uint)index >= (uint)_reservationCount)
        {
            address = 0;
            size = 0;
            return false;
        }

        // SAFETY: inside the blob: the entries were counted when it was opened.
        var entry = new ReadOnlySpan<byte>(_blob + _reservations + (index * 16), 16);
        address = BinaryPrimitives.ReadUInt64BigEndian(entry);
        size = BinaryPrimitives.ReadUInt64BigEndian(entry[8..]);
        return true;
    }

    /// <summary>A node's name with its unit address, for example <c>cpu@0</c>; empty for the root.</summary>
    public ReadOnlySpan<byte> Name(FdtNode node)
    {
        var error = ReadToken(node.Offset, out var token);
        return error == FdtError.None && token.Kind == FdtToken.BeginNode ? new ReadOnlySpan<byte>(_blob + token.Name, token.NameLength) : default;
    }

    /// <summary>Walks over a node's children, in the order of the blob.</summary>
    public FdtNodeWalker Children(FdtNode node) => new(this, node, node.Depth + 1);

    /// <summary>Walks over everything below a node, parents before their children.</summary>
    public FdtNodeWalker Descendants(FdtNode node) => new(this, node, MaximumDepth);

    /// <summary>Walks over a node's properties, in the order of the blob.</summary>
    public FdtPropertyWalker Properties(FdtNode node) => new(this, node);

    /// <summary>Finds a node's property by its name.</summary>
    public bool TryProperty(FdtNode node, ReadOnlySpan<byte> name, out FdtProperty property)
    {
        foreach (var candidate in Properties(node))
        {
            if (candidate.Name.SequenceEqual(name))
            {
                property = candidate;
                return true;
            }
        }

        property = default;
        return false;
    }

    /// <summary>Finds a node's child by its name; a name without a unit address finds the first child of that name with any.</summary>
    public bool TryChild(FdtNode node, ReadOnlySpan<byte> name, out FdtNode child)
    {
        var anyUnit = name.IndexOf((byte)'@') < 0;
        foreach (var candidate in Children(node))
        {
            var found = Name(candidate);
            if (found.SequenceEqual(name)
                || (anyUnit && found.Length > name.Length && found[name.Length] == (byte)'@' && found[..name.Length].SequenceEqual(name)))
            {
                child = candidate;
                return true;
            }
        }

        child = default;
        return false;
    }

    /// <summary>Finds a node by its path from the root, for example <c>/soc/serial@10000000</c>, or by an alias of <c>/aliases</c>.</summary>
    public bool TryFind(ReadOnlySpan<byte> path, out FdtNode node)
    {
        node = default;
        if (path.Length == 0)
        {
            return false;
        }

        if (path[0] != (byte)'/')
        {
            var slash = path.IndexOf((byte)'/');
            var alias = slash < 0 ? path : path[..slash];
            if (!TryWalk(Root, "aliases"u8, out var aliases)
                || !TryProperty(aliases, alias, out var target)
                || !target.TryString(out var full)
                || full.Length == 0 || full[0] != (byte)'/'
                || !TryWalk(Root, full, out var start))
            {
                return false;
            }

            return TryWalk(start, slash < 0 ? default : path[slash..], out node);
        }

        return TryWalk(Root, path, out node);
    }

    /// <summary>Whether a node's <c>compatible</c> names a device.</summary>
    public bool IsCompatible(FdtNode node, ReadOnlySpan<byte> name) =>
        TryProperty(node, "compatible"u8, out var property) && property.HasString(name);

    /// <summary>Whether a node is in use: its <c>status</c> is missing, <c>okay</c> or <c>ok</c>.</summary>
    public bool IsEnabled(FdtNode node) =>
        !TryProperty(node, "status"u8, out var status) || status.HasString("okay"u8) || status.HasString("ok"u8);

    /// <summary>Reads a property that is one cell.</summary>
    public bool TryUInt32(FdtNode node, ReadOnlySpan<byte> name, out uint value)
    {
        value = 0;
        return TryProperty(node, name, out var property) && property.TryUInt32(out value);
    }

    /// <summary>Reads a property that is one cell or two.</summary>
    public bool TryUInt64(FdtNode node, ReadOnlySpan<byte> name, out ulong value)
    {
        value = 0;
        return TryProperty(node, name, out var property) && property.TryUInt64(out value);
    }

    /// <summary>Reads an entry of a node's <c>reg</c>, by the parent's cells.</summary>
    /// <param name="node">The node.</param>
    /// <param name="index">Which address and size, from 0.</param>
    /// <param name="address">The address, as the parent's bus sees it.</param>
    /// <param name="size">The size; 0 where the parent's <c>#size-cells</c> is 0.</param>
    /// <returns>False past the end, or where a number does not fit 64 bits.</returns>
    public bool TryReg(FdtNode node, int index, out ulong address, out ulong size)
    {
        address = 0;
        size = 0;
        var cells = node.AddressCells + node.SizeCells;
        return TryProperty(node, "reg"u8, out var reg)
            && cells != 0
            && (uint)index < (uint)(reg.CellCount / cells)
            && reg.TryNumber(index * cells, node.AddressCells, out address)
            && reg.TryNumber((index * cells) + node.AddressCells, node.SizeCells, out size);
    }

    /// <summary>Writes over a property of this tree, name and value, with words that say nothing: the tree stays sound and lacks it.</summary>
    /// <param name="property">The property, as this reader gave it.</param>
    internal void Erase(in FdtProperty property)
    {
        // The token, the value's length and the name's place stand before the value (Devicetree specification 0.4 §5.4.1).
        var offset = (int)(property.Pointer - _blob) - PropertyHeaderLength;
        var end = offset + PropertyHeaderLength + ((property.Length + 3) & ~3);
        for (; offset < end; offset += 4)
        {
            // SAFETY: the words of a property that this reader found in its blob.
            BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(_blob + offset, 4), FdtToken.Nop);
        }
    }

    /// <summary>The property that a token is.</summary>
    internal FdtProperty ToProperty(in FdtToken token) => new(_blob + token.Name, token.NameLength, _blob + token.Value, token.ValueLength);

    private static uint Word(ReadOnlySpan<byte> header, int offset) => BinaryPrimitives.ReadUInt32BigEndian(header.Slice(offset, 4));

    private static int CountReservations(byte* blob, int offset, int total)
    {
        for (var count = 0; offset <= total - 16; count++, offset += 16)
        {
            // SAFETY: the entry's 16 bytes are inside the blob by the loop's condition.
            var entry = new ReadOnlySpan<byte>(blob + offset, 16);
            if (BinaryPrimitives.ReadUInt64BigEndian(entry) == 0 && BinaryPrimitives.ReadUInt64BigEndian(entry[8..]) == 0)
            {
                return count;
            }
        }

        return -1;
    }

    private bool TryWalk(FdtNode start, ReadOnlySpan<byte> path, out FdtNode node)
    {
        node = start;
        while (path.Length != 0)
        {
            var slash = path.IndexOf((byte)'/');
            var part = slash < 0 ? path : path[..slash];
            path = slash < 0 ? default : path[(slash + 1)..];
            if (part.Length == 0)
            {
                continue;
            }

            if (!TryChild(node, part, out var child))
            {
                return false;
            }

            node = child;
        }

        return true;
    }
}
