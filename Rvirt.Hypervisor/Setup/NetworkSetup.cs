using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Devices.Bus;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Network;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Makes the networks that guests ask for, and gives each guest its card there.</summary>
internal static unsafe class NetworkSetup<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Makes what is asked for, or ends the machine with a line that says what is wrong.</summary>
    internal static bool TryMake(ref THost host, HostMachine<THost>* machine, in Board board, ref MemoryMap map) =>
        TryMake(ref host, machine, board, GuestNetworkKind.Private, ref map, out _)
        && TryMake(ref host, machine, board, GuestNetworkKind.Wire, ref map, out var first)
        && (first == null || TryConnectWire(ref host, machine, board, first, ref map));

    /// <summary>Gives a guest its card, in the slot behind its other devices; nothing is done for one that asks for none.</summary>
    // Addresses are of one card each, and no two the same: the description was checked for that.
    internal static bool TryConnect(ref THost host, Guest<THost>* guest) =>
        guest->Network == null
        || GuestNetwork<THost>.TryConnect(guest->Network, &guest->Bus, ref guest->Devices, guest->Description.Mac)
        || GuestSetup<THost>.TooManyDevices(ref host, guest);

    // The first of those who ask for it; null where nobody does.
    private static bool TryMake(
        ref THost host, HostMachine<THost>* machine, in Board board, GuestNetworkKind kind, ref MemoryMap map, out Guest<THost>* first)
    {
        // SAFETY: here and below: the machine has that many guests, in memory that stays.
        first = null;
        var ports = kind == GuestNetworkKind.Wire ? 1 : 0;
        for (var i = machine->GuestCount - 1; i >= 0; i--)
        {
            if (machine->Guests[i].Description.Network == kind)
            {
                first = machine->Guests + i;
                ports++;
            }
        }

        if (first == null)
        {
            return true;
        }

        var network = (GuestNetwork<THost>*)HostMemory.Take(ref host, ref map, (ulong)sizeof(GuestNetwork<THost>));
        var buffers = HostMemory.Take(ref host, ref map, EthernetSwitch.BytesNeeded(ports));
        if (network == null || buffers == null)
        {
            return GuestSetup<THost>.TooLittle(ref host, board);
        }

        GuestNetwork<THost>.Initialize(network, ports, buffers);
        for (var i = 0; i < machine->GuestCount; i++)
        {
            if (machine->Guests[i].Description.Network == kind)
            {
                machine->Guests[i].Network = network;
            }
        }

        return true;
    }

    // The wire's card is the one that the board has a driver for, else the first virtio card of the host that no guest has.
    private static bool TryConnectWire(ref THost host, HostMachine<THost>* machine, in Board board, Guest<THost>* first, ref MemoryMap map)
    {
        ref var description = ref machine->Host;
        if (machine->NetworkCard.Exists && HostPlic<THost>.CanRoute(description.Network.Interrupt))
        {
            return TryConnectWire(ref host, machine, board, first, machine->NetworkCard, description.Network, ref map);
        }

        var given = GuestSetup<THost>.GivenSlots(machine);
        for (var slot = 0; slot < description.VirtioSlotCount; slot++)
        {
            var device = description.VirtioSlots[slot];
            if (((given >> slot) & 1) == 0 && HostPlic<THost>.CanRoute(device.Interrupt) && GuestNetwork<THost>.TryFindCard(ref host, device.Base, out var card))
            {
                return TryConnectWire(ref host, machine, board, first, card, new HostDevice { Base = device.Base, Interrupt = device.Interrupt }, ref map);
            }
        }

        return NoCard(ref host, first);
    }

    private static bool TryConnectWire(
        ref THost host, HostMachine<THost>* machine, in Board board, Guest<THost>* first, in HostNetworkCard<THost> card, in HostDevice device, ref MemoryMap map)
    {
        var memory = HostMemory.Take(ref host, ref map, card.BytesNeeded);
        if (memory == null)
        {
            return GuestSetup<THost>.TooLittle(ref host, board);
        }

        if (!GuestNetwork<THost>.TryConnectWire(first->Network, ref host, card, device, machine->Host.TimebaseFrequency, memory, machine->Memory, &machine->Console))
        {
            return NoCard(ref host, first);
        }

        machine->Wire = first->Network;
        machine->WireSource = device.Interrupt;
        return true;
    }

    private static bool NoCard(ref THost host, Guest<THost>* first)
    {
        StartupFailure.EndOfGuest(
            ref host, first->Name, "it asks for a network with a wire, and the machine has no card for it that works and that no guest has: add one, or make its network private"u8);
        return false;
    }
}
