using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What the terminal shows.</summary>
[ColdPath]
internal static class FocusCommand
{
    /// <summary>Shows a guest, or lines of all.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.Line.Word(1).SequenceEqual("all"u8))
        {
            view.ShowAll();
            return CommandResult.Done;
        }

        if (!Targets.TryGuest(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        view.SetFocus(run.Guest);
        return CommandResult.Done;
    }
}
