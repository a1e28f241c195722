using System;

namespace Rvirt.Core.DeviceTree;

/// <summary>A device of the host for which there are drivers, as one of them gets it. All zero is a device that is not there.</summary>
public struct HostDevice
{
    /// <summary>The machine's device tree, for what else a driver has to know. It lasts as long as set-up.</summary>
    public FdtReader Tree;

    /// <summary>The device's node.</summary>
    public FdtNode Node;

    /// <summary>What the node calls itself (<c>compatible</c>), the most specific first; empty where it has no name.</summary>
    public FdtProperty Compatible;

    /// <summary>The first of these names that a driver of the board drives; empty where there is none.</summary>
    public FdtProperty Match;

    /// <summary>Address of its registers, as its driver finds them.</summary>
    public ulong Base;

    /// <summary>Bytes of its registers.</summary>
    public ulong Size;

    /// <summary>Its source at the interrupt controller, or 0.</summary>
    public uint Interrupt;

    /// <summary>Whether nobody but Rvirt is in M-mode: registers that firmware would keep for itself are a driver's to set.</summary>
    public bool OwnsMachineMode;

    /// <summary>Whether there is such a device.</summary>
    public readonly bool Exists => Node.Offset != 0;

    /// <summary>Whether the board has a driver for it.</summary>
    public readonly bool HasDriver => Match.Length != 0;

    /// <summary>Reads a property of one cell.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value; 0 where there is none.</param>
    /// <returns>False where the node has none.</returns>
    public readonly bool TryUInt32(ReadOnlySpan<byte> name, out uint value)
    {
        value = 0;
        return Exists && Tree.TryUInt32(Node, name, out value);
    }
}
