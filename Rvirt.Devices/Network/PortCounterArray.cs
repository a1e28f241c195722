using System.Runtime.CompilerServices;

namespace Rvirt.Devices.Network;

/// <summary>A <see cref="PortCounters"/> for each port of a switch.</summary>
[InlineArray(EthernetSwitch.MaxPorts)]
internal struct PortCounterArray
{
    private PortCounters _first;
}
