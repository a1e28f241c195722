namespace Rvirt.Core.DeviceTree;

/// <summary>Which devices of the host have a driver: what the reading of its tree asks of the board.</summary>
public interface IHostDriverTable
{
    /// <summary>Finds the driver of a name.</summary>
    /// <param name="name">One string of a node's <c>compatible</c>.</param>
    /// <param name="tree">The host's device tree.</param>
    /// <param name="node">The node.</param>
    /// <param name="address">Address of the device's registers, as the driver says.</param>
    /// <param name="size">Bytes of them.</param>
    /// <returns>What the driver is for; None where no driver drives the name, or where it finds no registers.</returns>
    HostDeviceKind Find(in FdtProperty name, in FdtReader tree, FdtNode node, out ulong address, out ulong size);
}
