using System;

namespace Rvirt.Core.DeviceTree;

/// <summary>The words of a command line, which spaces part.</summary>
/// <param name="line">The command line.</param>
public ref struct CommandWords(ReadOnlySpan<byte> line)
{
    private ReadOnlySpan<byte> _rest = line;

    /// <summary>Takes the next word; an empty one stands between two spaces.</summary>
    /// <returns>False behind the last.</returns>
    public bool TryNext(out ReadOnlySpan<byte> word)
    {
        word = _rest;
        if (_rest.IsEmpty)
        {
            return false;
        }

        var end = _rest.IndexOf((byte)' ');
        if (end < 0)
        {
            _rest = default;
            return true;
        }

        word = _rest[..end];
        _rest = _rest[(end + 1)..];
        return true;
    }
}
