using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The virtual harts of a guest.</summary>
[ColdPath]
internal static class VirtualHartsCommand
{
    /// <summary>A virtual hart a line. Where one is loaded, mode and program counter are those of its last trap.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.Step == 0)
        {
            if (!Targets.TryGuest(ref view, ref run, output))
            {
                return CommandResult.Failed;
            }

            output.Text("  #  state    core  mode  pc at last trap     hsm                run-ms    ready-ms\n"u8);
            return CommandResult.More;
        }

        var hart = run.Step - 1;
        var facts = view.Hart(run.Guest, hart);
        output.Right((ulong)hart, 3).Text("  "u8).Left(
            facts.Run switch
            {
                RunState.Loaded => "loaded"u8,
                RunState.Runnable => "ready"u8,
                RunState.Blocked => "waits"u8,
                _ => "parked"u8,
            },
            7);
        if (facts.Core < 0)
        {
            output.Right("-"u8, 6);
        }
        else
        {
            output.Right((ulong)facts.Core, 6);
        }

        output.Text("  "u8).Left(facts.Mode == PrivilegeMode.User ? "U"u8 : "S"u8, 6).Word(facts.Pc).Text("  "u8)
            .Left(
                facts.State switch
                {
                    HartState.Started => "started"u8,
                    HartState.Stopped => "stopped"u8,
                    HartState.StartPending => "start-pending"u8,
                    HartState.Suspended => "suspended"u8,
                    _ => "other"u8,
                },
                13)
            .Right(Milliseconds(ref view, view.RunTicks(run.Guest, hart, out var ready)), 12).Right(Milliseconds(ref view, ready), 12).Newline();
        return run.Step == view.Guest(run.Guest).Harts ? CommandResult.Done : CommandResult.More;
    }

    private static ulong Milliseconds<TView>(ref TView view, ulong ticks)
        where TView : struct, IMachineView
    {
        var thousandth = view.TimeFrequency / 1000;
        return ticks / (thousandth == 0 ? 1 : thousandth);
    }
}
