using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;

namespace Rvirt.Fuzz.Targets;

/// <summary>A second reader of flattened device trees, on an array with the runtime's own bounds checks; recursive, and written from the specification (Devicetree spec 0.4 §5).</summary>
internal sealed class PlainTree
{
    private const int MaximumDepth = 31;
    private const int MaximumName = 255;
    private readonly byte[] _blob;
    private readonly int _end;
    private readonly int _strings;
    private readonly int _stringsEnd;
    private int _at;

    private PlainTree(byte[] blob, int structure, int structureEnd, int strings, int stringsEnd)
    {
        _blob = blob;
        _at = structure;
        _end = structureEnd;
        _strings = strings;
        _stringsEnd = stringsEnd;
    }

    /// <summary>A node.</summary>
    public sealed record Node(string Name, List<(string Name, byte[] Value)> Properties, List<Node> Children)
    {
        /// <summary>The strings of a property, if it is there and every one ends; those before the first that does not, otherwise.</summary>
        public string[] Strings(string name)
        {
            var value = Properties.Find(p => p.Name == name).Value;
            return value is null ? [] : Latin(value).Split('\0')[..^1];
        }

        /// <summary>Name, properties and children, one line each.</summary>
        public IEnumerable<string> Lines(int depth = 0)
        {
            yield return $"{depth} {Name}";
            foreach (var (name, value) in Properties)
            {
                yield return $"{depth} {name}={Convert.ToHexString(value)}";
            }

            foreach (var line in Children.SelectMany(child => child.Lines(depth + 1)))
            {
                yield return line;
            }
        }
    }

    /// <summary>Reads a blob; null where it is not one.</summary>
    public static Node? Read(byte[] blob)
    {
        try
        {
            uint Header(int index) => BinaryPrimitives.ReadUInt32BigEndian(blob.AsSpan(4 * index));
            var (total, structure, strings, reservations) = (Header(1), Header(2), Header(3), Header(4));
            var (stringsSize, structureSize) = (Header(8), Header(9));
            if (Header(0) != 0xd00dfeed || Header(5) < 17 || Header(6) > 17 || total < 40 || total > blob.Length
                || structure < 40 || strings < 40 || reservations < 40 || structure % 4 != 0 || reservations % 8 != 0
                || (ulong)structure + structureSize > total || (ulong)strings + stringsSize > total || !ReservationsEnd(blob[..(int)total], reservations))
            {
                return null;
            }

            var reader = new PlainTree(blob, (int)structure, (int)(structure + structureSize), (int)strings, (int)(strings + stringsSize));
            return reader.Token() == 1 && reader.ReadNode(0) is { } root && reader.Token() == 9 ? root : null;
        }
        catch (Exception error) when (error is ArgumentException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static bool ReservationsEnd(byte[] blob, uint at)
    {
        while (at <= blob.Length - 16)
        {
            if (blob.AsSpan((int)at, 16).IndexOfAnyExcept((byte)0) < 0)
            {
                return true;
            }

            at += 16;
        }

        return false;
    }

    private static string Latin(ReadOnlySpan<byte> bytes) => System.Text.Encoding.Latin1.GetString(bytes);

    private uint Token()
    {
        uint token;
        do
        {
            token = Word();
        }
        while (token == 4);
        return token;
    }

    private uint Word()
    {
        var value = BinaryPrimitives.ReadUInt32BigEndian(_blob.AsSpan(0, _end)[_at..]);
        _at += 4;
        return value;
    }

    // Behind the token that begins the node; null where it is malformed.
    private Node? ReadNode(int depth)
    {
        var name = depth <= MaximumDepth ? Text(_at, _end) : null;
        if (name is null)
        {
            return null;
        }

        _at = Align(_at + name.Length + 1);
        var node = new Node(name, [], []);
        while (true)
        {
            switch (Token())
            {
                case 1 when ReadNode(depth + 1) is { } child:
                    node.Children.Add(child);
                    break;
                case 2:
                    return node;
                case 3 when node.Children.Count == 0 && TryProperty(node):
                    break;
                default:
                    return null;
            }
        }
    }

    private bool TryProperty(Node node)
    {
        var length = Word();
        var offset = Word();
        if (offset >= (uint)(_stringsEnd - _strings) || length > (uint)(_end - _at) || Text(_strings + (int)offset, _stringsEnd) is not { } name)
        {
            return false;
        }

        node.Properties.Add((name, _blob[_at..(_at + (int)length)]));
        _at = Align(_at + (int)length);
        return true;
    }

    private string? Text(int start, int end)
    {
        var length = Array.IndexOf(_blob, (byte)0, start, Math.Min(MaximumName + 1, end - start));
        return length < 0 ? null : Latin(_blob.AsSpan(start..length));
    }

    private static int Align(int at) => (at + 3) / 4 * 4;
}
