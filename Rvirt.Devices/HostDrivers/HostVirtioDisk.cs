using System;
using System.Numerics;
using System.Threading;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.HostDrivers;

/// <summary>
/// Drives a virtio disk of the host (virtio 1.2 §5.2) through one queue, with a fixed number of requests that may be under way at a time.
/// </summary>
/// <remarks>
/// <para>The device is trusted with memory, as every device is that reads and writes it by itself; nothing else it says is. What it tells of the
/// queue is checked against what was given to it: a device that gives back what it does not have is broken, is given nothing more, and every
/// request that it has left has failed. A device that never answers has those requests for good.</para>
/// <para>The owner holds a lock. Memory and data lie in the window.</para>
/// </remarks>
internal unsafe struct HostVirtioDisk : IHostDisk
{
    /// <summary>Most requests that may be under way.</summary>
    public const int RequestsMax = 64;

    private const uint QueueSizeMax = 256;
    private const uint DescriptorsPerRequest = 3;

    // Behind the queue, laid out as a legacy one of the largest size is.
    private const ulong HeadersAt = 0x4000;
    private const ulong HeaderRoom = 32;

    // Behind what the device knows of: how much it has to say it has written, of each request.
    private const ulong AnswersAt = HeadersAt + (RequestsMax * HeaderRoom);
    private const ulong StatusAt = BlockRequest.HeaderBytes;
    private const byte NoStatus = 0xff;
    private const int CapacityLooks = 4;

    // As many sectors have a number of bytes.
    private const ulong SectorsMax = 1UL << 54;

    private HostVirtio _device;
    private byte* _memory;
    private ulong _address;
    private ulong _sectors;
    private ulong _features;
    private uint _size;
    private ushort _given;
    private ushort _seen;
    private ulong _underWay;
    private bool _broken;

    /// <inheritdoc/>
    /// <remarks>None: a virtio device is found by what its slot says.</remarks>
    public static ReadOnlySpan<byte> Compatible => default;

    /// <inheritdoc/>
    public static ulong BytesNeeded => AnswersAt + (RequestsMax * sizeof(uint));

    /// <inheritdoc/>
    public readonly ulong Sectors => _sectors;

    /// <inheritdoc/>
    public readonly bool IsReadOnly => (_features & BlockRequest.ReadOnlyFeature) != 0;

    /// <inheritdoc/>
    public readonly bool HoldsBack => (_features & BlockRequest.FlushFeature) != 0;

    /// <inheritdoc/>
    public readonly int Requests => (int)Math.Min(_size / DescriptorsPerRequest, RequestsMax);

    /// <inheritdoc/>
    /// <remarks>Of what the tree says, the address of the slot counts.</remarks>
    // SAFETY: the caller gives away the memory for good, even where this fails.
    [ColdPath]
    public bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where THost : struct, IMmio, ITime
    {
        this = default;
        if (HostVirtio.Probe(ref host, device.Base, out _device) != VirtioKind.Block
            || !_device.TryBegin(ref host, BlockRequest.ReadOnlyFeature | BlockRequest.FlushFeature, out _features))
        {
            return false;
        }

        _memory = memory;
        _address = window.Address(memory);
        var size = _device.QueueSizeMax(ref host, 0);
        _size = size == 0 ? 0 : 1u << BitOperations.Log2(Math.Min(size, QueueSizeMax));
        if (Requests == 0 || !TryReadCapacity(ref host))
        {
            return false;
        }

        _device.StartQueue(ref host, 0, _size, _address);
        _device.Finish(ref host);
        return true;
    }

    /// <inheritdoc/>
    public bool TrySubmit<THost>(ref THost host, int request, uint type, ulong sector, ulong data, uint bytes)
        where THost : struct, IMmio, ITime
    {
        if (_broken)
        {
            return false;
        }

        // SAFETY: here and below: requests are below RequestsMax, three descriptors and a header each, which the memory has room for.
        var header = _memory + HeadersAt + ((ulong)request * HeaderRoom);
        *(uint*)header = type;
        *(uint*)(header + 4) = 0;
        *(ulong*)(header + 8) = sector;
        header[StatusAt] = NoStatus;
        var first = (uint)request * DescriptorsPerRequest;
        var place = _address + HeadersAt + ((ulong)request * HeaderRoom);
        Describe(first, place, BlockRequest.HeaderBytes, RingLayout.Next, bytes == 0 ? first + 2 : first + 1);
        Describe(first + 1, data, bytes, RingLayout.Next | (type == BlockRequest.Read ? RingLayout.Write : 0), first + 2);
        Describe(first + 2, place + StatusAt, 1, RingLayout.Write, 0);
        Answers[request] = type == BlockRequest.Read ? bytes + 1 : 1;
        _underWay |= 1UL << request;
        var available = _memory + RingLayout.AvailableOffset(_size);
        *(ushort*)(available + RingLayout.EntriesOffset + (2 * (_given & (_size - 1)))) = (ushort)first;
        _given++;
        host.IoFence();
        Volatile.Write(ref *(ushort*)(available + RingLayout.IndexOffset), _given);
        host.IoFence();
        _device.Write(ref host, VirtioRegister.QueueNotify, 0);
        return true;
    }

    /// <inheritdoc/>
    public void Serve<THost>(ref THost host)
        where THost : struct, IMmio, ITime
    {
        _device.Acknowledge(ref host);
        // §2.1.2: a modern device may give up by itself.
        _broken |= (_device.Read(ref host, VirtioRegister.Status) & VirtioStatus.NeedsReset) != 0;
    }

    /// <inheritdoc/>
    public bool TryTake<THost>(ref THost host, out int request, out bool done)
        where THost : struct, IMmio, ITime
    {
        if (!_broken && TryTakeUsed(ref host, out request, out done))
        {
            return true;
        }

        // What a broken device has, it will never give back, or not so that it could be believed.
        done = false;
        request = BitOperations.TrailingZeroCount(_underWay);
        var isFailed = _broken && _underWay != 0;
        _underWay &= isFailed ? _underWay - 1 : ulong.MaxValue;
        return isFailed;
    }

    // SAFETY: the memory has room for one of each request.
    private readonly uint* Answers => (uint*)(_memory + AnswersAt);

    // False: the device has done nothing more, or what it says it has cannot be.
    private bool TryTakeUsed<THost>(ref THost host, out int request, out bool done)
        where THost : struct, IMmio
    {
        request = 0;
        done = false;
        // SAFETY: the used ring lies in the memory, for any index modulo the size.
        var used = _memory + RingLayout.UsedOffset(_size, HostVirtio.LegacyPageSize);
        var index = Volatile.Read(ref *(ushort*)(used + RingLayout.IndexOffset));
        if (index == _seen)
        {
            return false;
        }

        host.IoFence();
        var entry = (uint*)(used + RingLayout.EntriesOffset + (8 * (_seen & (_size - 1))));
        var (head, written) = (entry[0], entry[1]);
        request = (int)(head / DescriptorsPerRequest);
        _broken = (ushort)(index - _seen) > BitOperations.PopCount(_underWay) || head % DescriptorsPerRequest != 0
            || head / DescriptorsPerRequest >= RequestsMax || ((_underWay >> request) & 1) == 0;
        if (_broken)
        {
            return false;
        }

        _seen++;
        _underWay &= ~(1UL << request);
        // §2.7.8: what it did not say it has written, it has not.
        done = _memory[HeadersAt + ((ulong)request * HeaderRoom) + StatusAt] == BlockRequest.Ok && written >= Answers[request];
        return true;
    }

    // §2.5.1: eight bytes are read as two halves, which may be of two moments.
    [ColdPath]
    private bool TryReadCapacity<THost>(ref THost host)
        where THost : struct, IMmio
    {
        for (var look = 0; look < CapacityLooks; look++)
        {
            var high = _device.Read(ref host, VirtioRegister.Configuration + 4);
            var low = _device.Read(ref host, VirtioRegister.Configuration);
            if (_device.Read(ref host, VirtioRegister.Configuration + 4) == high)
            {
                _sectors = ((ulong)high << 32) | low;
                return _sectors <= SectorsMax;
            }
        }

        return false;
    }

    private readonly void Describe(uint descriptor, ulong address, uint bytes, uint flags, uint next)
    {
        var entry = _memory + (descriptor * RingLayout.DescriptorBytes);
        *(ulong*)entry = address;
        *(uint*)(entry + 8) = bytes;
        *(ushort*)(entry + 12) = (ushort)flags;
        *(ushort*)(entry + 14) = (ushort)next;
    }
}
