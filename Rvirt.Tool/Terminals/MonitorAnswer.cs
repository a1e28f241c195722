using System;
using System.Collections.Generic;

namespace Rvirt.Tool.Terminals;

/// <summary>What the monitor answered.</summary>
/// <param name="Lines">The lines, without the last.</param>
/// <param name="End">The last: <c>rvirt: ok</c>, or <c>rvirt: error: TEXT</c>.</param>
public sealed record MonitorAnswer(IReadOnlyList<string> Lines, string End)
{
    /// <summary>The last line of an answer to a command that was carried out.</summary>
    public const string Ok = "rvirt: ok";

    /// <summary>How the last line of any other begins.</summary>
    public const string Error = "rvirt: error:";

    /// <summary>What is said where no answer comes in time.</summary>
    public const string None = "the monitor does not answer";

    /// <summary>Whether the command was carried out.</summary>
    public bool IsOk => End == Ok;

    /// <summary>What went wrong.</summary>
    public string Problem => IsOk ? "" : End[Error.Length..].Trim();

    /// <summary>Whether a line ends an answer.</summary>
    public static bool Ends(string line) => line == Ok || line.StartsWith(Error, StringComparison.Ordinal);
}
