using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Rvirt.Tool.Terminals;

/// <summary>What a look at a guest found.</summary>
/// <param name="Facts">What the monitor's <c>guests</c> says, by title.</param>
/// <param name="Traps">How many traps of each cause a second since the look before; at the first look what the monitor says, which is since the guest was made.</param>
/// <param name="Totals">How many traps of each cause so far.</param>
/// <param name="Time">When that was, in ticks of the clock.</param>
public sealed record GuestFigures(IReadOnlyDictionary<string, string> Facts, IReadOnlyDictionary<string, double> Traps, IReadOnlyDictionary<string, double> Totals, long Time)
{
    /// <summary>The guest's name.</summary>
    public string Name => Facts["name"];

    /// <summary>Looks at all guests.</summary>
    /// <param name="monitor">The way to the monitor.</param>
    /// <param name="clock">The time here.</param>
    /// <param name="before">The look before, if there was one.</param>
    /// <exception cref="IOException">There is no answer, or an error.</exception>
    public static IReadOnlyList<GuestFigures> Look(MonitorLink monitor, TimeProvider clock, IReadOnlyList<GuestFigures>? before) =>
        [.. Table(monitor, "guests").Select((facts, number) => Of(facts, Table(monitor, $"stats {number}"), clock, before?.FirstOrDefault(figures => figures.Name == facts["name"])))];

    private static GuestFigures Of(
        IReadOnlyDictionary<string, string> facts, IReadOnlyList<IReadOnlyDictionary<string, string>> causes, TimeProvider clock, GuestFigures? before)
    {
        var now = clock.GetTimestamp();
        var totals = causes.ToDictionary(cause => cause["cause"], cause => Number(cause["total"]));
        var seconds = before is null ? 0 : clock.GetElapsedTime(before.Time, now).TotalSeconds;
        // Somebody else may have had the monitor count from zero again.
        var traps = causes.ToDictionary(
            cause => cause["cause"],
            cause => seconds > 0 && before!.Totals.TryGetValue(cause["cause"], out var then) ? Math.Max(0, totals[cause["cause"]] - then) / seconds : Number(cause["per s"]));
        return new GuestFigures(facts, traps, totals, now);
    }

    private static IReadOnlyList<IReadOnlyDictionary<string, string>> Table(MonitorLink monitor, string command)
    {
        var answer = monitor.Ask(command);
        return answer.IsOk ? AnswerTable.Read(answer.Lines) : throw new IOException(answer.Problem);
    }

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new FormatException($"the monitor says '{text}', which is no count");
}
