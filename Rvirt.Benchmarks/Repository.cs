using System;
using System.IO;
using Rvirt.Tool.Machines;

namespace Rvirt.Benchmarks;

/// <summary>The working copy that this program was built in.</summary>
internal static class Repository
{
    /// <summary>Makes its top the current directory.</summary>
    public static void Enter() => Directory.SetCurrentDirectory(WorkingCopy.Find().Top);

    /// <summary>Keeps a table of figures in artifacts/bench, and where asked puts it into its place in a document.</summary>
    /// <param name="name">Of the place: <c>&lt;!-- NAME figures: begin --&gt;</c> to <c>end</c>.</param>
    /// <param name="markdown">The table.</param>
    /// <param name="intoDocs">Whether to put it there.</param>
    /// <param name="document">The document that has the place.</param>
    public static void Keep(string name, string markdown, bool intoDocs, string document = "docs/performance.md")
    {
        Directory.CreateDirectory("artifacts/bench");
        File.WriteAllText($"artifacts/bench/{name}.md", markdown);
        if (!intoDocs)
        {
            return;
        }

        var text = File.ReadAllText(document);
        var first = $"<!-- {name} figures: begin -->";
        var begin = text.IndexOf(first, StringComparison.Ordinal);
        var end = text.IndexOf($"<!-- {name} figures: end -->", StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new InvalidOperationException($"{document} has no place for the figures: {first}");
        }

        File.WriteAllText(document + ".new", $"{text[..begin]}{first}\n\n{markdown}\n{text[end..]}");
        File.Move(document + ".new", document, overwrite: true);
    }
}
