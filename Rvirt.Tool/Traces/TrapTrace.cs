using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Traces;

/// <summary>A trap out of a guest.</summary>
/// <param name="Core">The hart of the host, by its number in the monitor's <c>cores</c>.</param>
/// <param name="Time"><c>time</c>, in ticks of the machine's timebase.</param>
/// <param name="Pc">The guest's program counter.</param>
/// <param name="Cause">The cause's name.</param>
/// <param name="Value">What the hart said of it; null of an interrupt.</param>
public sealed record TrapEvent(int Core, ulong Time, ulong Pc, string Cause, ulong? Value);

/// <summary>The last traps of all harts of a machine.</summary>
public static partial class TrapTrace
{
    /// <summary>How many traps a hart keeps.</summary>
    private const int Kept = 255;

    /// <summary>Has the machine note traps down for a while, and asks for them.</summary>
    /// <param name="monitor">The machine's monitor.</param>
    /// <param name="wait">Waits while the machine traps.</param>
    /// <returns>Each hart's, the oldest first.</returns>
    /// <exception cref="IOException">The monitor refuses, or there is no answer.</exception>
    /// <exception cref="FormatException">It says what is no trap.</exception>
    public static IReadOnlyList<TrapEvent> Take(MonitorLink monitor, Action wait)
    {
        var cores = AnswerTable.Read(Ask(monitor, "cores")).Select(row => int.Parse(row["#"], NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();
        Ask(monitor, "trace on");
        try
        {
            wait();
            return [.. cores.SelectMany(core => Ask(monitor, FormattableString.Invariant($"trace {core} {Kept}")).Select(line => Read(core, line)))];
        }
        finally
        {
            monitor.Ask("trace off");
        }
    }

    private static IReadOnlyList<string> Ask(MonitorLink monitor, string command)
    {
        var answer = monitor.Ask(command);
        return answer.IsOk ? answer.Lines : throw new IOException($"{command}: {answer.Problem}");
    }

    private static TrapEvent Read(int core, string line)
    {
        var match = Line().Match(line);
        return match.Success
            ? new TrapEvent(core, ulong.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), Hex(match.Groups[2]), match.Groups[3].Value, match.Groups[4].Success ? Hex(match.Groups[4]) : null)
            : throw new FormatException($"the monitor says what is no trap: {line.Trim()}");
    }

    private static ulong Hex(Group group) => ulong.Parse(group.ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex("^ *time ([0-9]{1,19}) pc 0x([0-9a-f]{1,16}) (.+?)(?: value 0x([0-9a-f]{1,16}))?$")]
    private static partial Regex Line();
}
