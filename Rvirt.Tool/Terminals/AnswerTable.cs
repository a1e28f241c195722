using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace Rvirt.Tool.Terminals;

/// <summary>Tables as the monitor says them: a line of titles, and a line for each row, with two blanks or more between columns.</summary>
public static partial class AnswerTable
{
    /// <summary>Its rows, by title.</summary>
    /// <exception cref="FormatException">It is no such table.</exception>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Read(IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            throw new FormatException("the monitor says no table");
        }

        var titles = Fields(lines[0]);
        return [.. lines.Skip(1).Select(line => Row(titles, line))];
    }

    private static Dictionary<string, string> Row(string[] titles, string line)
    {
        var fields = Fields(line);
        return fields.Length == titles.Length
            ? titles.Zip(fields).ToDictionary(pair => pair.First, pair => pair.Second)
            : throw new FormatException($"the monitor says {fields.Length} columns where {titles.Length} are titled: {line.Trim()}");
    }

    private static string[] Fields(string line) => Between().Split(line.Trim());

    [GeneratedRegex(" {2,}")]
    private static partial Regex Between();
}
