using System;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Devices.Console;

/// <summary>The key that speaks to the console and not to a guest: a control character, Ctrl-] unless the host's command line says otherwise.</summary>
public static class ConsoleEscape
{
    /// <summary>Ctrl-].</summary>
    public const int Default = 0x1d;

    /// <summary>No key: every byte is the guest's.</summary>
    public const int None = -1;

    private const int Control = 0x40;

    /// <summary>Finds <c>rvirt.escape=^X</c> or <c>rvirt.escape=none</c> among the words of the host's command line.</summary>
    /// <param name="commandLine">The command line.</param>
    /// <param name="escape">The key; <see cref="Default"/> where it is not named.</param>
    /// <returns>False where it is named wrongly: neither <c>none</c> nor ^ and one of @ A to Z [ \ ] ^ _, or a key that ends lines (^J, ^M).</returns>
    public static bool TryFind(ReadOnlySpan<byte> commandLine, out int escape)
    {
        escape = Default;
        var name = "rvirt.escape="u8;
        var words = new CommandWords(commandLine);
        while (words.TryNext(out var word))
        {
            if (word.StartsWith(name) && !TryRead(word[name.Length..], out escape))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads a key as a person writes it: <c>^X</c> or <c>none</c>.</summary>
    /// <param name="value">What is written.</param>
    /// <param name="escape">The key; <see cref="Default"/> where it is none.</param>
    /// <returns>False where it is no key that this can be.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out int escape)
    {
        if (value.SequenceEqual("none"u8))
        {
            escape = None;
            return true;
        }

        escape = Default;
        if (value.Length != 2 || value[0] != (byte)'^')
        {
            return false;
        }

        var letter = value[1] is >= (byte)'a' and <= (byte)'z' ? value[1] - 0x20 : value[1];
        if (letter is < Control or > 0x5f or 'J' or 'M')
        {
            return false;
        }

        escape = letter - Control;
        return true;
    }
}
