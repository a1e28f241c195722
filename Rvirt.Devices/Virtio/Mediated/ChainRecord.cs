namespace Rvirt.Devices.Virtio.Mediated;

/// <summary>What is kept of a chain while the host's device has it.</summary>
internal struct ChainRecord
{
    /// <summary>The guest's descriptor the chain starts at.</summary>
    public ushort GuestHead;

    /// <summary>Number of host descriptors; 0: not with the device.</summary>
    public ushort Count;

    /// <summary>The last host descriptor.</summary>
    public ushort Tail;
}
