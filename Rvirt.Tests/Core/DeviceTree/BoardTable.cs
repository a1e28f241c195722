using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Testing.Memory;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>The table of docs/guests.md that tells of each node of the board whether guests have it.</summary>
internal static class BoardTable
{
    private static readonly Lazy<Dictionary<string, bool>> s_rows = new(Read);

    /// <summary>Paths, with <c>*</c> for any unit address, and whether guests have the node.</summary>
    public static IReadOnlyDictionary<string, bool> Rows => s_rows.Value;

    /// <summary>What the table says of a node: by its own row, or else by the nearest above it; null: nothing but the root's row.</summary>
    public static bool? Offers(string path)
    {
        for (var at = path; at.Length > 1; at = at[..at.LastIndexOf('/')])
        {
            if (Rows.TryGetValue(at, out var offered) || Rows.TryGetValue(WithoutAddress(at), out offered))
            {
                return offered;
            }
        }

        return path == "/" ? Rows["/"] : null;
    }

    /// <summary>Whether one of these nodes is the one that a row names.</summary>
    public static bool IsAmong(string row, IEnumerable<string> paths) => paths.Any(path => path == row || WithoutAddress(path) == row);

    /// <summary>The paths of all nodes of a tree.</summary>
    public static unsafe List<string> Nodes(byte[] blob)
    {
        using var buffer = new GuardedBuffer(blob);
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        var paths = new List<string> { "/" };
        var names = new List<string>();
        foreach (var node in tree.Descendants(tree.Root))
        {
            names.RemoveRange(node.Depth - 1, names.Count - (node.Depth - 1));
            names.Add(Encoding.ASCII.GetString(tree.Name(node)));
            paths.Add("/" + string.Join('/', names));
        }

        return paths;
    }

    private static string WithoutAddress(string path) => Regex.Replace(path, "@[0-9a-f]+", "@*");

    private static Dictionary<string, bool> Read()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Top, "docs", "guests.md"));
        var table = text[text.IndexOf("\n| node of the board |", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n\n", StringComparison.Ordinal)];
        return Regex.Matches(table, @"^\| `([^`]+)` \| (yes|no) \| (.*)\|$", RegexOptions.Multiline)
            .ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value == "yes" || (row.Groups[3].Value.Trim().Length > 20 ? false : throw new AssertionException($"no reason: {row}")));
    }
}
