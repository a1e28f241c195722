using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Devices.Console;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The way of an address through the guest's page tables, as the virtual hart's <c>satp</c> is now (Privileged spec 1.13 §12.3.2). A and D stay as they are.</summary>
[ColdPath]
internal static class WalkCommand
{
    /// <summary>A level a line, down to the leaf or what is wrong.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var va = run.End;
        var level = HostTranslation.Levels(Satp.Mode(run.Report.Satp)) - 1 - run.Step;
        var entry = run.At + ((ulong)Pte.Index(va, level) * sizeof(ulong));
        output.Text("  level "u8).Decimal((ulong)level).Text("  "u8).Word(entry).Text("  "u8);
        if (!view.TryReadMemory(run.Guest, entry, out var pte))
        {
            output.Text("no RAM of the guest\n"u8);
            return CommandResult.Done;
        }

        output.Word(pte).Text("  "u8);
        if (!GuestWalk.IsWellFormed(pte) || (!Pte.IsLeaf(pte) && (pte & Pte.ReservedInLink) != 0))
        {
            output.Text((pte & Pte.V) == 0 ? "not valid\n"u8 : "reserved\n"u8);
            return CommandResult.Done;
        }

        run.At = Pte.Address(pte);
        if (!Pte.IsLeaf(pte))
        {
            output.Text("-> "u8).Hex(run.At).Text(level == 0 ? ", no leaf\n"u8 : "\n"u8);
            return level == 0 ? CommandResult.Done : CommandResult.More;
        }

        Leaf(ref view, run, pte, level, output);
        return CommandResult.Done;
    }

    /// <summary>Asks the virtual hart where its tables are.</summary>
    public static CommandResult Begin<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var word = run.Line.Word(2);
        if (!Numbers.TryParse(word, out run.End))
        {
            return Answer.Error(output, ": no address"u8, word);
        }

        var result = Targets.Report(ref view, ref run, output);
        if (result != CommandResult.More)
        {
            return result;
        }

        var mode = Satp.Mode(run.Report.Satp);
        if (mode == TranslationMode.Bare)
        {
            output.Text("  translation is off\n"u8);
            return CommandResult.Done;
        }

        if (!GuestWalk.IsCanonical(run.End, HostTranslation.Levels(mode)))
        {
            output.Text("  the mode has no such address\n"u8);
            return CommandResult.Done;
        }

        run.At = Satp.Ppn(run.Report.Satp) << Pte.PageShift;
        return CommandResult.More;
    }

    private static void Leaf<TView, THost, TSink>(ref TView view, in CommandRun run, ulong pte, int level, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if ((Pte.Address(pte) & (Pte.Size(level) - 1)) != 0)
        {
            output.Text("misaligned\n"u8);
            return;
        }

        Size(output, level);
        Flag(output, pte, Pte.R, "  r"u8);
        Flag(output, pte, Pte.W, "w"u8);
        Flag(output, pte, Pte.X, "x"u8);
        Flag(output, pte, Pte.U, " u"u8);
        Flag(output, pte, Pte.G, " g"u8);
        Flag(output, pte, Pte.A, " a"u8);
        Flag(output, pte, Pte.D, " d"u8);
        var address = Pte.Address(pte) | (run.End & (Pte.Size(level) - 1));
        output.Text("  -> "u8).Hex(address);
        if (view.TryHostAddress(run.Guest, address, out var host))
        {
            output.Text(" (host "u8).Hex(host).Text(")"u8);
        }

        output.Text("; shadow: "u8);
        if (view.TryShadow(run.Guest, run.Hart, run.End, out var shadow))
        {
            Size(output, shadow.Level);
            output.Text(shadow.Mode == PrivilegeMode.User ? ", view user"u8 : ", view kernel"u8).Text(shadow.HasSum ? " sum"u8 : default)
                .Text(shadow.HasMxr ? " mxr"u8 : default).Newline();
            return;
        }

        output.Text("none\n"u8);
    }

    private static void Size<THost, TSink>(ConsoleWriter<THost, TSink> output, int level)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Text(level switch
        {
            0 => "4 KiB"u8,
            1 => "2 MiB"u8,
            2 => "1 GiB"u8,
            _ => "512 GiB"u8,
        });

    private static void Flag<THost, TSink>(ConsoleWriter<THost, TSink> output, ulong pte, ulong bit, System.ReadOnlySpan<byte> name)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if ((pte & bit) != 0)
        {
            output.Text(name);
        }
    }
}
