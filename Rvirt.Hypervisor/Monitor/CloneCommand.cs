using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Makes a guest that does not run what another one is, and lets it run.</summary>
[ColdPath]
internal static class CloneCommand
{
    /// <summary>Copies it, which takes a while.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.At == 0 && (!Targets.TryGuest(ref view, ref run, output) || !Targets.TrySecondGuest(ref view, ref run, output)))
        {
            return CommandResult.Failed;
        }

        return CopyReport.Go(ref view, ref run, output, CopyKind.Clone, run.Other);
    }
}
