using System;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Hypervisor.Setup;

/// <summary>How guests are to be run, as the host's command line says.</summary>
public static class ModeWord
{
    /// <summary>Finds <c>rvirt.mode=resident</c> or <c>rvirt.mode=deprivileged</c> among the words of the host's command line; the last one counts.</summary>
    /// <param name="commandLine">The command line.</param>
    /// <param name="resident">Whether guests are to be resident; they are not where nothing is said.</param>
    /// <returns>False where it is named wrongly.</returns>
    public static bool TryFind(ReadOnlySpan<byte> commandLine, out bool resident)
    {
        resident = false;
        var name = "rvirt.mode="u8;
        var words = new CommandWords(commandLine);
        while (words.TryNext(out var word))
        {
            if (!word.StartsWith(name))
            {
                continue;
            }

            var value = word[name.Length..];
            resident = value.SequenceEqual("resident"u8);
            if (!resident && !value.SequenceEqual("deprivileged"u8))
            {
                return false;
            }
        }

        return true;
    }
}
