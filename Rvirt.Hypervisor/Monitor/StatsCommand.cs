using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Traps of a guest by cause.</summary>
[ColdPath]
internal static class StatsCommand
{
    private const int NameWidth = 18;
    private const int Width = 13;

    /// <summary>A counter a line: all harts' sum, how many that is a second, and each hart's own.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.Step == 0)
        {
            return Begin(ref view, ref run, output);
        }

        var facts = view.Guest(run.Guest);
        var counter = run.Step - 1;
        var total = default(ulong);
        for (var hart = 0; hart < facts.Harts; hart++)
        {
            total += CounterRows.Value(view.Counters(run.Guest, hart), counter);
        }

        output.Text("  "u8).Left(CounterRows.Name(counter), NameWidth).Right(total, Width)
            .Right(Rates.PerSecond(total, view.Time - facts.CountedFrom, view.TimeFrequency), Width);
        for (var hart = 0; hart < facts.Harts; hart++)
        {
            output.Right(CounterRows.Value(view.Counters(run.Guest, hart), counter), Width);
        }

        output.Newline();
        return run.Step == CounterRows.Count ? CommandResult.Done : CommandResult.More;
    }

    private static CommandResult Begin<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!Targets.TryGuest(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        var option = run.Line.Word(2);
        if (option.SequenceEqual("-r"u8))
        {
            view.ForgetCounters(run.Guest);
            return CommandResult.Done;
        }

        if (!option.IsEmpty)
        {
            return Answer.Error(output, ": the one option is -r"u8, option);
        }

        output.Text("  "u8).Left("cause"u8, NameWidth).Right("total"u8, Width).Right("per s"u8, Width);
        var harts = view.Guest(run.Guest).Harts;
        for (var hart = 0; hart < harts; hart++)
        {
            output.Blanks(Width - 5).Text("vcpu"u8).Left((ulong)hart, 1);
        }

        output.Newline();
        return CommandResult.More;
    }
}
