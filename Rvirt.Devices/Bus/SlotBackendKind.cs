namespace Rvirt.Devices.Bus;

/// <summary>What can stand behind a guest's virtio slot.</summary>
public enum SlotBackendKind : byte
{
    /// <summary>Nothing: the slot is empty.</summary>
    None,

    /// <summary>A virtio device of the host (<see cref="Virtio.Mediated.MediatedDevice"/>).</summary>
    Mediated,

    /// <summary>A disk in memory (<see cref="Virtio.Served.RamDisk"/>).</summary>
    RamDisk,

    /// <summary>A network card at a port of a switch (<see cref="Virtio.Served.NetworkPort"/>).</summary>
    Network,

    /// <summary>A partition of a disk of the host (<see cref="Virtio.Served.PartitionDisk"/>).</summary>
    Partition,
}
