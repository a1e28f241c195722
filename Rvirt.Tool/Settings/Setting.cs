using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Rvirt.Tool.Settings;

/// <summary>Reads the settings that <c>make</c> hands on in the environment. A setting that is empty is one that was not given.</summary>
/// <param name="values">Their values by name; names that are not there have none.</param>
public sealed class Setting(IReadOnlyDictionary<string, string> values)
{
    /// <summary>The value of a setting, or null.</summary>
    public string? Text(string name) => values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>The value of a setting where empty is a value too.</summary>
    public string? TextOrEmpty(string name) => values.GetValueOrDefault(name);

    /// <summary>A setting that is on or off: 1 or 0.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public bool Switch(string name) => Text(name) switch
    {
        null or "0" => false,
        "1" => true,
        var other => throw new FormatException($"{name} is 1 or 0, not {other}"),
    };

    /// <summary>A whole decimal number.</summary>
    /// <exception cref="FormatException">It is none, or out of its range.</exception>
    public int Number(string name, int absent, int least, int most, string meaning) => (int)Number(name, (long)absent, least, most, meaning);

    /// <inheritdoc cref="Number(string, int, int, int, string)"/>
    public long Number(string name, long absent, long least, long most, string meaning) =>
        Text(name) is not { } text ? absent
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value
        : throw new FormatException($"{name} is {least} to {most} ({meaning}), not {text}");

    /// <summary>One of a few words; the first is the one that holds when none is given.</summary>
    /// <exception cref="FormatException">It is another.</exception>
    public string Choice(string name, params string[] words) =>
        Text(name) is not { } text ? words[0]
        : words.Contains(text) ? text
        : throw new FormatException($"{name} is {string.Join(" or ", words)}, not {text}");

    /// <summary>Refuses names that a command does not know: a mistyped setting must not pass for one that was never given.</summary>
    /// <param name="command">The command, as a person types it.</param>
    /// <param name="given">The names that were typed.</param>
    /// <param name="known">The names that the command has.</param>
    /// <exception cref="FormatException">One is unknown; the message suggests the nearest.</exception>
    public static void RefuseUnknown(string command, IEnumerable<string> given, IReadOnlyList<string> known)
    {
        foreach (var name in given)
        {
            if (!known.Contains(name))
            {
                if (known.Count == 0)
                {
                    throw new FormatException($"{command} has no settings, and so no {name}");
                }

                var upper = name.ToUpperInvariant();
                var nearest = known.MinBy(other => Distance(upper, other))!;
                var close = Distance(upper, nearest) <= 2;
                throw new FormatException(
                    $"{command} has no setting {name}{(close ? $": is it {nearest}?" : "")} (its settings are {string.Join(", ", known)})");
            }
        }
    }

    /// <summary>How many letters must be put in, taken out or changed to make one name of the other; a shorter or longer form counts as near.</summary>
    private static int Distance(string a, string b)
    {
        if (Math.Min(a.Length, b.Length) > 1 && (b.StartsWith(a, StringComparison.Ordinal) || a.StartsWith(b, StringComparison.Ordinal)))
        {
            return 1;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
