using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Aot.Naming;

namespace Rvirt.Aot.Linking;

/// <summary>What lld made one of (<c>--icf=all</c>), as <c>--print-icf-sections</c> tells it.</summary>
/// <remarks>
/// Instances of one method that came out equal may be one function: its lines are the lines of each.
/// Two methods may not: a backtrace would name the one that was not there.
/// </remarks>
public static class FoldedFunctions
{
    private const string Kept = "selected section ";

    private const string Folded = "  removing identical section ";

    private const string Prefix = ".text.";

    /// <summary>The functions to link again without folding (<c>--keep-unique</c>), so that no two methods are one.</summary>
    /// <param name="report">A line for the section that was kept, and one for each that it stands for.</param>
    /// <param name="module">The object of compiled functions, each in a section that is named after it.</param>
    public static IReadOnlyList<string> ToKeepApart(string report, string module)
    {
        var apart = new List<string>();
        var group = new List<string>();
        foreach (var line in report.Split('\n').Append(Kept))
        {
            if (line.StartsWith(Kept, StringComparison.Ordinal))
            {
                apart.AddRange(Others(group));
                group.Clear();
            }
            else if (!line.StartsWith(Folded, StringComparison.Ordinal))
            {
                continue;
            }
            group.Add(FunctionOf(line[(line.StartsWith(Kept, StringComparison.Ordinal) ? Kept : Folded).Length..], module));
        }
        return apart;
    }

    /// <summary>The function of a section; empty for what is written in assembly, which has no symbol that it could be kept apart by.</summary>
    private static string FunctionOf(string section, string module) =>
        section.StartsWith($"{module}:({Prefix}", StringComparison.Ordinal) ? section[(module.Length + Prefix.Length + 2)..^1] : "";

    /// <summary>All but the instances of one method: of assembly where there is any, else of the method that has most.</summary>
    private static IEnumerable<string> Others(List<string> group) =>
        group.GroupBy(NameBuilder.DefinitionOf).OrderByDescending(instances => instances.Key.Length == 0).ThenByDescending(instances => instances.Count()).Skip(1).SelectMany(instances => instances);
}
