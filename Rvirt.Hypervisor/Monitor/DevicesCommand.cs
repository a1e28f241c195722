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
    private const int MacBytes = 6;

    private static ReadOnlySpan<byte> HexDigits => "0123456789abcdef"u8;

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
        if (facts.IsPort)
        {
            output.Text("port "u8).Left((ulong)facts.Port, HostWidth - 5);
        }
        else if (facts.HostAddress == 0)
        {
            output.Left("memory"u8, HostWidth);
        }
        else
        {
            output.HexLeft(facts.HostAddress, HostWidth);
        }

        output.Right(facts.Counters.GuestNotifications, 10).Right(facts.Counters.HostInterrupts, 12)
            .Right(facts.Counters.GuestInterrupts, 12).Right(facts.Counters.Faults, 8).Newline();
        if (facts.IsPort)
        {
            Port(facts, output);
        }
    }

    // Under the slot: the card's address, and what passed through its port.
    private static void Port<THost, TSink>(in SlotFacts facts, ConsoleWriter<THost, TSink> output)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        output.Blanks(8);
        for (var i = 0; i < MacBytes; i++)
        {
            var value = (byte)(facts.Mac >> (8 * i));
            output.Text(i == 0 ? default : ":"u8).Text(HexDigits.Slice(value >> 4, 1)).Text(HexDigits.Slice(value & 15, 1));
        }

        output.Text(": sent "u8).Decimal(facts.Frames.Sent).Text(", received "u8).Decimal(facts.Frames.Received).Text(", refused "u8).Decimal(facts.Frames.Refused)
            .Text(", dropped "u8).Decimal(facts.Frames.Dropped).Text(", too long "u8).Decimal(facts.Frames.TooLong).Newline();
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
