using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.Virtio.Served;

/// <summary>
/// A back end that is served here and has no device of the host: a virtio disk (virtio 1.2 §5.2) in memory. It touches the guest's RAM only
/// through what <see cref="DescriptorChain"/> has checked, takes requests framed in any way (§2.7.4.1), and acts on whole chains only.
/// </summary>
/// <remarks>What a guest writes is gone with the machine, and stays over the guest's restarts. The owner holds a lock.</remarks>
internal unsafe struct RamDisk : IVirtioBackend
{
    /// <summary>Descriptors of its only queue.</summary>
    public const uint QueueSize = 64;

    /// <summary>The feature of a disk that takes flushes (§5.2.3).</summary>
    public const ulong Flush = 1ul << 9;

    /// <summary>Bytes of a sector (§5.2.4).</summary>
    public const uint SectorBytes = 512;

    private const uint HeaderBytes = 16;
    private const int BuffersMax = 64;
    private const byte Ok = 0;
    private const byte Failed = 1;
    private const byte Unsupported = 2;

    private byte* _sectors;
    private ulong _bytes;
    private uint _version;
    private SplitQueue _queue;
    private QueueFault _fault;
    private bool _active;

    /// <summary>Makes a disk.</summary>
    /// <param name="version">1: legacy; 2: modern.</param>
    /// <param name="sectors">Its contents, which stay in place and are no guest's memory.</param>
    /// <param name="bytes">Their size; what is left of it behind the last whole sector is not used.</param>
    // SAFETY: every access is checked to lie inside of the size that is given here.
    public RamDisk(uint version, byte* sectors, ulong bytes)
    {
        this = default;
        _version = version;
        _sectors = sectors;
        _bytes = bytes;
    }

    /// <inheritdoc/>
    public readonly uint Kind => VirtioKind.Block;

    /// <inheritdoc/>
    public readonly uint Vendor => 0x7669_7672;

    /// <inheritdoc/>
    public readonly uint Version => _version;

    /// <inheritdoc/>
    public readonly ulong Offered => Flush | VirtioFeature.IndirectDescriptors | VirtioFeature.EventIndex | (_version == 2 ? VirtioFeature.Version1 : 0);

    /// <inheritdoc/>
    public readonly uint QueueSizeMax(uint queue) => queue == 0 ? QueueSize : 0;

    /// <inheritdoc/>
    public bool Reset<THost>(ref THost host)
        where THost : struct, IMmio
    {
        _queue = default;
        _active = false;
        _fault = QueueFault.None;
        return true;
    }

    /// <inheritdoc/>
    public readonly void Agree<THost>(ref THost host, ulong features)
        where THost : struct, IMmio
    {
    }

    /// <inheritdoc/>
    public readonly bool SetStatus<THost>(ref THost host, byte status)
        where THost : struct, IMmio
        => true;

    /// <inheritdoc/>
    public readonly bool NeedsReset<THost>(ref THost host)
        where THost : struct, IMmio
        => false;

    /// <inheritdoc/>
    public bool Start<THost>(ref THost host, in GuestMemory memory, uint queue, in QueuePlace place, ulong features)
        where THost : struct, IMmio
    {
        _active = _queue.TryPlace(memory, place, QueueSize, features);
        _fault = _active ? QueueFault.None : QueueFault.Layout;
        return _active;
    }

    /// <inheritdoc/>
    public void Stop<THost>(ref THost host, uint queue)
        where THost : struct, IMmio
        => _active = false;

    /// <inheritdoc/>
    public VirtioNews Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        if (!_active)
        {
            return VirtioNews.None;
        }

        var before = _queue.UsedIndex;
        var available = _queue.ReadAvailable();
        // Bounded: what comes when so many are served waits for the next notification, which the event index asks for.
        for (var budget = _queue.Size; ;)
        {
            if (!_queue.TryCount(available, out var count))
            {
                _fault = QueueFault.AvailableIndex;
                break;
            }

            for (; count != 0 && budget != 0 && _fault == QueueFault.None; count--, budget--)
            {
                var head = _queue.ReadHead();
                if (TryServe(memory, head, out var written))
                {
                    _queue.Take();
                    _queue.Use(head, written);
                }
            }

            if (_fault != QueueFault.None || !_queue.NamesEvents)
            {
                break;
            }

            _queue.AskAt(available);
            host.IoFence();
            var next = _queue.ReadAvailable();
            if (next == available || budget == 0)
            {
                break;
            }

            available = next;
        }

        _active = _fault == QueueFault.None;
        _queue.PublishUsed();
        host.IoFence();
        var news = _queue.UsedIndex != before && _queue.WantsInterrupt(before) ? VirtioNews.UsedBuffers : VirtioNews.None;
        return _active ? news : news | VirtioNews.Fault;
    }

    /// <inheritdoc/>
    public readonly VirtioNews Service<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
        => VirtioNews.None;

    /// <inheritdoc/>
    public readonly QueueFault TakeFault(out uint queue)
    {
        queue = 0;
        return _fault;
    }

    // The capacity in _sectors; all else of the configuration belongs to features that are not offered (§5.2.4).
    /// <inheritdoc/>
    public readonly ulong ReadConfiguration<THost>(ref THost host, uint offset, int size)
        where THost : struct, IMmio
    {
        if (offset >= sizeof(ulong))
        {
            return 0;
        }

        var value = (_bytes / SectorBytes) >> (int)(8 * offset);
        return size == 8 ? value : value & ((1ul << (8 * size)) - 1);
    }

    /// <inheritdoc/>
    public readonly void WriteConfiguration<THost>(ref THost host, uint offset, int size, ulong value)
        where THost : struct, IMmio
    {
    }

    /// <inheritdoc/>
    public readonly uint ConfigurationGeneration<THost>(ref THost host)
        where THost : struct, IMmio
        => 0;

    // Collects a chain, then does what it asks. False: the chain broke a rule, and nothing was done.
    private bool TryServe(in GuestMemory memory, ushort head, out uint written)
    {
        written = 0;
        Span<QueueBuffer> buffers = stackalloc QueueBuffer[BuffersMax];
        var count = 0;
        ulong readable = 0;
        ulong writable = 0;
        var chain = _queue.Chain(memory, head, BuffersMax);
        while (chain.MoveNext(out var buffer))
        {
            if (count == BuffersMax)
            {
                _fault = QueueFault.TooLong;
                return false;
            }

            buffers[count++] = buffer;
            if (buffer.IsWritable)
            {
                writable += buffer.Length;
            }
            else
            {
                readable += buffer.Length;
            }
        }

        if (chain.Fault != QueueFault.None)
        {
            _fault = chain.Fault;
            return false;
        }

        buffers = buffers[..count];
        if (writable == 0)
        {
            // §5.2.6: there is no place for the status. The chain goes back as it came.
            return true;
        }

        var header = stackalloc ulong[2];
        var status = Failed;
        ulong data = 0;
        if (readable >= HeaderBytes)
        {
            // SAFETY: as many bytes as the header's two words have.
            Copy(buffers, false, 0, (byte*)header, HeaderBytes, toBuffers: false);

            // Each number is read from our copy: the guest may be changing its own.
            var type = (uint)header[0];
            var sector = header[1];
            data = type == 0 ? writable - 1 : type == 1 ? readable - HeaderBytes : 0;
            if (type is 0 or 1)
            {
                if (data % SectorBytes == 0 && sector <= _bytes / SectorBytes && data <= _bytes - (sector * SectorBytes))
                {
                    Copy(buffers, type == 0, type == 0 ? 0 : HeaderBytes, _sectors + (sector * SectorBytes), data, toBuffers: type == 0);
                    status = Ok;
                }
            }
            else
            {
                // Flush: what is in memory is as safe as it gets.
                status = type == 4 ? Ok : Unsupported;
            }

            data = type == 0 && status == Ok ? data : 0;
        }

        Copy(buffers, true, writable - 1, &status, 1, toBuffers: true);
        // Bytes from the first writable one on; where nothing was read, only the status at the end was written.
        written = data + 1 == writable ? (uint)(data + 1) : 0;
        return true;
    }

    // Moves _bytes between memory of ours and the readable or the writable part of a chain.
    private static void Copy(ReadOnlySpan<QueueBuffer> buffers, bool writable, ulong skip, byte* ours, ulong length, bool toBuffers)
    {
        foreach (var buffer in buffers)
        {
            if (buffer.IsWritable != writable || length == 0)
            {
                continue;
            }

            if (skip >= buffer.Length)
            {
                skip -= buffer.Length;
                continue;
            }

            var part = Math.Min(buffer.Length - skip, length);
            // SAFETY: inside the buffer, which the chain reader found to be RAM, and inside what the caller has room for.
            Unsafe.CopyBlockUnaligned(toBuffers ? buffer.Pointer + skip : ours, toBuffers ? ours : buffer.Pointer + skip, (uint)part);
            ours += part;
            length -= part;
            skip = 0;
        }
    }
}
