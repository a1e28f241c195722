namespace Rvirt.Devices.Virtio;

/// <summary>Layout of a split queue (virtio 1.2 §2.7), in bytes from its start where it lies in one piece as legacy drivers have it.</summary>
public static class RingLayout
{
    /// <summary>Bytes of a descriptor: address, length, flags, next.</summary>
    public const uint DescriptorBytes = 16;

    /// <summary>Offset of the index in the available and the used ring; the flags stand before it.</summary>
    public const uint IndexOffset = 2;

    /// <summary>Offset of the first entry of either ring.</summary>
    public const uint EntriesOffset = 4;

    /// <summary>Descriptor flag: the chain goes on at <c>next</c>.</summary>
    public const uint Next = 1;

    /// <summary>Descriptor flag: the device writes the buffer.</summary>
    public const uint Write = 2;

    /// <summary>Descriptor flag: the buffer is a table of descriptors.</summary>
    public const uint Indirect = 4;

    /// <summary>Flag of either ring: do not tell me.</summary>
    public const ushort NoTelling = 1;

    /// <summary>Where the available ring starts.</summary>
    public static uint AvailableOffset(uint size) => size * DescriptorBytes;

    /// <summary>Bytes of the available ring, with the event index at its end.</summary>
    public static uint AvailableBytes(uint size) => 6 + (2 * size);

    /// <summary>Bytes of the used ring, with the event index at its end.</summary>
    public static uint UsedBytes(uint size) => 6 + (8 * size);

    /// <summary>Where the used ring starts.</summary>
    /// <param name="size">Size of the queue.</param>
    /// <param name="alignment">A power of two.</param>
    public static ulong UsedOffset(uint size, uint alignment) =>
        (AvailableOffset(size) + AvailableBytes(size) + (ulong)alignment - 1) & ~((ulong)alignment - 1);

    /// <summary>Whether the side that named an event index is to be told, once an index moved (virtio 1.2 §2.7.10).</summary>
    /// <param name="eventIndex">What it named.</param>
    /// <param name="current">The index now.</param>
    /// <param name="old">The index when it was last considered.</param>
    public static bool CrossesEvent(ushort eventIndex, ushort current, ushort old) =>
        (ushort)(current - eventIndex - 1) < (ushort)(current - old);
}
