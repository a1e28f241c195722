using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The shadow tables of a virtual hart.</summary>
[ColdPath]
internal static class ShadowCommand
{
    /// <summary>What is in use, and what was done so far.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (!Targets.TryHart(ref view, ref run, output))
        {
            return CommandResult.Failed;
        }

        var facts = view.Shadow(run.Guest, run.Hart);
        ref var counters = ref facts.Counters;
        output.Text("  tables       "u8).Decimal((ulong)facts.Use.LiveTables).Text(" live of "u8).Decimal((ulong)facts.Use.Tables)
            .Text(", "u8).Decimal(counters.TablesMade).Text(" made\n"u8);
        output.Text("  roots        "u8).Decimal((ulong)facts.Use.LiveRoots).Text(" live of "u8).Decimal((ulong)facts.Use.Roots)
            .Text(", "u8).Decimal(counters.RootsMade).Text(" made, "u8).Decimal(counters.SpacesMade).Text(" address spaces\n"u8);
        output.Text("  fills        "u8).Decimal(counters.Fills).Text(" after a walk, "u8).Decimal(counters.Refills).Text(" without, "u8)
            .Decimal(counters.Prefetched).Text(" neighbours, "u8).Decimal(counters.Spurious).Text(" for nothing\n"u8);
        output.Text("  fences       "u8).Decimal(counters.FencesPage).Text(" of a page, "u8).Decimal(counters.FencesAsid).Text(" of an ASID, "u8)
            .Decimal(counters.FencesAll).Text(" of all\n"u8);
        output.Text("  switches     "u8).Decimal(counters.Switches).Newline();
        output.Text("  exhaustions  "u8).Decimal(counters.Exhaustions).Newline();
        return CommandResult.Done;
    }
}
