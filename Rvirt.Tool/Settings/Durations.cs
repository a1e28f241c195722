using System;
using System.Globalization;

namespace Rvirt.Tool.Settings;

/// <summary>Times as people write them: seconds, or a whole number with s, m or h. Digits are decimal, leading zeros or not.</summary>
public static class Durations
{
    /// <summary>Reads a time in seconds.</summary>
    /// <param name="name">The setting it belongs to, for the message.</param>
    /// <param name="text">What was written.</param>
    /// <param name="least">Less is refused.</param>
    /// <param name="most">More is refused.</param>
    /// <exception cref="FormatException">It is not a time, or out of its range.</exception>
    public static int Parse(string name, string text, int least, int most)
    {
        var unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        if (!int.TryParse(unit == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            throw new FormatException($"{name}: '{text}' is no time: write a whole number of seconds, or one with s, m or h, such as 10m or 2h");
        }

        var seconds = (long)value * Math.Max(1, unit);
        return seconds >= least && seconds <= most ? (int)seconds : throw new FormatException($"{name} is {least} s to {most} s, not {text}");
    }
}
