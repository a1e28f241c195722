using Rvirt.Devices.Disks;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>A disk of the host of which guests have partitions.</summary>
internal struct HostDisk
{
    /// <summary>The disk.</summary>
    public SharedDisk Disk;

    /// <summary>Its source at the host's PLIC; 0 for one that is polled.</summary>
    public uint Source;
}
