using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The end of the machine, whatever its guests do.</summary>
[ColdPath]
internal static class ShutdownCommand
{
    /// <summary>Ends it, once that was confirmed.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!run.IsConfirmed)
        {
            return CommandResult.Unconfirmed;
        }

        view.EndMachine();
        return CommandResult.Done;
    }
}
