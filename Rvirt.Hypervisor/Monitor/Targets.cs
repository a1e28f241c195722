using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Guests and virtual harts as a person names them: a guest by its name or number, a virtual hart by <c>GUEST.NUMBER</c>, the first by its guest alone.</summary>
internal static class Targets
{
    /// <summary>Finds the guest that a command's first argument names; else says that there is none.</summary>
    public static bool TryGuest<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        run.Guest = Find(ref view, output, run.Line.Word(1));
        return run.Guest >= 0;
    }

    /// <summary>Finds the guest that a command's second argument names; else says that there is none.</summary>
    public static bool TrySecondGuest<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        run.Other = Find(ref view, output, run.Line.Word(2));
        return run.Other >= 0;
    }

    /// <summary>Finds the virtual hart that a command's first argument names; else says that there is none.</summary>
    public static bool TryHart<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var word = run.Line.Word(1);
        var dot = word.LastIndexOf((byte)'.');
        run.Hart = 0;
        run.Guest = Find(ref view, word);
        // A name may have a dot in it.
        if (run.Guest >= 0)
        {
            return true;
        }

        if (dot >= 0 && Numbers.TryParse(word[(dot + 1)..], out var hart))
        {
            run.Guest = Find(ref view, word[..dot]);
            if (run.Guest >= 0 && hart < (ulong)view.Guest(run.Guest).Harts)
            {
                run.Hart = (int)hart;
                return true;
            }
        }

        Answer.Error(output, run.Guest >= 0 ? ": the guest has no hart of that number"u8 : ": no guest of that name or number"u8, word);
        return false;
    }

    /// <summary>Finds the virtual hart that a command's first argument names, and asks it for what it holds.</summary>
    /// <returns>More where that is known; else what the command is to return.</returns>
    public static CommandResult Report<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!TryHart(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        return view.TryReport(run.Guest, run.Hart, out run.Report) ? CommandResult.More : CommandResult.Waiting;
    }

    private static int Find<TView, THost, TSink>(ref TView view, ConsoleWriter<THost, TSink> output, ReadOnlySpan<byte> name)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var guest = Find(ref view, name);
        if (guest < 0)
        {
            Answer.Error(output, ": no guest of that name or number"u8, name);
        }

        return guest;
    }

    private static int Find<TView>(ref TView view, ReadOnlySpan<byte> name)
        where TView : struct, IMachineView
    {
        for (var i = 0; i < view.GuestCount; i++)
        {
            if (view.Guest(i).Name.Text.SequenceEqual(name))
            {
                return i;
            }
        }

        return Numbers.TryParse(name, out var number) && number < (ulong)view.GuestCount ? (int)number : -1;
    }
}
