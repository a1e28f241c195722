using System;
using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>A virtio device behind virtio-mmio registers (Virtio 1.2 §4.2.2; legacy §4.2.4). It serves its queues when it is notified.</summary>
/// <param name="deviceId">What it is (Virtio 1.2 §5).</param>
/// <param name="queues">Number of its queues.</param>
/// <param name="features">Feature bits of its kind; those of the ring are added.</param>
/// <param name="legacy">Version 1 registers, without VERSION_1.</param>
public abstract class VirtioMmio(uint deviceId, int queues, ulong features = 0, bool legacy = false) : IDevice
{
    /// <summary>Most descriptors of a queue.</summary>
    public const uint QueueSize = 256;

    private const uint MagicValue = 0x7472_6976, Vendor = 0x5256_5254;
    private const ulong IndirectDescriptors = 1UL << 28, EventIndex = 1UL << 29, Version1 = 1UL << 32;
    private const uint NeedsReset = 64;
    private const uint UsedBuffer = 1, ConfigurationChange = 2;

    private readonly ulong _offered = features | IndirectDescriptors | EventIndex | (legacy ? 0 : Version1);
    private readonly VirtQueue[] _queues = Make(queues);
    private IDeviceMemory _memory = null!;
    private Plic _plic = null!;
    private int _source;
    private uint _deviceSelect, _driverSelect, _queueSelect, _status, _interrupts, _pageSize;
    private ulong _taken;

    /// <summary>Configuration space, little-endian bytes.</summary>
    protected abstract ReadOnlySpan<byte> Configuration { get; }

    /// <summary>Requests that the device has served.</summary>
    public ulong Served { get; private set; }

    /// <summary>Puts the device on a machine.</summary>
    /// <param name="memory">Where its queues and buffers lie.</param>
    /// <param name="plic">Who takes its interrupt.</param>
    /// <param name="source">Its interrupt at the PLIC.</param>
    public void Connect(IDeviceMemory memory, Plic plic, int source)
    {
        _memory = memory;
        _plic = plic;
        _source = source;
    }

    /// <summary>Serves a request.</summary>
    /// <param name="queue">Number of the queue.</param>
    /// <param name="chain">The request's buffers.</param>
    /// <param name="written">Bytes written to the buffers.</param>
    /// <returns>False: the request stays in the queue for later.</returns>
    protected abstract bool TryServe(int queue, VirtioChain chain, out uint written);

    /// <summary>Called when the driver resets the device.</summary>
    protected virtual void OnReset()
    {
    }

    /// <summary>Serves what waits in a queue, and interrupts where the driver wants to know. A notification does it; a device does where it has left requests for later.</summary>
    /// <param name="number">Number of the queue.</param>
    protected void Process(int number)
    {
        var queue = _queues[number];
        if (!queue.Ready || (_status & NeedsReset) != 0)
        {
            return;
        }

        var before = queue.UsedIndex;
        while (queue.TryNext(_memory, out var chain))
        {
            if (!TryServe(number, chain, out var written))
            {
                break;
            }

            Served++;
            queue.Complete(_memory, chain.Head, written);
        }

        if (queue.Broken)
        {
            _status |= NeedsReset;
            Interrupt(ConfigurationChange);
        }
        else if (queue.WantsInterrupt(_memory, before, (_taken & EventIndex) != 0))
        {
            Interrupt(UsedBuffer);
        }
    }

    /// <inheritdoc/>
    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        value = 0;
        if (offset >= 0x100)
        {
            for (var i = 0; i < size; i++)
            {
                var at = (int)offset - 0x100 + i;
                value |= at < Configuration.Length ? (ulong)Configuration[at] << (8 * i) : 0;
            }

            return true;
        }

        if (size != 4)
        {
            return false;
        }

        var queue = _queueSelect < (uint)_queues.Length ? _queues[_queueSelect] : null;
        value = offset switch
        {
            0x000 => MagicValue,
            0x004 => legacy ? 1u : 2u,
            0x008 => deviceId,
            0x00c => Vendor,
            0x010 => _deviceSelect < 2 ? (uint)(_offered >> (int)(32 * _deviceSelect)) : 0,
            0x034 => queue is null ? 0 : QueueSize,
            0x040 when legacy => queue is null ? 0 : (uint)(queue.Descriptors / Math.Max(_pageSize, 1)),
            0x044 => queue is { Ready: true } ? 1u : 0,
            0x060 => _interrupts,
            0x070 => _status,
            _ => 0,
        };
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        if (size != 4 || offset >= 0x100)
        {
            return offset >= 0x100;
        }

        var word = (uint)value;
        switch (offset)
        {
            case 0x014: _deviceSelect = word; break;
            case 0x020 when _driverSelect < 2:
                var shift = (int)(32 * _driverSelect);
                _taken = ((_taken & ~(0xffff_ffffUL << shift)) | (value << shift)) & _offered;
                break;
            case 0x024: _driverSelect = word; break;
            case 0x028: _pageSize = word; break;
            case 0x030: _queueSelect = word; break;
            case 0x050:
                if (word < (uint)_queues.Length)
                {
                    Process((int)word);
                }

                break;
            case 0x064:
                _interrupts &= ~word;
                _plic.SetLine(_source, _interrupts != 0);
                break;
            case 0x070:
                _status = word;
                if (word == 0)
                {
                    Reset();
                }

                break;
            default:
                if (_queueSelect < (uint)_queues.Length)
                {
                    WriteQueue(_queues[_queueSelect], offset, word);
                }

                break;
        }

        return true;
    }

    private void WriteQueue(VirtQueue queue, ulong offset, uint value)
    {
        switch (offset)
        {
            case 0x038: queue.Size = value is > 0 and <= QueueSize && (value & (value - 1)) == 0 ? value : 0; break;
            case 0x03c: queue.Alignment = value; break;
            case 0x040 when legacy: queue.PlaceLegacy((ulong)value * _pageSize); break;
            case 0x044 when !legacy: queue.Ready = value == 1 && queue.Size != 0; break;
            case 0x080: queue.Descriptors = (queue.Descriptors & ~0xffff_ffffUL) | value; break;
            case 0x084: queue.Descriptors = (uint)queue.Descriptors | ((ulong)value << 32); break;
            case 0x090: queue.Available = (queue.Available & ~0xffff_ffffUL) | value; break;
            case 0x094: queue.Available = (uint)queue.Available | ((ulong)value << 32); break;
            case 0x0a0: queue.Used = (queue.Used & ~0xffff_ffffUL) | value; break;
            case 0x0a4: queue.Used = (uint)queue.Used | ((ulong)value << 32); break;
        }
    }

    private void Interrupt(uint cause)
    {
        _interrupts |= cause;
        _plic.SetLine(_source, true);
    }

    private void Reset()
    {
        _interrupts = 0;
        _taken = 0;
        _plic.SetLine(_source, false);
        foreach (var queue in _queues)
        {
            queue.Reset();
        }

        OnReset();
    }

    private static VirtQueue[] Make(int count)
    {
        var result = new VirtQueue[count];
        for (var i = 0; i < count; i++)
        {
            result[i] = new VirtQueue();
        }

        return result;
    }
}
