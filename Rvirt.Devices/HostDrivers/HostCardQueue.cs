using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A queue of a network card of the host, and a buffer for each of its descriptors: the driver's side of a split queue (virtio 1.2 §2.7), of single buffers.</summary>
/// <remarks>What the card says is checked: it gives back what it was given, once, and never more. The owner holds a lock.</remarks>
internal unsafe struct HostCardQueue
{
    /// <summary>Most buffers.</summary>
    public const uint MaxBuffers = 64;

    /// <summary>Bytes of a buffer.</summary>
    public const uint BufferBytes = 2048;

    /// <summary>Bytes of the rings, as a legacy device has them: two pages.</summary>
    public const uint RingBytes = 2 * Alignment;

    private const uint Alignment = 4096;

    private byte* _rings;
    private byte* _buffers;
    private ulong _buffersAddress;
    private uint _size;
    private uint _writes;
    private ushort _available;
    private ushort _seen;
    private ulong _given;

    /// <summary>Takes memory for a queue, with all buffers here.</summary>
    /// <param name="rings">Page-aligned memory of <see cref="RingBytes"/> bytes.</param>
    /// <param name="buffers">Memory of a buffer for each descriptor.</param>
    /// <param name="buffersAddress">The host physical address of those.</param>
    /// <param name="size">Descriptors, a power of two up to <see cref="MaxBuffers"/>.</param>
    /// <param name="writes">Whether the card writes the buffers.</param>
    // SAFETY: the owner has the memory for good; indices are checked against the size here and in all that follows.
    public HostCardQueue(byte* rings, byte* buffers, ulong buffersAddress, uint size, bool writes)
    {
        this = default;
        Unsafe.InitBlockUnaligned(rings, 0, RingBytes);
        _rings = rings;
        _buffers = buffers;
        _buffersAddress = buffersAddress;
        _size = size;
        _writes = writes ? RingLayout.Write : 0;
    }

    /// <summary>A buffer.</summary>
    public readonly byte* Buffer(uint index) => _buffers + (index * BufferBytes);

    /// <summary>Finds a buffer that is here.</summary>
    public readonly bool TryFind(out uint index)
    {
        index = (uint)BitOperations.TrailingZeroCount(~_given);
        return index < _size;
    }

    /// <summary>Has the card not tell of buffers that it gives back.</summary>
    public readonly void WantNoInterrupts() => Volatile.Write(ref *(ushort*)(_rings + RingLayout.AvailableOffset(_size)), RingLayout.NoTelling);

    /// <summary>Gives a buffer that is here; <see cref="Publish"/> shows it.</summary>
    /// <param name="index">Which.</param>
    /// <param name="length">Bytes of it, up to <see cref="BufferBytes"/>.</param>
    public void Give(uint index, uint length)
    {
        var descriptor = _rings + (index * RingLayout.DescriptorBytes);
        *(ulong*)descriptor = _buffersAddress + (index * BufferBytes);
        *(uint*)(descriptor + sizeof(ulong)) = length;
        *(uint*)(descriptor + sizeof(ulong) + sizeof(uint)) = _writes;
        *(ushort*)(_rings + RingLayout.AvailableOffset(_size) + RingLayout.EntriesOffset + (sizeof(ushort) * (_available & (_size - 1)))) = (ushort)index;
        _available++;
        _given |= 1UL << (int)index;
    }

    /// <summary>Shows the card what was given.</summary>
    public readonly void Publish() => Volatile.Write(ref *(ushort*)(_rings + RingLayout.AvailableOffset(_size) + RingLayout.IndexOffset), _available);

    /// <summary>Takes the next buffer that the card gave back.</summary>
    /// <param name="index">Which.</param>
    /// <param name="length">Bytes that it says it wrote, any value.</param>
    /// <param name="lies">Whether it gave back what it does not have, or more than there is.</param>
    /// <returns>False where there is none, and where it lies.</returns>
    public bool TryTake(out uint index, out uint length, out bool lies)
    {
        var used = _rings + RingLayout.UsedOffset(_size, Alignment);
        var count = (ushort)(Volatile.Read(ref *(ushort*)(used + RingLayout.IndexOffset)) - _seen);
        index = 0;
        length = 0;
        lies = count > _size;
        if (count == 0 || lies)
        {
            return false;
        }

        var entry = (uint*)(used + RingLayout.EntriesOffset + (sizeof(ulong) * (_seen & (_size - 1))));
        index = Volatile.Read(ref entry[0]);
        length = Volatile.Read(ref entry[1]);
        lies = index >= _size || ((_given >> (int)index) & 1) == 0;
        if (lies)
        {
            return false;
        }

        _seen++;
        _given &= ~(1UL << (int)index);
        return true;
    }
}
