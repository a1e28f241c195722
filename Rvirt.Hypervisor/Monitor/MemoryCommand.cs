using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>A guest's RAM.</summary>
[ColdPath]
internal static class MemoryCommand
{
    private const ulong LineBytes = 32;
    private const ulong DefaultBytes = 128;
    private const ulong MaximumBytes = 65536;

    /// <summary>Four doublewords a line, each read at once, from the one that the address lies in.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        output.Text("  "u8).Word(run.At).Text(" "u8);
        for (var i = 0UL; i < LineBytes && run.At != run.End; i += sizeof(ulong))
        {
            // Begin has checked the whole range, which stays as it is.
            view.TryReadMemory(run.Guest, run.At, out var value);
            output.Text(" "u8).Word(value);
            run.At += sizeof(ulong);
        }

        output.Newline();
        return run.At == run.End ? CommandResult.Done : CommandResult.More;
    }

    /// <summary>Which RAM, of which guest.</summary>
    public static CommandResult Begin<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!Targets.TryGuest(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        var word = run.Line.Word(2);
        if (!Numbers.TryParse(word, out var address))
        {
            return Answer.Error(output, ": no address"u8, word);
        }

        var bytes = DefaultBytes;
        word = run.Line.Word(3);
        if (!word.IsEmpty && (!Numbers.TryParse(word, out bytes) || bytes is 0 or > MaximumBytes))
        {
            return Answer.Error(output, ": no number of bytes, 1 to 65536"u8, word);
        }

        // Whole doublewords, as far as the range of addresses goes.
        var facts = view.Guest(run.Guest);
        run.At = address & ~7UL;
        var offset = run.At - facts.MemoryBase;
        if (offset >= facts.Memory)
        {
            return Answer.Error(output, ": no RAM of the guest"u8, run.Line.Word(2));
        }

        var room = facts.Memory - offset;
        var length = ((address & 7) + bytes + 7) & ~7UL;
        run.End = run.At + (length < room ? length : room);
        return CommandResult.More;
    }
}
