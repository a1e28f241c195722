namespace Rvirt.Core.DeviceTree;

/// <summary>A node of a device tree: a place in the blob of the <see cref="FdtReader"/> that gave it, and of no other.</summary>
public readonly struct FdtNode
{
    internal FdtNode(int offset, int depth, byte addressCells, byte sizeCells)
    {
        Offset = offset;
        Depth = (byte)depth;
        AddressCells = addressCells;
        SizeCells = sizeCells;
    }

    /// <summary>Byte offset of the node in the blob, by which two nodes are compared.</summary>
    public readonly int Offset;

    /// <summary>Levels below the root, which is at 0.</summary>
    public readonly byte Depth;

    /// <summary>The parent's <c>#address-cells</c>, by which this node's <c>reg</c> is read.</summary>
    public readonly byte AddressCells;

    /// <summary>The parent's <c>#size-cells</c>, by which this node's <c>reg</c> is read.</summary>
    public readonly byte SizeCells;
}
