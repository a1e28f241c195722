namespace Rvirt.Core.DeviceTree;

/// <summary>Walks over a node's properties in the order of the blob; made for <c>foreach</c>.</summary>
public struct FdtPropertyWalker
{
    private readonly FdtReader _reader;
    private int _offset;
    private FdtProperty _current;

    internal FdtPropertyWalker(FdtReader reader, FdtNode node)
    {
        _reader = reader;
        _offset = reader.ReadToken(node.Offset, out var token) == FdtError.None && token.Kind == FdtToken.BeginNode ? token.Next : 0;
    }

    /// <summary>The property walked to.</summary>
    public readonly FdtProperty Current => _current;

    /// <summary>The walker itself.</summary>
    public readonly FdtPropertyWalker GetEnumerator() => this;

    /// <summary>Walks to the next property.</summary>
    /// <returns>False where there is none.</returns>
    public bool MoveNext()
    {
        if (_reader.ReadToken(_offset, out var token) != FdtError.None || token.Kind != FdtToken.Property)
        {
            return false;
        }

        _offset = token.Next;
        _current = _reader.ToProperty(token);
        return true;
    }
}
