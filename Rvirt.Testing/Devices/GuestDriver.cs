using System;
using System.Collections.Generic;
using Rvirt.Devices.Virtio;

namespace Rvirt.Testing.Devices;

/// <summary>A plain virtio driver on an <see cref="IGuestSlot"/>: one queue, as the specification has a driver behave.</summary>
// SAFETY: whoever places the queue places all of it in the guest's RAM; descriptors of others are compared with its size, and places in rings are taken modulo it.
public sealed unsafe class GuestDriver
{
    private readonly IGuestSlot _guest;
    private readonly uint _queue;
    private readonly bool _indirect;
    private readonly bool _events;
    private readonly Queue<ushort> _free = new();
    private readonly ulong _indirectTables;
    private ushort _seen;

    /// <summary>Lays a queue out: descriptors, available ring, used ring at the next page, indirect tables of 256 bytes at the one after that.</summary>
    /// <param name="guest">What it works on.</param>
    /// <param name="queue">Number of the queue.</param>
    /// <param name="size">Its descriptors, a power of two.</param>
    /// <param name="address">Guest physical address of the descriptors, a multiple of 4096.</param>
    /// <param name="indirect">Whether chains are indirect tables, of 16 descriptors at most.</param>
    /// <param name="events">Whether interrupts and notifications go by index (VIRTIO_F_EVENT_IDX).</param>
    public GuestDriver(IGuestSlot guest, uint queue, uint size, ulong address, bool indirect, bool events)
    {
        _guest = guest;
        _queue = queue;
        _indirect = indirect;
        _events = events;
        Size = size;
        Descriptors = address;
        Available = address + (16 * size);
        Used = (Available + 6 + (2 * size) + 4095) & ~4095UL;
        _indirectTables = (Used + 6 + (8 * size) + 4095) & ~4095UL;
        for (ushort i = 0; i < size; i++)
        {
            _free.Enqueue(i);
        }
    }

    /// <summary>Number of descriptors.</summary>
    public uint Size { get; }

    /// <summary>Guest physical address of the descriptor table.</summary>
    public ulong Descriptors { get; }

    /// <summary>Guest physical address of the available ring.</summary>
    public ulong Available { get; }

    /// <summary>Guest physical address of the used ring.</summary>
    public ulong Used { get; }

    /// <summary>Notifications so far.</summary>
    public int Notifications { get; private set; }

    /// <summary>The available ring's index, as it lies in RAM.</summary>
    public ushort AvailableIndex
    {
        get => *(ushort*)_guest.Ram(Available + 2);
        set => *(ushort*)_guest.Ram(Available + 2) = value;
    }

    /// <summary>The used ring's index, as it lies in RAM.</summary>
    public ushort UsedIndex => *(ushort*)_guest.Ram(Used + 2);

    /// <summary>Agrees on features, as a driver does before it sets its queues up.</summary>
    /// <param name="guest">Whose slot it is.</param>
    /// <param name="indirect">Whether it takes VIRTIO_F_INDIRECT_DESC.</param>
    /// <param name="events">Whether it takes VIRTIO_F_EVENT_IDX.</param>
    /// <param name="extra">Further feature bits.</param>
    public static void Begin(IGuestSlot guest, bool indirect, bool events, ulong extra = 0)
    {
        guest.Register(VirtioRegister.Status, 0);
        guest.Register(VirtioRegister.Status, VirtioStatus.Acknowledge);
        guest.Register(VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver);
        var modern = guest.Register(VirtioRegister.Version) == 2;
        var features = extra | (indirect ? VirtioFeature.IndirectDescriptors : 0) | (events ? VirtioFeature.EventIndex : 0)
            | (modern ? VirtioFeature.Version1 : 0);
        guest.Register(VirtioRegister.DriverFeaturesSelect, 1);
        guest.Register(VirtioRegister.DriverFeatures, (uint)(features >> 32));
        guest.Register(VirtioRegister.DriverFeaturesSelect, 0);
        guest.Register(VirtioRegister.DriverFeatures, (uint)features);
        if (modern)
        {
            guest.Register(VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.FeaturesOk);
        }
        else
        {
            guest.Register(VirtioRegister.GuestPageSize, 4096);
        }
    }

    /// <summary>Tells the device that its driver is ready: the last step, when all queues are set up.</summary>
    /// <param name="guest">Whose slot it is.</param>
    public static void Finish(IGuestSlot guest) =>
        guest.Register(VirtioRegister.Status, guest.Register(VirtioRegister.Status) | VirtioStatus.DriverOk);

    /// <summary>Sets the queue up in the device, legacy or modern.</summary>
    public void Start()
    {
        _guest.Register(VirtioRegister.QueueSelect, _queue);
        _guest.Register(VirtioRegister.QueueSize, Size);
        if (_guest.Register(VirtioRegister.Version) == 1)
        {
            _guest.Register(VirtioRegister.QueueAlign, 4096);
            _guest.Register(VirtioRegister.QueuePageNumber, (uint)(Descriptors / 4096));
            return;
        }

        _guest.Register(VirtioRegister.QueueDescriptorsLow, (uint)Descriptors);
        _guest.Register(VirtioRegister.QueueDescriptorsHigh, (uint)(Descriptors >> 32));
        _guest.Register(VirtioRegister.QueueAvailableLow, (uint)Available);
        _guest.Register(VirtioRegister.QueueAvailableHigh, (uint)(Available >> 32));
        _guest.Register(VirtioRegister.QueueUsedLow, (uint)Used);
        _guest.Register(VirtioRegister.QueueUsedHigh, (uint)(Used >> 32));
        _guest.Register(VirtioRegister.QueueReady, 1);
    }

    /// <summary>A driver with one queue, ready to go, at a place of its own in the RAM of a <see cref="TestGuest"/>.</summary>
    /// <param name="guest">Whose slot it is.</param>
    /// <param name="indirect">Whether chains are indirect tables.</param>
    /// <param name="events">Whether interrupts and notifications go by index.</param>
    /// <param name="queue">Number of the queue, 0 to 2.</param>
    /// <param name="size">Its descriptors.</param>
    public static GuestDriver Open(IGuestSlot guest, bool indirect = false, bool events = false, uint queue = 0, uint size = 16)
    {
        Begin(guest, indirect, events);
        var driver = new GuestDriver(guest, queue, size, TestGuest.GuestRam + 0x1_0000 + (0x4_0000 * queue), indirect, events);
        driver.Start();
        Finish(guest);
        return driver;
    }

    /// <summary>Writes a descriptor (virtio 1.2 §2.7.5), sound or not.</summary>
    /// <param name="table">Guest physical address of its table.</param>
    /// <param name="index">Its number.</param>
    /// <param name="address">Of the buffer.</param>
    /// <param name="length">The buffer's bytes.</param>
    /// <param name="flags">16 bits: 1 for one that others follow, 2 for the device to write, 4 for an indirect table.</param>
    /// <param name="next">16 bits: the number of the descriptor that follows.</param>
    public void Descriptor(ulong table, uint index, ulong address, uint length, uint flags, uint next)
    {
        var entry = _guest.Ram(table + (16 * index));
        *(ulong*)entry = address;
        *(uint*)(entry + 8) = length;
        *(ushort*)(entry + 12) = (ushort)flags;
        *(ushort*)(entry + 14) = (ushort)next;
    }

    /// <summary>Makes a chain available; the device is not told.</summary>
    /// <param name="buffers">Its buffers: guest physical address, bytes, and whether it is for the device to write.</param>
    /// <returns>Its head, or -1 where no descriptors are free.</returns>
    public int Add(params ReadOnlySpan<(ulong Address, uint Length, bool Write)> buffers)
    {
        if (_free.Count < (_indirect ? 1 : buffers.Length))
        {
            return -1;
        }

        var head = _free.Dequeue();
        var table = _indirect ? _indirectTables + (head * 256u) : Descriptors;
        var index = _indirect ? 0u : head;
        for (var i = 0; i < buffers.Length; i++)
        {
            var more = i + 1 < buffers.Length;
            var next = !more ? 0u : _indirect ? index + 1 : _free.Dequeue();
            Descriptor(table, index, buffers[i].Address, buffers[i].Length, (more ? 1u : 0) | (buffers[i].Write ? 2u : 0), next);
            index = next;
        }

        if (_indirect)
        {
            Descriptor(Descriptors, head, table, (uint)buffers.Length * 16, 4, 0);
        }

        Publish(head);
        return head;
    }

    /// <summary>Puts any head into the available ring.</summary>
    /// <param name="head">Number of a first descriptor.</param>
    public void Publish(ushort head)
    {
        *(ushort*)_guest.Ram(Available + 4 + (2 * (AvailableIndex % Size))) = head;
        AvailableIndex++;
    }

    /// <summary>Notifies the device, if it wants that.</summary>
    /// <param name="since">The available index before what it is told of.</param>
    public void Kick(ushort since)
    {
        var wanted = _events
            ? RingLayout.CrossesEvent(*(ushort*)_guest.Ram(Used + 4 + (8 * Size)), AvailableIndex, since)
            : (*(ushort*)_guest.Ram(Used) & 1) == 0;
        if (wanted)
        {
            Notify();
        }
    }

    /// <summary>Notifies the device, whether it wants that or not.</summary>
    public void Notify()
    {
        Notifications++;
        _guest.Register(VirtioRegister.QueueNotify, _queue);
    }

    /// <summary>Names the used index after which an interrupt is wanted.</summary>
    /// <param name="index">The index.</param>
    public void WantInterruptAt(ushort index) => *(ushort*)_guest.Ram(Available + 4 + (2 * Size)) = index;

    /// <summary>Takes the next chain that the device has given back, and frees its descriptors.</summary>
    /// <param name="head">Number of its first descriptor.</param>
    /// <param name="length">Bytes that the device has written, as it says.</param>
    /// <returns>False where there is none.</returns>
    /// <exception cref="InvalidOperationException">A descriptor that the queue does not have.</exception>
    public bool TryTake(out uint head, out uint length)
    {
        head = 0;
        length = 0;
        if (_seen == UsedIndex)
        {
            return false;
        }

        var entry = (uint*)_guest.Ram(Used + 4 + (8 * (_seen % Size)));
        head = entry[0];
        length = entry[1];
        _seen++;
        if (_events)
        {
            WantInterruptAt(_seen);
        }

        var index = head;
        while (true)
        {
            if (index >= Size)
            {
                throw new InvalidOperationException($"descriptor {index} was given back, and the queue has {Size}");
            }

            var flags = *(ushort*)_guest.Ram(Descriptors + (16 * index) + 12);
            _free.Enqueue((ushort)index);
            if ((flags & 1) == 0)
            {
                return true;
            }

            index = *(ushort*)_guest.Ram(Descriptors + (16 * index) + 14);
        }
    }
}
