using Rvirt.Devices.Network;
using Rvirt.Devices.Virtio;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What the monitor says of a virtio slot of a guest.</summary>
internal struct SlotFacts
{
    /// <summary>Kind of the device (virtio 1.2 §5); 0 for an empty slot.</summary>
    public uint Kind;

    /// <summary>Guest physical address of its registers.</summary>
    public ulong Address;

    /// <summary>Its interrupt at the guest's PLIC.</summary>
    public uint Interrupt;

    /// <summary>Host physical address of the device behind it; 0 where there is none.</summary>
    public ulong HostAddress;

    /// <summary>Whether it is at a port of a switch.</summary>
    public bool IsPort;

    /// <summary>The port.</summary>
    public int Port;

    /// <summary>The port's address, the first byte the lowest.</summary>
    public ulong Mac;

    /// <summary>What passed through the port.</summary>
    public PortCounters Frames;

    /// <summary>What happened there.</summary>
    public VirtioCounters Counters;
}
