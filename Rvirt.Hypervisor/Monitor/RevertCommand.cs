using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Makes a guest what it was when its snapshot was taken.</summary>
[ColdPath]
internal static class RevertCommand
{
    /// <summary>Copies it, which takes a while; what it is now is lost, so that has to be confirmed.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.At == 0 && !Targets.TryGuest(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        return run.IsConfirmed || !view.Guest(run.Guest).State.IsAlive()
            ? CopyReport.Go(ref view, ref run, output, CopyKind.Revert, run.Guest)
            : CommandResult.Unconfirmed;
    }
}
