using System.Buffers.Binary;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>A split virtqueue as the device sees it (Virtio 1.2 §2.7): it takes requests from the available ring and gives them back in the used ring.</summary>
public sealed class VirtQueue
{
    private const ushort Next = 1, Write = 2, Indirect = 4, NoInterrupt = 1;
    private const int DescriptorBytes = 16;

    private ushort _availableIndex;

    /// <summary>Number of descriptors, which the driver chooses; not 0 while requests are looked for.</summary>
    public uint Size { get; set; }

    /// <summary>Bytes to a multiple of which <see cref="PlaceLegacy"/> puts the used ring.</summary>
    public uint Alignment { get; set; } = 4096;

    /// <summary>Whether the driver has set the queue up. Who owns the queue looks at it before it looks for requests.</summary>
    public bool Ready { get; set; }

    /// <summary>Physical address of the descriptor table.</summary>
    public ulong Descriptors { get; set; }

    /// <summary>Physical address of the available ring.</summary>
    public ulong Available { get; set; }

    /// <summary>Physical address of the used ring.</summary>
    public ulong Used { get; set; }

    /// <summary>Value of the used ring's index.</summary>
    public ushort UsedIndex { get; private set; }

    /// <summary>Set when the driver's rings make no sense; only a reset helps.</summary>
    public bool Broken { get; private set; }

    /// <summary>Back to what it was before the driver set it up; the alignment stays.</summary>
    public void Reset()
    {
        Ready = false;
        Broken = false;
        Size = 0;
        Descriptors = Available = Used = 0;
        _availableIndex = UsedIndex = 0;
    }

    /// <summary>The legacy layout: three parts in one block, the used ring at the next multiple of the alignment (Virtio 1.2 §2.7.2). <see cref="Size"/> and <see cref="Alignment"/> are set before.</summary>
    /// <param name="address">Physical address of the block; 0 takes the queue away.</param>
    public void PlaceLegacy(ulong address)
    {
        Descriptors = address;
        Available = address + (DescriptorBytes * Size);
        Used = (Available + 6 + (2 * Size) + Alignment - 1) / Alignment * Alignment;
        Ready = address != 0 && Size != 0;
    }

    /// <summary>Looks at the next request. It is taken by <see cref="Complete"/>.</summary>
    /// <param name="memory">Where the rings and the buffers lie.</param>
    /// <param name="chain">The request.</param>
    /// <returns>False where none waits, or where the queue is <see cref="Broken"/>.</returns>
    public bool TryNext(IDeviceMemory memory, out VirtioChain chain)
    {
        chain = default!;
        if (Broken || !memory.IsRam(Available, 6 + (2 * Size)) || !memory.IsRam(Used, 6 + (8 * Size)))
        {
            Broken = true;
            return false;
        }

        if (Read16(memory, Available + 2) == _availableIndex)
        {
            return false;
        }

        var head = Read16(memory, Available + 4 + (2 * (ulong)(_availableIndex % Size)));
        chain = new VirtioChain(memory, head);
        Broken = !Walk(memory, Descriptors, Size, head, chain, indirectAllowed: true);
        return !Broken;
    }

    /// <summary>Takes the request that <see cref="TryNext"/> found and keeps it, until <see cref="Give"/> gives it back.</summary>
    public void Keep() => _availableIndex++;

    /// <summary>Gives the request that <see cref="TryNext"/> found back to the driver.</summary>
    /// <param name="memory">Where the rings lie.</param>
    /// <param name="head">Number of its first descriptor.</param>
    /// <param name="written">Bytes written to its buffers.</param>
    public void Complete(IDeviceMemory memory, ushort head, uint written)
    {
        _availableIndex++;
        Give(memory, head, written);
        // avail_event: tell me of the very next one.
        BinaryPrimitives.WriteUInt16LittleEndian(memory.Memory(Used + 4 + (8 * Size), 2), _availableIndex);
    }

    /// <summary>Puts an entry into the used ring, whether or not the driver has asked for it.</summary>
    /// <param name="memory">Where the rings lie.</param>
    /// <param name="head">Number of a first descriptor.</param>
    /// <param name="written">Bytes written.</param>
    public void Give(IDeviceMemory memory, uint head, uint written)
    {
        var entry = memory.Memory(Used + 4 + (8 * (ulong)(UsedIndex % Size)), 8);
        BinaryPrimitives.WriteUInt32LittleEndian(entry, head);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], written);
        UsedIndex++;
        BinaryPrimitives.WriteUInt16LittleEndian(memory.Memory(Used + 2, 2), UsedIndex);
    }

    /// <summary>Whether the driver wants an interrupt for what was given back since the used index was <paramref name="before"/> (Virtio 1.2 §2.7.7).</summary>
    /// <param name="memory">Where the rings lie.</param>
    /// <param name="before">The used index before it was given back.</param>
    /// <param name="eventIndex">Whether the driver has taken VIRTIO_F_EVENT_IDX.</param>
    public bool WantsInterrupt(IDeviceMemory memory, ushort before, bool eventIndex)
    {
        if (UsedIndex == before)
        {
            return false;
        }

        if (!eventIndex)
        {
            return (Read16(memory, Available) & NoInterrupt) == 0;
        }

        var wanted = Read16(memory, Available + 4 + (2 * Size));
        return (ushort)(UsedIndex - wanted - 1) < (ushort)(UsedIndex - before);
    }

    private static bool Walk(IDeviceMemory memory, ulong table, uint size, uint index, VirtioChain chain, bool indirectAllowed)
    {
        if (!memory.IsRam(table, DescriptorBytes * (ulong)size))
        {
            return false;
        }

        for (var left = size; left > 0; left--)
        {
            if (index >= size)
            {
                return false;
            }

            var descriptor = memory.Memory(table + (DescriptorBytes * (ulong)index), DescriptorBytes);
            var address = BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[8..]);
            var flags = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]);
            if ((flags & Indirect) != 0)
            {
                chain.IsIndirect = true;
                return indirectAllowed && length % DescriptorBytes == 0 && Walk(memory, address, length / DescriptorBytes, 0, chain, indirectAllowed: false);
            }

            if (length > int.MaxValue || !memory.IsRam(address, length) || !chain.Add(address, (int)length, (flags & Write) != 0))
            {
                return false;
            }

            if ((flags & Next) == 0)
            {
                return true;
            }

            index = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[14..]);
        }

        return false;
    }

    private static ushort Read16(IDeviceMemory memory, ulong address) => BinaryPrimitives.ReadUInt16LittleEndian(memory.Memory(address, 2));
}
