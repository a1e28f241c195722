using System;
using System.Collections.Generic;
using System.Linq;

namespace Rvirt.Aot.Linking;

/// <summary>What folders are called in debug information, so that an image does not depend on where its source lies.</summary>
public sealed class PathMap
{
    private readonly IReadOnlyList<(string From, string To)> _entries;

    private PathMap(IReadOnlyList<(string, string)> entries) => _entries = entries;

    /// <summary>Reads entries of the form <c>FROM=TO</c>, prefixes of paths; a path may hold <c>=</c> in FROM only.</summary>
    /// <param name="texts">The entries.</param>
    /// <param name="bad">The first that is not of the form; null when all are.</param>
    public static PathMap Parse(IReadOnlyList<string> texts, out string? bad)
    {
        var entries = new List<(string, string)>();
        bad = null;
        foreach (var text in texts)
        {
            var split = text.LastIndexOf('=');
            if (split <= 0)
            {
                bad ??= text;
                continue;
            }
            entries.Add((text[..split], text[(split + 1)..]));
        }
        return new PathMap(entries);
    }

    /// <summary>The path with the first prefix that fits replaced.</summary>
    public string Apply(string path)
    {
        foreach (var (from, to) in _entries)
        {
            if (path.StartsWith(from, StringComparison.Ordinal))
            {
                return to + path[from.Length..];
            }
        }
        return path;
    }

    /// <summary>The same for clang, for which a later entry comes before an earlier one, and which cannot be told of a folder with <c>=</c> in its name.</summary>
    public IEnumerable<string> ForClang() =>
        _entries.Where(entry => !entry.From.Contains('=', StringComparison.Ordinal)).Reverse().Select(entry => $"-ffile-prefix-map={entry.From}={entry.To}");
}
