using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>A copy of a guest, as commands ask for it and say what came of it.</summary>
[ColdPath]
internal static class CopyReport
{
    /// <summary>Asks for a copy, or waits for it; says what is wrong, if anything is.</summary>
    /// <param name="view">The machine.</param>
    /// <param name="run">The command, which has found the guests.</param>
    /// <param name="output">Where it is said.</param>
    /// <param name="kind">How the guest is copied.</param>
    /// <param name="target">The guest that is written.</param>
    public static CommandResult Go<TView, THost, TSink>(
        ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output, CopyKind kind, int target)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var begins = run.At == 0;
        run.At = 1;
        if (!view.TryCopy(kind, run.Guest, target, begins, out var answer))
        {
            return CommandResult.Waiting;
        }

        if (answer.Outcome == CopyOutcome.Done)
        {
            return CommandResult.Done;
        }

        var subject = view.Guest(IsOfTarget(answer.Outcome) ? target : run.Guest).Name;
        output.Text("rvirt: error: "u8).Text(subject.Text).Text(": "u8);
        if (answer.Outcome is CopyOutcome.Disk or CopyOutcome.Device or CopyOutcome.OtherDevice)
        {
            output.Text("virtio slot "u8).Decimal((ulong)answer.Slot).Text(" "u8);
        }

        output.Text(Of(answer.Outcome)).Newline();
        return CommandResult.Failed;
    }

    private static bool IsOfTarget(CopyOutcome outcome) =>
        outcome is CopyOutcome.TargetRuns or CopyOutcome.OtherMemory or CopyOutcome.OtherHarts or CopyOutcome.OtherDevice or CopyOutcome.Stuck;

    private static ReadOnlySpan<byte> Of(CopyOutcome outcome) => outcome switch
    {
        CopyOutcome.Busy => "another copy of a guest is not done yet"u8,
        CopyOutcome.NoRoom => "no RAM is kept for a snapshot of it: its description needs snapshot = <1>"u8,
        CopyOutcome.NoSnapshot => "there is no snapshot of it"u8,
        CopyOutcome.NotRunning => "it does not run"u8,
        CopyOutcome.NotNow => "it starts, stops or goes on just now: ask again"u8,
        CopyOutcome.Breakpoints => "breakpoints are set in it: take them back first"u8,
        CopyOutcome.Disk => "is a disk that can be written: it would not go back with the RAM"u8,
        CopyOutcome.Device => "has a device that keeps state of its own: it would not go back with the RAM"u8,
        CopyOutcome.Stuck => "a device of it does not stop, and may still write to its memory"u8,
        CopyOutcome.Same => "a guest is no clone of itself"u8,
        CopyOutcome.TargetRuns => "it runs, or has not ended yet: a clone needs a guest that does not"u8,
        CopyOutcome.OtherMemory => "it has another size of RAM"u8,
        CopyOutcome.OtherHarts => "it has another number of harts"u8,
        _ => "has another device"u8,
    };
}
