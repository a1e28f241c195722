using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace Rvirt.Tool.Traces;

/// <summary>Traps in the Trace Event Format, which Perfetto and Chrome show: a row for each hart, an instant for each trap.</summary>
public static class ChromeTrace
{
    /// <summary>Writes it.</summary>
    /// <param name="traps">The traps.</param>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    /// <param name="output">Where to.</param>
    public static void Write(IReadOnlyList<TrapEvent> traps, uint timebase, Stream output)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteStartArray("traceEvents");
        foreach (var core in traps.Select(trap => trap.Core).Distinct())
        {
            Begin(json, "thread_name", "M", core);
            json.WriteStartObject("args");
            json.WriteString("name", FormattableString.Invariant($"hart {core}"));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        var first = traps.Count == 0 ? 0 : traps.Min(trap => trap.Time);
        foreach (var trap in traps)
        {
            Begin(json, trap.Cause, "i", trap.Core);
            json.WriteString("s", "t");
            // In microseconds, as the format has it.
            json.WriteNumber("ts", (trap.Time - first) * 1_000_000m / timebase);
            json.WriteStartObject("args");
            json.WriteString("pc", FormattableString.Invariant($"0x{trap.Pc:x}"));
            if (trap.Value is { } value)
            {
                json.WriteString("value", FormattableString.Invariant($"0x{value:x}"));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter json, string name, string phase, int core)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("ph", phase);
        json.WriteNumber("pid", 0);
        json.WriteNumber("tid", core);
    }
}
