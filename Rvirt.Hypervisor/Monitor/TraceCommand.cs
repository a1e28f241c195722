using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The last traps of a hart of the host, and whether they are noted down.</summary>
[ColdPath]
internal static class TraceCommand
{
    private const ulong DefaultLines = 16;

    /// <summary>A trap a line, the oldest first.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var number = run.At++;
        if (view.TryTrace(number, out var record))
        {
            TraceText.Line(output.Text("  "u8), record);
        }

        return run.At == run.End ? CommandResult.Done : CommandResult.More;
    }

    /// <summary>Turns tracing on or off everywhere, or takes down what a hart has noted.</summary>
    public static CommandResult Begin<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var word = run.Line.Word(1);
        var isSwitch = run.Line.Words == 2 && (word.SequenceEqual("on"u8) || word.SequenceEqual("off"u8));
        if (isSwitch)
        {
            view.SetTracing(word.Length == 2);
            return CommandResult.Done;
        }

        if (!Numbers.TryParse(word, out var core) || core >= (ulong)view.CoreCount)
        {
            return Answer.Error(output, ": no hart of the host of that number, nor on or off"u8, word);
        }

        var lines = DefaultLines;
        word = run.Line.Word(2);
        if (!word.IsEmpty && (!Numbers.TryParse(word, out lines) || lines is 0 or > TraceRing.Capacity))
        {
            return Answer.Error(output, ": no number of traps, 1 to 256"u8, word);
        }

        run.End = view.CopyTrace((int)core);
        run.At = run.End - Math.Min(run.End, lines);
        return run.At == run.End ? CommandResult.Done : CommandResult.More;
    }
}
