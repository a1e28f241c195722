using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What is asked of a guest's life: each says what its state does not take.</summary>
[ColdPath]
internal static class LifeCommands
{
    /// <summary>Asks a guest: start.</summary>
    public static CommandResult Start<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        Ask(ref view, ref run, output, LifeRequest.Start);

    /// <summary>Asks a guest: pause.</summary>
    public static CommandResult Pause<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        Ask(ref view, ref run, output, LifeRequest.Pause);

    /// <summary>Asks a guest: resume.</summary>
    public static CommandResult Resume<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        Ask(ref view, ref run, output, LifeRequest.Resume);

    /// <summary>Asks a guest: restart.</summary>
    public static CommandResult Restart<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        Ask(ref view, ref run, output, LifeRequest.Restart);

    /// <summary>Asks a guest: kill.</summary>
    public static CommandResult Kill<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        Ask(ref view, ref run, output, LifeRequest.Kill);

    private static CommandResult Ask<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output, LifeRequest request)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!Targets.TryGuest(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        var ends = request is LifeRequest.Restart or LifeRequest.Kill;
        if (ends && !run.IsConfirmed && view.Guest(run.Guest).State.Takes(request))
        {
            return CommandResult.Unconfirmed;
        }

        return view.TryAsk(run.Guest, request)
            ? CommandResult.Done
            : Answer.Error(
                output,
                view.Guest(run.Guest).State switch
                {
                    GuestState.Created => ": has not started"u8,
                    GuestState.Running => ": is running"u8,
                    GuestState.Pausing or GuestState.Paused => ": is paused"u8,
                    GuestState.Copying => ": is being copied"u8,
                    GuestState.Stopping => ": is ending or beginning"u8,
                    GuestState.Dead => ": cannot start again, as a device of it did not stop"u8,
                    _ => ": has stopped"u8,
                },
                run.Line.Word(1));
    }
}
