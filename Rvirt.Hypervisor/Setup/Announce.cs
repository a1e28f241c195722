using System;
using Rvirt.Core.Privileged;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Says on the console what was found and who gets what.</summary>
internal static unsafe class Announce<THost>
    where THost : unmanaged, IHypervisorHost
{
    private const ulong MiB = 1 << 20;

    /// <summary>A line for the machine, and one for each guest.</summary>
    internal static void Guests(ref THost host, HostMachine<THost>* machine, ReadOnlySpan<byte> board, in HostAbilities abilities)
    {
        var console = &machine->Console;
        ConsoleMultiplexer<THost>.BeginMessage(console, ref host)
            .Text(board)
            .Text(machine->Boot.Mode switch
            {
                TranslationMode.Sv57 => ", Sv57"u8,
                TranslationMode.Sv48 => ", Sv48"u8,
                _ => ", Sv39"u8,
            })
            .Text(host.IsResident ? ", resident guests"u8 : default)
            .Text(abilities.HasStimecmp ? ", own timers, "u8
                : abilities.IsOwnMachineMode ? ", timers of the machine-mode part, "u8 : ", timers of the firmware, "u8)
            .Decimal((ulong)machine->Host.HartCount)
            .Text(machine->Host.HartCount == 1 ? " hart"u8 : " harts"u8);
        console->EndMessage(ref host);
        ref var description = ref machine->Host;
        LeftOut(ref host, console, description.MemoryOutOfReach / MiB, " MiB of memory lie above the addresses that Rvirt can map on this hart, and stay unused"u8);
        LeftOut(ref host, console, description.MemoryBeyondBanks / MiB, " MiB of memory lie in more banks than Rvirt keeps, and stay unused"u8);
        LeftOut(ref host, console, (ulong)description.HartsLeftOut, " harts are more than Rvirt keeps, and stay unused"u8);
        LeftOut(ref host, console, (ulong)description.VirtioSlotsLeftOut, " virtio slots are more than Rvirt keeps, and stay unused"u8);
        Missing(ref host, machine);
        if (abilities.PrintsTraps)
        {
            ConsoleMultiplexer<THost>.BeginMessage(console, ref host)
                .Text("warning: OpenSBI from 1.6 on complains of each sret, wfi and sfence.vma of a guest, and no kernel boots beside that: "u8)
                .Text("use Rvirt's image with its own machine-mode part, or an older OpenSBI"u8);
            console->EndMessage(ref host);
        }

        for (var i = 0; i < machine->GuestCount; i++)
        {
            // SAFETY: the machine has that many guests, each with a hart.
            var guest = machine->Guests + i;
            var writer = ConsoleMultiplexer<THost>.BeginMessage(console, ref host).Text("guest "u8).Text(guest->Name);
            if (guest->Shares)
            {
                writer.Text(": shared harts, share "u8).Decimal(guest->Description.Share);
            }
            else
            {
                writer.Text(guest->Devices.Harts == 1 ? ": hart"u8 : ": harts"u8);
                for (var n = 0; n < guest->Devices.Harts; n++)
                {
                    writer.Text(" "u8).Decimal(guest->Harts[n]->HostHartId);
                }
            }

            writer
                .Text(", "u8).Decimal(guest->Memory.Length / MiB).Text(" MiB at "u8).Hex(guest->Memory.HostAddress)
                .Text(", entry "u8).Hex(guest->Kernel.Entry)
                .Text(guest->Lives ? default : ", not started"u8);
            console->EndMessage(ref host);
        }
    }

    // Devices that guests could have; one that asks for what is not there is refused by itself.
    private static void Missing(ref THost host, HostMachine<THost>* machine)
    {
        ref var description = ref machine->Host;
        if (description.VirtioSlotCount != 0 || (description.Clock.HasDriver && description.Network.HasDriver && description.Disk.HasDriver))
        {
            return;
        }

        ConsoleMultiplexer<THost>.BeginMessage(&machine->Console, ref host)
            .Text("the board drives"u8)
            .Text(description.Clock.HasDriver ? default : " no clock,"u8)
            .Text(description.Network.HasDriver ? default : " no network card,"u8)
            .Text(description.Disk.HasDriver ? default : " no disk,"u8)
            .Text(" and guests do without"u8);
        machine->Console.EndMessage(ref host);
    }

    // What a list of the host's description had no room for: nobody was given it, and here it is said.
    private static void LeftOut(ref THost host, ConsoleMultiplexer<THost>* console, ulong count, ReadOnlySpan<byte> what)
    {
        if (count != 0)
        {
            ConsoleMultiplexer<THost>.BeginMessage(console, ref host).Text("warning: "u8).Decimal(count).Text(what);
            console->EndMessage(ref host);
        }
    }
}
