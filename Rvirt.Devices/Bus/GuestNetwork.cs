using System.Numerics;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Network;

namespace Rvirt.Devices.Bus;

/// <summary>A network that guests share: a switch, and whose slot is at each of its ports.</summary>
/// <remarks>
/// <para>Use: put the struct in memory that stays, <see cref="Initialize"/>, <see cref="TryConnect"/> for each guest, then tell the guest's devices
/// (<see cref="GuestBus{THost}.UseNetwork"/>).</para>
/// <para>Who sent frames has them delivered, on its own time: for each receiver it does what an interrupt of a host's device does for its guest, wherever that guest
/// is, asleep, paused or on another hart. So a flood costs its sender. A guest that does not run has a closed port, and gets nothing.</para>
/// <para>Ports are written at set-up alone, and read by any hart; the switch has a lock of its own.</para>
/// </remarks>
public unsafe struct GuestNetwork<THost>
    where THost : struct, IMmio, ITime, IInterprocessor
{
    private EthernetSwitch _switch;
    private PortOwners _owners;
    private NetworkWire<THost> _wire;
    private ConsoleMultiplexer<THost>* _console;

    /// <summary>Sets a network up, without ports.</summary>
    /// <param name="self">Where it lives; stays in place.</param>
    /// <param name="ports">Most ports that it will have, 1 to <see cref="EthernetSwitch.MaxPorts"/>.</param>
    /// <param name="buffers">Memory of <see cref="EthernetSwitch.BytesNeeded"/> bytes that stays and is no guest's.</param>
    public static void Initialize(GuestNetwork<THost>* self, int ports, byte* buffers)
    {
        // SAFETY: the caller owns network and buffers for good.
        self->_owners = default;
        self->_wire = default;
        self->_switch.Initialize(ports, buffers);
    }

    /// <summary>Gives a guest a port, with a network card in its first free slot.</summary>
    /// <param name="self">The network.</param>
    /// <param name="bus">The guest's devices, which stay in place; they need not be set up yet.</param>
    /// <param name="devices">What the guest has.</param>
    /// <param name="address">The card's address, which no other port has.</param>
    /// <returns>False where there is no slot for it, or no port with that address.</returns>
    public static bool TryConnect(GuestNetwork<THost>* self, GuestBus<THost>* bus, ref GuestDevices devices, ulong address)
    {
        var slot = devices.FreeSlot;
        if (slot == devices.SlotCount || !self->_switch.TryAddPort(address, out var port))
        {
            return false;
        }

        // SAFETY: the switch gives numbers below MaxPorts, which is how many owners there are.
        self->_owners.Bus[port] = (ulong)bus;
        self->_owners.Slot[port] = (byte)slot;
        return devices.AttachNetwork(slot, &self->_switch, port);
    }

    /// <summary>Finds a network card behind a virtio slot of the host.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="address">Host physical address of the slot.</param>
    /// <param name="card">The card.</param>
    /// <returns>False where there is none.</returns>
    public static bool TryFindCard(ref THost host, ulong address, out HostNetworkCard<THost> card)
    {
        card = default;
        var found = HostVirtioNetwork.IsAt(ref host, address);
        if (found)
        {
            card.Take<HostVirtioNetwork>();
        }

        return found;
    }

    /// <summary>Joins the network to a wire, by a card of the host that nobody else has. Before guests run.</summary>
    /// <param name="self">The network.</param>
    /// <param name="host">Access to the card's registers.</param>
    /// <param name="card">The card, with its driver.</param>
    /// <param name="device">What the device tree says of it.</param>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    /// <param name="memory">Page-aligned memory of as many bytes as the card needs, that is the card's from now on, whatever comes of it.</param>
    /// <param name="window">The hypervisor's view of physical memory.</param>
    /// <param name="console">Where it is said when the card breaks the rules; stays in place.</param>
    /// <returns>False where the card does not start, or there is no port for it.</returns>
    public static bool TryConnectWire(
        GuestNetwork<THost>* self, ref THost host, in HostNetworkCard<THost> card, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window, ConsoleMultiplexer<THost>* console)
    {
        // SAFETY: the caller owns card, memory and console for good.
        self->_console = console;
        return self->_switch.TryAddWire(out var port) && self->_wire.TryStart(ref host, &self->_switch, port, card, device, timebase, memory, window);
    }

    /// <summary>The wire's card interrupted: frames that came go to whom they are for.</summary>
    /// <param name="host">The hart that claimed the interrupt; it holds no lock.</param>
    public void ServeWire(ref THost host) => Deliver(ref host, ServeWire(ref host, interrupted: true));

    /// <summary>Has ports served, and those that these send to. The caller holds no lock.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="told">Which, as <see cref="EthernetSwitch.MoreShift"/> has it.</param>
    internal void Deliver(ref THost host, ulong told)
    {
        // The lowest bit first: who has more to send does so when its receivers have room again. It ends: only a port with more to send adds some, and that is bounded for each notification of its guest.
        while (told != 0)
        {
            var port = BitOperations.TrailingZeroCount(told) % EthernetSwitch.MoreShift;
            told &= told - 1;
            // SAFETY: the switch names ports that TryConnect had owners for, which stay in place.
            var bus = (GuestBus<THost>*)_owners.Bus[port];
            told |= bus == null ? ServeWire(ref host, interrupted: false) : bus->ServePort(ref host, _owners.Slot[port]);
        }
    }

    private ulong ServeWire(ref THost host, bool interrupted)
    {
        var told = _wire.Serve(ref host, interrupted, out var broke);
        if (broke)
        {
            SayBroken(ref host);
        }

        return told;
    }

    [ColdPath]
    private readonly void SayBroken(ref THost host)
    {
        ConsoleMultiplexer<THost>.BeginMessage(_console, ref host).Text("the machine's network card gave back what it did not have: nothing goes over the wire any more"u8);
        _console->EndMessage(ref host);
    }
}
