using System;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A driver of a device of the host, of the library's or of somebody else's: a struct that a board names.</summary>
/// <remarks>It holds no pointer into itself, since it is moved to where it stays, and no more than <see cref="DriverState.Bytes"/>.</remarks>
public interface IHostDriver
{
    /// <summary>The devices it drives: strings as in <c>compatible</c>, with a NUL between them.</summary>
    static abstract ReadOnlySpan<byte> Compatible { get; }

    /// <summary>Finds the registers it touches: the node's first range, where the driver does not know better.</summary>
    /// <param name="tree">The machine's device tree.</param>
    /// <param name="node">A node with one of the names.</param>
    /// <param name="address">Physical address of the registers.</param>
    /// <param name="size">Bytes of them.</param>
    /// <returns>False where the node does not say: it is passed over.</returns>
    static virtual bool TryLocate(in FdtReader tree, FdtNode node, out ulong address, out ulong size) => tree.TryReg(node, 0, out address, out size);
}
