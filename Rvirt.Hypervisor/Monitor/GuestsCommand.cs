using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>All guests.</summary>
[ColdPath]
internal static class GuestsCommand
{
    /// <summary>A guest a line.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.Step == 0)
        {
            output.Text("  #  name             state                  vcpus  memory      share       cpu  starts  uptime      traps/s\n"u8);
        }
        else
        {
            Line(ref view, run.Step - 1, output);
        }

        return run.Step == view.GuestCount ? CommandResult.Done : CommandResult.More;
    }

    private static void Line<TView, THost, TSink>(ref TView view, int guest, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var facts = view.Guest(guest);
        var now = view.Time;
        var traps = default(ulong);
        var run = default(ulong);
        for (var hart = 0; hart < facts.Harts; hart++)
        {
            traps += CounterRows.Sum(view.Counters(guest, hart));
            run += view.RunTicks(guest, hart, out _);
        }

        output.Right((ulong)guest, 3).Text("  "u8).Left(facts.Name.Text, 15).Text("  "u8);
        State(output, facts);
        output.Right((ulong)facts.Harts, 5).Text("  "u8);
        Size(output, facts.Memory);
        if (facts.Share != 0)
        {
            output.Right(facts.Share, 8);
        }
        else
        {
            output.Right("own"u8, 8);
        }

        Percent(output, run, now - facts.CountedFrom);
        output.Right(facts.Starts, 8).Text("  "u8);
        Span(output, facts.Starts == 0 ? 0 : (now - facts.StartedAt) / view.TimeFrequency);
        output.Right(Rates.PerSecond(traps, now - facts.CountedFrom, view.TimeFrequency), 11).Newline();
    }

    private static void State<THost, TSink>(ConsoleWriter<THost, TSink> output, in GuestFacts facts)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (facts.State is not (GuestState.Stopped or GuestState.Dead))
        {
            output.Left(
                facts.State switch
                {
                    GuestState.Created => "created"u8,
                    GuestState.Running => "running"u8,
                    GuestState.Pausing => "pausing"u8,
                    GuestState.Paused => "paused"u8,
                    GuestState.Copying => "copying"u8,
                    _ => "stopping"u8,
                },
                23);
        }
        else if (facts.Reason == StopReason.Failure)
        {
            output.Text(StopText.Of(facts.Reason).State).Text(" "u8).Left(facts.FailureCode, 6);
        }
        else
        {
            output.Left(StopText.Of(facts.Reason).State, 23);
        }
    }

    // A hart that runs all the time is 100 %; a tenth of that is the least that is shown.
    private static void Percent<THost, TSink>(ConsoleWriter<THost, TSink> output, ulong run, ulong ticks)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var tenths = Rates.PerThousand(run, ticks);
        output.Right(tenths / 10, 6).Text("."u8).Decimal(tenths % 10).Text(" %"u8);
    }

    private static void Size<THost, TSink>(ConsoleWriter<THost, TSink> output, ulong bytes)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Right(bytes >> 20, 5).Text(" MiB"u8);

    private static void Span<THost, TSink>(ConsoleWriter<THost, TSink> output, ulong seconds)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.TwoDigits(seconds / 3600).Text(":"u8).TwoDigits(seconds / 60 % 60).Text(":"u8).TwoDigits(seconds % 60);
}
