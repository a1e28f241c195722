using System;
using System.Buffers.Binary;

namespace Rvirt.Core.DeviceTree;

/// <content>The structure block: its tokens, and the check of their order (Devicetree spec 0.4 §5.4).</content>
public readonly unsafe partial struct FdtReader
{
    /// <summary>Reads the token at an offset, passing over NOPs.</summary>
    internal FdtError ReadToken(int offset, out FdtToken token)
    {
        token = default;
        if (offset < HeaderLength || (offset & 3) != 0)
        {
            return FdtError.MalformedTree;
        }

        do
        {
            if (offset > _structureEnd - 4)
            {
                return FdtError.StructureTruncated;
            }

            token.Offset = offset;
            token.Kind = Read32(offset);
            offset += 4;
        }
        while (token.Kind == FdtToken.Nop);

        token.Next = offset;
        return token.Kind switch
        {
            FdtToken.BeginNode => ReadNodeName(ref token),
            FdtToken.Property => ReadProperty(ref token),
            FdtToken.EndNode or FdtToken.End => FdtError.None,
            _ => FdtError.UnknownToken,
        };
    }

    private FdtError CheckStructure(out int root)
    {
        root = 0;
        var depth = -1;
        var childSeen = false;
        var offset = _structure;
        while (true)
        {
            var error = ReadToken(offset, out var token);
            if (error != FdtError.None)
            {
                return error;
            }

            offset = token.Next;
            switch (token.Kind)
            {
                case FdtToken.BeginNode:
                    if (depth < 0)
                    {
                        if (root != 0)
                        {
                            return FdtError.MalformedTree;
                        }

                        root = token.Offset;
                    }

                    if (++depth > MaximumDepth)
                    {
                        return FdtError.TooDeep;
                    }

                    childSeen = false;
                    break;
                case FdtToken.EndNode:
                    if (depth-- < 0)
                    {
                        return FdtError.MalformedTree;
                    }

                    childSeen = true;
                    break;
                case FdtToken.Property:
                    // Properties come before children (Devicetree spec §5.4.2): readers stop at the first child.
                    if (depth < 0 || childSeen)
                    {
                        return FdtError.MalformedTree;
                    }

                    break;
                default:
                    return depth < 0 && root != 0 ? FdtError.None : FdtError.MalformedTree;
            }
        }
    }

    private FdtError ReadNodeName(ref FdtToken token)
    {
        token.Name = token.Next;
        token.NameLength = NameLengthAt(token.Name, _structureEnd);
        if (token.NameLength < 0)
        {
            return FdtError.WrongName;
        }

        token.Next = (token.Name + token.NameLength + 1 + 3) & ~3;
        return FdtError.None;
    }

    private FdtError ReadProperty(ref FdtToken token)
    {
        if (token.Next > _structureEnd - 8)
        {
            return FdtError.StructureTruncated;
        }

        var length = Read32(token.Next);
        var name = Read32(token.Next + 4);
        token.Value = token.Next + 8;
        if (length > (uint)(_structureEnd - token.Value))
        {
            return FdtError.StructureTruncated;
        }

        if (name >= (uint)(_stringsEnd - _strings))
        {
            return FdtError.WrongName;
        }

        token.ValueLength = (int)length;
        token.Name = _strings + (int)name;
        token.NameLength = NameLengthAt(token.Name, _stringsEnd);

        // Cannot overflow: the padded end is at most three past an offset inside the blob, and a blob is shorter than 2 GiB - 4.
        token.Next = (int)(((uint)token.Value + length + 3) & ~3u);
        return token.NameLength < 0 || token.Next < 0 ? FdtError.WrongName : FdtError.None;
    }

    private int NameLengthAt(int offset, int end)
    {
        // SAFETY: the window ends at the end of a block that is inside the blob.
        var window = new ReadOnlySpan<byte>(_blob + offset, Math.Min(end - offset, MaximumNameLength + 1));
        return window.IndexOf((byte)0);
    }

    // SAFETY: callers have checked that four bytes at the offset are inside the structure block, which is inside the blob.
    private uint Read32(int offset) => BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(_blob + offset, 4));
}
