using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The harts of the host.</summary>
[ColdPath]
internal static class CoresCommand
{
    private const int NameWidth = 22;

    /// <summary>A hart a line.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.Step == 0)
        {
            output.Text("  #  hart id  runs                    state          loads\n"u8);
            return CommandResult.More;
        }

        var core = run.Step - 1;
        var facts = view.Core(core);
        output.Right((ulong)core, 3).Text("  "u8).Left(facts.HartId, 9);
        if (facts.Guest < 0)
        {
            output.Left("-"u8, NameWidth);
        }
        else
        {
            var name = view.Guest(facts.Guest).Name;
            output.Text(name.Text).Text("."u8).Left((ulong)facts.Hart, NameWidth - 1 - name.Text.Length);
        }

        output.Text("  "u8).Left(facts.Guest >= 0 && !facts.Waits ? "busy"u8 : "idle"u8, 6).Right(facts.Loads, 14).Newline();
        return run.Step == view.CoreCount ? CommandResult.Done : CommandResult.More;
    }
}
