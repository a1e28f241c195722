using System;
using System.IO;

namespace Rvirt.Tool.Terminals;

/// <summary>Ctrl-A and the key behind it, which are this program's and not the line's, as QEMU has them: x ends it, Ctrl-A sends one.</summary>
public sealed class QuitKey
{
    private const byte Prefix = 1;
    private bool _prefixed;

    /// <summary>Takes what was typed.</summary>
    /// <param name="typed">The bytes.</param>
    /// <param name="rest">What of them is the line's.</param>
    /// <param name="help">Whether the keys are to be named.</param>
    /// <returns>Whether the program is to end.</returns>
    public bool Take(ReadOnlySpan<byte> typed, out byte[] rest, out bool help)
    {
        using var passed = new MemoryStream();
        help = false;
        foreach (var value in typed)
        {
            if (!_prefixed)
            {
                _prefixed = value == Prefix;
                if (!_prefixed)
                {
                    passed.WriteByte(value);
                }

                continue;
            }

            _prefixed = false;
            switch (value)
            {
                case (byte)'x' or (byte)'X':
                    rest = passed.ToArray();
                    return true;
                case Prefix:
                    passed.WriteByte(value);
                    break;
                default:
                    help = true;
                    break;
            }
        }

        rest = passed.ToArray();
        return false;
    }
}
