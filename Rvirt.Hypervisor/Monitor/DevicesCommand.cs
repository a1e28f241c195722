using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;
using Rvirt.Devices.Virtio;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The virtio slots of a guest.</summary>
[ColdPath]
internal static class DevicesCommand
{
    private const int KindWidth = 9;
    private const int HostWidth = 12;

    /// <summary>A slot a line, empty ones left out.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (run.Step == 0)
        {
            if (!Targets.TryGuest(ref view, ref run, output))
            {
                return CommandResult.Failed;
            }

            output.Text("  slot  kind     address     irq  host          notified      served  interrupts  faults\n"u8);
        }
        else
        {
            Line(view.Slot(run.Guest, run.Step - 1), run.Step - 1, output);
        }

        return run.Step == view.SlotCount(run.Guest) ? CommandResult.Done : CommandResult.More;
    }

    private static void Line<THost, TSink>(in SlotFacts facts, int slot, ConsoleWriter<THost, TSink> output)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        if (facts.Kind == 0)
        {
            return;
        }

        output.Right((ulong)slot, 6).Text("  "u8);
        var kind = KindName(facts.Kind);
        if (kind.IsEmpty)
        {
            output.Text("kind "u8).Left(facts.Kind, KindWidth - 5);
        }
        else
        {
            output.Left(kind, KindWidth);
        }

        output.HexLeft(facts.Address, 12).Left(facts.Interrupt, 5);
        if (facts.HostAddress == 0)
        {
            output.Left("memory"u8, HostWidth);
        }
        else
        {
            output.HexLeft(facts.HostAddress, HostWidth);
        }

        output.Right(facts.Counters.GuestNotifications, 10).Right(facts.Counters.HostInterrupts, 12)
            .Right(facts.Counters.GuestInterrupts, 12).Right(facts.Counters.Faults, 8).Newline();
    }

    private static ReadOnlySpan<byte> KindName(uint kind) => kind switch
    {
        VirtioKind.Network => "network"u8,
        VirtioKind.Block => "disk"u8,
        VirtioKind.Console => "console"u8,
        VirtioKind.Entropy => "entropy"u8,
        _ => default,
    };
}
