using Rvirt.Devices.Network;

namespace Rvirt.Devices.Bus;

/// <summary>Whose slot is at each port of a switch.</summary>
// SAFETY: arrays of as many places as a switch has ports; whoever reads one has its port from the switch.
internal unsafe struct PortOwners
{
    /// <summary>The owner's devices, a <see cref="GuestBus{THost}"/> of the machine's kind of hart.</summary>
    public fixed ulong Bus[EthernetSwitch.MaxPorts];

    /// <summary>The slot there.</summary>
    public fixed byte Slot[EthernetSwitch.MaxPorts];
}
