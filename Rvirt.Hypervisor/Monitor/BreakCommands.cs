using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Breakpoints in a guest that is paused, by guest physical address.</summary>
[ColdPath]
internal static class BreakCommands
{
    /// <summary>Sets one.</summary>
    public static CommandResult Break<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        Change(ref view, ref run, output, true);

    /// <summary>Takes one back.</summary>
    public static CommandResult Unbreak<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        Change(ref view, ref run, output, false);

    private static CommandResult Change<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output, bool sets)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!Targets.TryGuest(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        if (!Numbers.TryParse(run.Line.Word(2), out var address))
        {
            return Answer.Error(output, ": no address"u8, run.Line.Word(2));
        }

        return view.ChangeBreakpoint(run.Guest, address, sets) switch
        {
            BreakAnswer.Done => CommandResult.Done,
            BreakAnswer.NotPaused => Answer.Error(output, ": is not paused"u8, run.Line.Word(1)),
            BreakAnswer.NoMemory => Answer.Error(output, ": no instruction in the guest's RAM"u8, run.Line.Word(2)),
            BreakAnswer.Full => Answer.Error(output, ": has as many breakpoints as there can be, 16"u8, run.Line.Word(1)),
            _ => Answer.Error(output, ": no breakpoint"u8, run.Line.Word(2)),
        };
    }
}
