using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Devices.Virtio;
using Rvirt.Reference.Devices.Virtio;

namespace Rvirt.Testing.Devices;

/// <summary>
/// A virtio-mmio device of the host, legacy or modern, with registers that take no nonsense and the rings of the reference machine's devices.
/// It touches memory through the machine, which refuses what is not allowed.
/// </summary>
// SAFETY: the board answers for all bytes of a range that it gives a pointer to, or throws.
public sealed unsafe class FakeVirtioDevice
{
    private readonly IDeviceBoard _machine;
    private readonly uint _version;
    private readonly uint _source;
    private readonly VirtQueue[] _queues;
    private readonly BoardMemory _memory;
    private readonly List<(uint Queue, VirtioChain Chain)> _kept = [];
    private uint _featuresSelect;
    private uint _driverSelect;
    private uint _select;
    private uint _pageSize;

    /// <summary>Makes a device that has been reset. It offers indirect tables, events by index and bit 5, and bits 32, 34 and 35 where it is modern.</summary>
    /// <param name="machine">Where it is.</param>
    /// <param name="address">Physical address of its registers.</param>
    /// <param name="source">Its interrupt at the PLIC.</param>
    /// <param name="version">1 for a legacy device, 2 for a modern one (virtio 1.2 §4.2.2).</param>
    /// <param name="kind">What it is (virtio 1.2 §5).</param>
    /// <param name="queueSizeMax">Most descriptors of a queue.</param>
    /// <param name="queues">Number of its queues.</param>
    public FakeVirtioDevice(IDeviceBoard machine, ulong address, uint source, uint version, uint kind, uint queueSizeMax = 1024, uint queues = 3)
    {
        _queues = [.. Enumerable.Range(0, (int)queues).Select(_ => new VirtQueue())];
        _memory = new BoardMemory(machine);
        _machine = machine;
        _version = version;
        _source = source;
        Base = address;
        Kind = kind;
        QueueSizeMax = queueSizeMax;
        Offered = (1UL << 5) | VirtioFeature.EventIndex | VirtioFeature.IndirectDescriptors
            | (version == 2 ? VirtioFeature.Version1 | (1UL << 34) | (1UL << 35) : 0);
        Reset();
    }

    /// <summary>Serves a chain.</summary>
    /// <param name="queue">Number of the queue.</param>
    /// <param name="readable">The bytes that the device reads.</param>
    /// <param name="writable">The buffers that it writes.</param>
    /// <returns>The bytes written, or what <see cref="Serve"/> says of less.</returns>
    public delegate int Service(uint queue, byte[] readable, List<(ulong Address, uint Length)> writable);

    /// <summary>Physical address of its registers.</summary>
    public ulong Base { get; }

    /// <summary>What it is (virtio 1.2 §5).</summary>
    public uint Kind { get; }

    /// <summary>Most descriptors of a queue.</summary>
    public uint QueueSizeMax { get; }

    /// <summary>Feature bits that it offers.</summary>
    public ulong Offered { get; set; }

    /// <summary>Feature bits that its driver has taken, offered or not.</summary>
    public ulong Taken { get; private set; }

    /// <summary>The status that its driver has set (virtio 1.2 §2.1).</summary>
    public uint Status { get; private set; }

    /// <summary>Causes that its driver has not acknowledged: 1 for used buffers, 2 for the configuration.</summary>
    public uint InterruptStatus { get; private set; }

    /// <summary>Resets so far, the one at the start among them.</summary>
    public int Resets { get; private set; }

    /// <summary>Notifications so far, of all queues.</summary>
    public int Notifications { get; private set; }

    /// <summary>Interrupts that it has raised so far.</summary>
    public int Interrupts { get; private set; }

    /// <summary>Whether chains are served when the driver notifies, or only by <see cref="Run"/>.</summary>
    public bool Immediate { get; set; } = true;

    /// <summary>Configuration space, little-endian bytes.</summary>
    public byte[] Configuration { get; } = new byte[0x100];

    /// <summary>What <see cref="Serve"/> returns for a chain that is kept: the next one is served, and this one is not answered before <see cref="AnswerKept"/>.</summary>
    public const int Keep = int.MinValue;

    /// <summary>What it does with a chain; at first it gives each back as it is. Less than nothing: the chain waits for the next <see cref="Run"/>, or is kept (<see cref="Keep"/>).</summary>
    public Service Serve { get; set; } = (_, _, _) => 0;

    /// <summary>Whether its driver has taken VIRTIO_F_EVENT_IDX.</summary>
    public bool Events => (Taken & VirtioFeature.EventIndex) != 0;

    /// <summary>Reads a register or a part of configuration space.</summary>
    /// <param name="offset">From its first register.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <exception cref="InvalidOperationException">It is no register that a driver reads.</exception>
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
            VirtioRegister.QueueReady => _queues[_select].Ready ? 1u : 0,
            VirtioRegister.ConfigurationGeneration => 7,
            _ => throw new InvalidOperationException($"read of register 0x{offset:x}"),
        };
    }

    /// <summary>Writes a register or a part of configuration space.</summary>
    /// <param name="offset">From its first register.</param>
    /// <param name="size">1, 2, 4 or 8 bytes; of a register 4 are written.</param>
    /// <param name="wide">What is written.</param>
    /// <exception cref="InvalidOperationException">It is no register that a driver writes.</exception>
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
                _queues[_select].Alignment = value;
                break;
            case VirtioRegister.QueuePageNumber:
                _queues[_select].PlaceLegacy((ulong)value * _pageSize);
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
                _queues[_select].Ready = value != 0;
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

    /// <summary>Raises an interrupt.</summary>
    /// <param name="causes">As <see cref="InterruptStatus"/> has them.</param>
    public void Interrupt(uint causes)
    {
        InterruptStatus |= causes;
        Interrupts++;
        _machine.SetLine(_source, true);
    }

    /// <summary>Serves up to a number of chains of a queue.</summary>
    /// <param name="number">Number of the queue.</param>
    /// <param name="most">Most chains.</param>
    /// <returns>How many it was.</returns>
    /// <exception cref="InvalidOperationException">A chain that no driver may give.</exception>
    public int Run(uint number, int most = int.MaxValue)
    {
        var queue = _queues[number];
        if (!queue.Ready)
        {
            return 0;
        }

        var served = 0;
        var before = queue.UsedIndex;
        while (served < most && queue.TryNext(_memory, out var chain))
        {
            var written = ServeOne(number, chain);
            if (written == Keep)
            {
                queue.Keep();
                _kept.Add((number, chain));
                continue;
            }

            if (written < 0)
            {
                break;
            }

            queue.Complete(_memory, chain.Head, (uint)written);
            served++;
        }

        if (queue.Broken)
        {
            throw new InvalidOperationException("the host was given a chain that no driver may give");
        }

        if (queue.WantsInterrupt(_memory, before, Events))
        {
            Interrupt(1);
        }

        return served;
    }

    /// <summary>Serves the chains that were kept, those first that came first.</summary>
    public void AnswerKept()
    {
        foreach (var (number, chain) in _kept)
        {
            _queues[number].Give(_memory, chain.Head, (uint)ServeOne(number, chain));
        }

        if (_kept.Count != 0)
        {
            _kept.Clear();
            Interrupt(1);
        }
    }

    /// <summary>Returns a chain the device was never given.</summary>
    /// <param name="number">Number of the queue.</param>
    /// <param name="head">Number of a descriptor.</param>
    public void ReturnBogus(uint number, uint head)
    {
        _queues[number].Give(_memory, head, 0);
        Interrupt(1);
    }

    private int ServeOne(uint number, VirtioChain chain) => Serve(number, Read(chain), [.. chain.Writable.Select(buffer => (buffer.Address, (uint)buffer.Length))]);

    // Indirect tables and empty buffers are the driver's right; Rvirt gives its host neither.
    private byte[] Read(VirtioChain chain)
    {
        if (chain.IsIndirect || chain.Readable.Concat(chain.Writable).Any(buffer => buffer.Length == 0))
        {
            throw new InvalidOperationException("the host was given a descriptor that Rvirt does not make");
        }

        var bytes = new byte[chain.ReadableLength];
        chain.Read(0, bytes);
        return bytes;
    }

    private void Reset()
    {
        foreach (var queue in _queues)
        {
            queue.Reset();
        }

        _kept.Clear();
        Taken = 0;
        Status = 0;
        InterruptStatus = 0;
        _pageSize = 0;
        _machine.SetLine(_source, false);
        Resets++;
    }

    // Refuses what is not the device's to touch.
    private sealed class BoardMemory(IDeviceBoard board) : IDeviceMemory
    {
        public bool IsRam(ulong address, ulong length) => board.Dma(address, length) != null;

        public Span<byte> Memory(ulong address, int length) => new(board.Dma(address, (ulong)length), length);
    }
}
