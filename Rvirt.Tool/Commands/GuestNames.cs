using System;
using System.Collections.Generic;
using System.CommandLine.Completions;
using System.IO;
using System.Linq;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Commands;

/// <summary>The guests of the machine whose line is shared, for a shell that completes a word.</summary>
public static class GuestNames
{
    /// <summary>Their names; none where no machine answers.</summary>
    public static IEnumerable<CompletionItem> Complete(CompletionContext context) => Of(Lines.Real).Select(name => new CompletionItem(name));

    /// <summary>The names of guests.</summary>
    public static IReadOnlyList<string> Of(ILines lines)
    {
        try
        {
            var answer = new LineChoice.Chosen(null, null, 0, 0).Ask(lines, "guests");
            return [.. AnswerTable.Read(answer.Lines).Select(row => row["name"])];
        }
        catch (Exception problem) when (problem is IOException or FormatException)
        {
            return [];
        }
    }
}
