using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Images;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>A guest's share of the harts that guests share.</summary>
[ColdPath]
internal static class ShareCommand
{
    /// <summary>Gives it another.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!Targets.TryGuest(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        if (view.Guest(run.Guest).Share == 0)
        {
            return Answer.Error(output, ": has harts to itself"u8, run.Line.Word(1));
        }

        var word = run.Line.Word(2);
        if (!Numbers.TryParse(word, out var share) || share is 0 or > GuestBlob.MaximumShare)
        {
            return Answer.Error(output, ": no share, 1 to 10000"u8, word);
        }

        view.SetShare(run.Guest, (uint)share);
        return CommandResult.Done;
    }
}
