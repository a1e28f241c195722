using System;
using System.Collections.Generic;
using Rvirt.Devices.Virtio;

namespace Rvirt.Testing.Devices;

/// <summary>A virtio-mmio device of the host, legacy or modern. It touches memory through the machine, which refuses what is not allowed.</summary>
internal sealed unsafe class FakeVirtioDevice
{
    private readonly IDeviceBoard _machine;
    private readonly uint _version;
    private readonly uint _source;
    private readonly QueueState[] _queues;
    private uint _featuresSelect;
    private uint _driverSelect;
    private uint _select;
    private uint _pageSize;

    public FakeVirtioDevice(IDeviceBoard machine, ulong address, uint source, uint version, uint kind, uint queueSizeMax = 1024, uint queues = 3)
    {
        _queues = new QueueState[queues];
        _machine = machine;
        _version = version;
        _source = source;
        Base = address;
        Kind = kind;
        QueueSizeMax = queueSizeMax;
        Offered = (1ul << 5) | VirtioFeature.EventIndex | VirtioFeature.IndirectDescriptors
            | (version == 2 ? VirtioFeature.Version1 | (1ul << 34) | (1ul << 35) : 0);
        Reset();
    }

    /// <summary>Serves a chain: the readable bytes, the writable buffers. Returns the bytes written, or -1 to keep the chain.</summary>
    public delegate int Service(uint queue, byte[] readable, List<(ulong Address, uint Length)> writable);

    public ulong Base { get; }

    public uint Kind { get; }

    public uint QueueSizeMax { get; }

    public ulong Offered { get; set; }

    public ulong Taken { get; private set; }

    public uint Status { get; private set; }

    public uint InterruptStatus { get; private set; }

    public int Resets { get; private set; }

    public int Notifications { get; private set; }

    public int Interrupts { get; private set; }

    /// <summary>Whether chains are served when the driver notifies, or only by <see cref="Run"/>.</summary>
    public bool Immediate { get; set; } = true;

    public byte[] Configuration { get; } = new byte[0x100];

    public Service Serve { get; set; } = (_, _, _) => 0;

    public bool Events => (Taken & VirtioFeature.EventIndex) != 0;

    public ulong Read(uint offset, int size)
    {
        if (offset >= 0x100)
        {
            ulong value = 0;
            for (var i = 0; i < size; i++)
            {
                value |= (ulong)Configuration[offset - 0x100 + i] << (8 * i);
            }

            return value;
        }

        return size != 4 ? throw new InvalidOperationException("registers are 32 bits wide") : offset switch
        {
            VirtioRegister.Magic => VirtioRegister.MagicValue,
            VirtioRegister.Version => _version,
            VirtioRegister.DeviceId => Kind,
            VirtioRegister.VendorId => 0x554d_4551,
            VirtioRegister.DeviceFeatures => (uint)(Offered >> (int)(32 * _featuresSelect)),
            VirtioRegister.QueueSizeMax => _select < _queues.Length ? QueueSizeMax : 0,
            VirtioRegister.InterruptStatus => InterruptStatus,
            VirtioRegister.Status => Status,
            VirtioRegister.QueueReady => _queues[_select].Running ? 1u : 0,
            VirtioRegister.ConfigurationGeneration => 7,
            _ => throw new InvalidOperationException($"read of register 0x{offset:x}"),
        };
    }

    public void Write(uint offset, int size, ulong wide)
    {
        if (offset >= 0x100)
        {
            for (var i = 0; i < size; i++)
            {
                Configuration[offset - 0x100 + i] = (byte)(wide >> (8 * i));
            }

            return;
        }

        var value = (uint)wide;
        switch (offset)
        {
            case VirtioRegister.DeviceFeaturesSelect:
                _featuresSelect = value;
                break;
            case VirtioRegister.DriverFeaturesSelect:
                _driverSelect = value;
                break;
            case VirtioRegister.DriverFeatures:
                Taken = _driverSelect == 0 ? (Taken >> 32 << 32) | value : (uint)Taken | ((ulong)value << 32);
                break;
            case VirtioRegister.GuestPageSize:
                _pageSize = value;
                break;
            case VirtioRegister.QueueSelect:
                _select = value;
                break;
            case VirtioRegister.QueueSize:
                _queues[_select].Size = value;
                break;
            case VirtioRegister.QueueAlign:
                _queues[_select].Align = value;
                break;
            case VirtioRegister.QueuePageNumber:
                var address = (ulong)value * _pageSize;
                _queues[_select].Descriptors = address;
                _queues[_select].Available = address + (16 * _queues[_select].Size);
                var end = _queues[_select].Available + 6 + (2 * _queues[_select].Size);
                _queues[_select].Used = (end + _queues[_select].Align - 1) / _queues[_select].Align * _queues[_select].Align;
                _queues[_select].Running = value != 0;
                break;
            case VirtioRegister.QueueDescriptorsLow:
                _queues[_select].Descriptors = value;
                break;
            case VirtioRegister.QueueAvailableLow:
                _queues[_select].Available = value;
                break;
            case VirtioRegister.QueueUsedLow:
                _queues[_select].Used = value;
                break;
            case VirtioRegister.QueueDescriptorsHigh:
                _queues[_select].Descriptors |= (ulong)value << 32;
                break;
            case VirtioRegister.QueueAvailableHigh:
                _queues[_select].Available |= (ulong)value << 32;
                break;
            case VirtioRegister.QueueUsedHigh:
                _queues[_select].Used |= (ulong)value << 32;
                break;
            case VirtioRegister.QueueReady:
                _queues[_select].Running = value != 0;
                break;
            case VirtioRegister.QueueNotify:
                Notifications++;
                if (Immediate)
                {
                    Run(value);
                }

                break;
            case VirtioRegister.InterruptAcknowledge:
                InterruptStatus &= ~value;
                _machine.SetLine(_source, InterruptStatus != 0);
                break;
            case VirtioRegister.Status:
                if (value == 0)
                {
                    Reset();
                }
                else
                {
                    Status = value;
                }

                break;
            default:
                throw new InvalidOperationException($"write of register 0x{offset:x}");
        }
    }

    public void Interrupt(uint causes)
    {
        InterruptStatus |= causes;
        Interrupts++;
        _machine.SetLine(_source, true);
    }

    /// <summary>Serves up to a number of chains of a queue.</summary>
    public int Run(uint number, int most = int.MaxValue)
    {
        ref var queue = ref _queues[number];
        if (!queue.Running)
        {
            return 0;
        }

        var served = 0;
        var before = queue.UsedIndex;
        var available = _machine.Dma(queue.Available, 6 + (2 * queue.Size));
        while (served < most && queue.AvailableIndex != *(ushort*)(available + 2))
        {
            var head = *(ushort*)(available + 4 + (2 * (queue.AvailableIndex % queue.Size)));
            var readable = new List<byte>();
            var writable = new List<(ulong, uint)>();
            Walk(queue, head, readable, writable);
            var written = Serve(number, [.. readable], writable);
            if (written < 0)
            {
                break;
            }

            queue.AvailableIndex++;
            Use(ref queue, head, (uint)written);
            served++;
        }

        if (Events)
        {
            *(ushort*)(_machine.Dma(queue.Used, 6 + (8 * queue.Size)) + 4 + (8 * queue.Size)) = queue.AvailableIndex;
        }

        if (queue.UsedIndex != before)
        {
            var tell = Events
                ? RingLayout.CrossesEvent(*(ushort*)(available + 4 + (2 * queue.Size)), queue.UsedIndex, before)
                : (*(ushort*)available & 1) == 0;
            if (tell)
            {
                Interrupt(1);
            }
        }

        return served;
    }

    /// <summary>Returns a chain the device was never given.</summary>
    public void ReturnBogus(uint number, uint head)
    {
        Use(ref _queues[number], head, 0);
        Interrupt(1);
    }

    private void Use(ref QueueState queue, uint head, uint written)
    {
        var used = _machine.Dma(queue.Used, 6 + (8 * queue.Size));
        var entry = (uint*)(used + 4 + (8 * (queue.UsedIndex % queue.Size)));
        entry[0] = head;
        entry[1] = written;
        queue.UsedIndex++;
        *(ushort*)(used + 2) = queue.UsedIndex;
    }

    private void Walk(in QueueState queue, ushort head, List<byte> readable, List<(ulong Address, uint Length)> writable)
    {
        var table = _machine.Dma(queue.Descriptors, 16 * queue.Size);
        uint index = head;
        for (var left = queue.Size; left > 0; left--)
        {
            if (index >= queue.Size)
            {
                throw new InvalidOperationException("the host was given a descriptor out of range");
            }

            var address = *(ulong*)(table + (16 * index));
            var length = *(uint*)(table + (16 * index) + 8);
            var flags = *(ushort*)(table + (16 * index) + 12);
            var bytes = _machine.Dma(address, length);
            if (length == 0 || (flags & ~3) != 0)
            {
                throw new InvalidOperationException("the host was given a descriptor no driver may give");
            }

            if ((flags & 2) != 0)
            {
                writable.Add((address, length));
            }
            else if (writable.Count != 0)
            {
                throw new InvalidOperationException("the host was given a chain in the wrong order");
            }
            else
            {
                readable.AddRange(new ReadOnlySpan<byte>(bytes, (int)Math.Min(length, 1 << 16)));
            }

            if ((flags & 1) == 0)
            {
                return;
            }

            index = *(ushort*)(table + (16 * index) + 14);
        }

        throw new InvalidOperationException("the host was given a loop");
    }

    private void Reset()
    {
        Array.Clear(_queues);
        Taken = 0;
        Status = 0;
        InterruptStatus = 0;
        _pageSize = 0;
        _machine.SetLine(_source, false);
        Resets++;
    }

    private struct QueueState
    {
        public uint Size;
        public uint Align;
        public ulong Descriptors;
        public ulong Available;
        public ulong Used;
        public bool Running;
        public ushort AvailableIndex;
        public ushort UsedIndex;
    }
}
