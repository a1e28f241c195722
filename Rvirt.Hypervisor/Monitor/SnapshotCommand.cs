using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Keeps what a guest is now, in the place of what was kept before.</summary>
[ColdPath]
internal static class SnapshotCommand
{
    /// <summary>Copies it, which takes a while.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.At == 0 && !Targets.TryGuest(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        return CopyReport.Go(ref view, ref run, output, CopyKind.Snapshot, run.Guest);
    }
}
