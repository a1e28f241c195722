using System.Runtime.CompilerServices;

namespace Rvirt.Core.DeviceTree;

/// <summary>Walks over nodes in the order of the blob; made for <c>foreach</c>. Reads the tree once, whatever its shape.</summary>
public struct FdtNodeWalker
{
    private readonly FdtReader _reader;
    private readonly int _floor;
    private readonly int _deepest;
    private int _offset;
    private int _depth;
    private FdtNode _current;
    private CellStack _cells;

    internal FdtNodeWalker(FdtReader reader, FdtNode start, int deepest)
    {
        _reader = reader;
        _floor = start.Depth;
        _deepest = deepest;
        _offset = start.Offset;
        _depth = start.Depth - 1;
    }

    /// <summary>The node walked to.</summary>
    public readonly FdtNode Current => _current;

    /// <summary>The walker itself.</summary>
    public readonly FdtNodeWalker GetEnumerator() => this;

    /// <summary>Walks to the next node.</summary>
    /// <returns>False where there is none.</returns>
    public bool MoveNext()
    {
        while (_reader.ReadToken(_offset, out var token) == FdtError.None)
        {
            _offset = token.Next;
            switch (token.Kind)
            {
                case FdtToken.BeginNode:
                    if (++_depth > FdtReader.MaximumDepth)
                    {
                        return false;
                    }

                    _cells[_depth] = new Cells { Address = FdtReader.DefaultAddressCells, Size = FdtReader.DefaultSizeCells };
                    if (_depth > _floor && _depth <= _deepest)
                    {
                        var parent = _cells[_depth - 1];
                        _current = new FdtNode(token.Offset, _depth, parent.Address, parent.Size);
                        return true;
                    }

                    break;
                case FdtToken.Property:
                    if (_depth < _deepest)
                    {
                        NoteCells(_reader.ToProperty(token));
                    }

                    break;
                case FdtToken.EndNode:
                    if (--_depth < _floor)
                    {
                        return false;
                    }

                    break;
                default:
                    return false;
            }
        }

        return false;
    }

    private void NoteCells(FdtProperty property)
    {
        var name = property.Name;
        if (name.Length == 0 || name[0] != (byte)'#' || !property.TryUInt32(out var value))
        {
            return;
        }

        // More cells than a number can have are kept as a count that no number fits.
        var count = (byte)(value > byte.MaxValue ? byte.MaxValue : value);
        if (System.MemoryExtensions.SequenceEqual(name, "#address-cells"u8))
        {
            _cells[_depth].Address = count;
        }
        else if (System.MemoryExtensions.SequenceEqual(name, "#size-cells"u8))
        {
            _cells[_depth].Size = count;
        }
    }

    private struct Cells
    {
        public byte Address;
        public byte Size;
    }

    [InlineArray(FdtReader.MaximumDepth + 1)]
    private struct CellStack
    {
        private Cells _first;
    }
}
