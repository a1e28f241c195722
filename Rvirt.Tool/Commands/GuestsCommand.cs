using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Threading;
using Rvirt.Tool.Reporting;
using Rvirt.Tool.Terminals;
using Spectre.Console;

namespace Rvirt.Tool.Commands;

/// <summary><c>guests</c>: what the guests of a running machine do, as a table that refreshes, with their traps by cause.</summary>
public static class GuestsCommand
{
    private const double LongestWait = 3600;

    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var every = new Option<double>("--every", "-e") { Description = "Seconds between two looks.", DefaultValueFactory = _ => 2 };
        var count = new Option<int?>("--count", "-n") { Description = "How many looks. Without: once where the output is no terminal, else until Ctrl-C." };
        var choice = new LineChoice();
        var command = new Command("guests", "Shows the guests of a running machine, and their traps by cause, again and again.") { every, count };
        choice.AddTo(command);
        command.SetAction(result => MakeCommand.Guarded(() =>
        {
            using var end = new CancellationTokenSource();
            Console.CancelKeyPress += (_, pressed) =>
            {
                pressed.Cancel = true;
                end.Cancel();
            };
            var seconds = result.GetValue(every);
            return seconds is >= 0 and <= LongestWait
                ? Run(choice.Of(result), Lines.Real, Report.Output, TimeProvider.System, result.GetValue(count), TimeSpan.FromSeconds(seconds), end.Token)
                : throw new FormatException($"--every is 0 to {LongestWait} seconds");
        }));
        return command;
    }

    /// <summary>Looks, and looks again.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(LineChoice.Chosen line, ILines lines, IAnsiConsole output, TimeProvider clock, int? count, TimeSpan every, CancellationToken end)
    {
        using var monitor = line.Open(lines);
        var figures = GuestFigures.Look(monitor, clock, null);
        if (!output.Profile.Capabilities.Interactive)
        {
            for (var left = count ?? 1; left > 0; left--)
            {
                output.Write(GuestTable.Of(figures));
                figures = left > 1 ? Again(figures) : figures;
            }

            return 0;
        }

        output.Live(GuestTable.Of(figures)).Start(live =>
        {
            for (var left = count; left is null or > 1 && !end.IsCancellationRequested; left--)
            {
                figures = Again(figures);
                live.UpdateTarget(GuestTable.Of(figures));
            }
        });
        return 0;

        IReadOnlyList<GuestFigures> Again(IReadOnlyList<GuestFigures> before) => end.WaitHandle.WaitOne(every) ? before : GuestFigures.Look(monitor, clock, before);
    }
}
