using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What is said of guests on the console: how they end, and their registers where they end badly.</summary>
// SAFETY: a virtual hart, its guest and the machine stay where they are for good, and each caller passes its own hart, and the
// one that is or was last loaded there, so that no other hart writes what is read here.
[ColdPath]
internal static unsafe class GuestReport<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>The guest stops: why, and the registers of the hart that knows, unless the guest wanted to.</summary>
    internal static void Stopping(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        var guest = hart->Guest;
        var reason = guest->StopReason;
        var writer = Begin(core, guest).Text(reason == StopReason.Reboot ? " reboots"u8 : StopText.Of(reason).Report);
        if (reason == StopReason.Failure)
        {
            writer.Text(", code "u8).Decimal(guest->FailureCode);
        }

        End(core);
        if (reason is not (StopReason.Shutdown or StopReason.Reboot))
        {
            Registers(core, hart);
        }
    }

    /// <summary>A host device does not stop touching the guest's memory.</summary>
    internal static void DeviceStuck(HostCore<THost>* core, Guest<THost>* guest)
    {
        Begin(core, guest).Text(" is ended: a device of the host does not stop"u8);
        End(core);
    }

    /// <summary>A hart of the guest does not answer another one: which, so that nothing hangs in silence.</summary>
    internal static void FenceLate(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        ref var v = ref hart->V;
        Begin(core, hart->Guest).Text(": hart "u8).Decimal((uint)v.Index).Text(" waits for a fence of hart "u8).Decimal((uint)v.Named.Hart).Text(", which is interrupted again"u8);
        End(core);
    }

    /// <summary>A trap that no guest can cause: what it was, before the panic.</summary>
    internal static void Unexpected(HostCore<THost>* core, GuestHart<THost>* hart, ulong cause, ulong value)
    {
        Begin(core, hart->Guest).Text(" caused an unknown trap: scause "u8).Hex(cause).Text(" stval "u8).Hex(value);
        End(core);
        Registers(core, hart);
        core->Machine->Console.Finish(ref core->Host);
    }

    private static void Registers(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        ref var v = ref hart->V;
        ref var host = ref core->Host;
        var mode = TrapContext<THost>.ModeOf(ref host);
        var console = &hart->Guest->Machine->Console;
        ConsoleMultiplexer<THost>.BeginMessage(console, ref core->Host)
            .Text("  pc "u8).Hex(v.Pc)
            .Text(mode.Privilege(ref host, v) == PrivilegeMode.User ? " (U)"u8 : " (S)"u8)
            .Text(" scause "u8).Hex(mode.Read(ref host, v, Csr.Scause))
            .Text(" sepc "u8).Hex(mode.Read(ref host, v, Csr.Sepc))
            .Text(" stval "u8).Hex(mode.Read(ref host, v, Csr.Stval))
            .Text(" sstatus "u8).Hex(mode.Read(ref host, v, Csr.Sstatus))
            .Text(" satp "u8).Hex(mode.Read(ref host, v, Csr.Satp))
            .Text(" stvec "u8).Hex(mode.Read(ref host, v, Csr.Stvec));
        console->EndMessage(ref core->Host);
        Instruction(core, hart, console);
        for (var i = 0; i < GeneralRegisters.Count; i += 8)
        {
            var writer = ConsoleMultiplexer<THost>.BeginMessage(console, ref core->Host).Text(" "u8);
            for (var n = i; n < i + 8; n++)
            {
                writer.Text(" "u8).Text(RegisterName.Column(n)).Text(" "u8).Hex(v.X[n]);
            }

            console->EndMessage(ref core->Host);
        }
    }

    // As the guest would read it now; nothing where its page is not mapped.
    private static void Instruction(HostCore<THost>* core, GuestHart<THost>* hart, ConsoleMultiplexer<THost>* console)
    {
        if (!TrapContext<THost>.ModeOf(ref core->Host).TryFetch(ref core->Host, hart->V, out var instruction))
        {
            return;
        }

        Span<byte> text = stackalloc byte[Disassembler.MaximumLength];
        ConsoleMultiplexer<THost>.BeginMessage(console, ref core->Host)
            .Text("  at pc "u8).Text(text[..Disassembler.Write(instruction, text)]);
        console->EndMessage(ref core->Host);
    }

    private static ConsoleWriter<THost, MessageSink<THost>> Begin(HostCore<THost>* core, Guest<THost>* guest) =>
        ConsoleMultiplexer<THost>.BeginMessage(&core->Machine->Console, ref core->Host)
            .Text("guest "u8)
            .Text(guest->Name);

    private static void End(HostCore<THost>* core) => core->Machine->Console.EndMessage(ref core->Host);
}
