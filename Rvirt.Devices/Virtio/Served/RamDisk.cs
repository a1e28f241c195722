using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.Virtio.Served;

/// <summary>
/// A back end that is served here and has no device of the host: a virtio disk (virtio 1.2 §5.2) in memory. It touches the guest's RAM only
/// through what <see cref="DescriptorChain"/> has checked, takes requests framed in any way (§2.7.4.1), and acts on whole chains only.
/// </summary>
/// <remarks>What a guest writes is gone with the machine. A reset of the device leaves it; who loads the guest may fill the disk again. The owner holds a lock.</remarks>
internal unsafe struct RamDisk : IVirtioDevice
{
    /// <summary>Descriptors of its only queue.</summary>
    public const uint QueueSize = 64;

    /// <summary>Bytes of a sector.</summary>
    public const uint SectorBytes = BlockRequest.SectorBytes;

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

    /// <inheritdoc cref="IVirtioBackend.Version"/>
    public readonly uint Version => _version;

    /// <inheritdoc/>
    public readonly ulong Offered => BlockRequest.FlushFeature | VirtioFeature.IndirectDescriptors | VirtioFeature.EventIndex | (_version == 2 ? VirtioFeature.Version1 : 0);

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
    public bool Start<THost>(ref THost host, in GuestMemory memory, uint queue, in QueuePlace place, ulong features)
        where THost : struct, IMmio
    {
        _active = _queue.TryPlace(memory, place, QueueSize, features);
        _fault = _active ? QueueFault.None : QueueFault.Layout;
        return _active;
    }

    /// <inheritdoc/>
    public void Stop<THost>(ref THost host, uint queue)
        where THost : struct, IMmio =>
        _active = false;

    /// <inheritdoc/>
    public VirtioNews Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        if (!_active)
        {
            return VirtioNews.None;
        }

        var chain = default(RequestChain);
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
                if (TryServe(memory, ref chain, out var written))
                {
                    _queue.Take();
                    _queue.Use(chain.Head, written);
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
        where THost : struct, IMmio =>
        VirtioNews.None;

    /// <inheritdoc/>
    public readonly QueueFault TakeFault(out uint queue)
    {
        queue = 0;
        return _fault;
    }

    // The capacity in _sectors; all else of the configuration belongs to features that are not offered (§5.2.4).
    /// <inheritdoc/>
    public readonly ulong ReadConfiguration<THost>(ref THost host, uint offset, int size)
        where THost : struct, IMmio =>
        ConfigurationSpace.Read(_bytes / SectorBytes, offset, size);

    // Collects a chain, then does what it asks. False: the chain broke a rule, and nothing was done.
    private bool TryServe(in GuestMemory memory, ref RequestChain chain, out uint written)
    {
        written = 0;
        _fault = chain.Collect(_queue, memory);
        if (_fault != QueueFault.None)
        {
            return false;
        }

        if (chain.Writable == 0)
        {
            // §5.2.6: there is no place for the status. The chain goes back as it came.
            return true;
        }

        var status = BlockRequest.Failed;
        ulong moved = 0;
        if (chain.TryReadRequest(out var type, out var sector, out var data))
        {
            if (type is BlockRequest.Read or BlockRequest.Write)
            {
                if (BlockRequest.IsWithin(_bytes / SectorBytes, sector, data))
                {
                    // SAFETY: all of it lies inside the disk, as was checked.
                    var place = _sectors + (sector * SectorBytes);
                    if (type == BlockRequest.Read)
                    {
                        chain.Write(0, place, data);
                    }
                    else
                    {
                        chain.Read(BlockRequest.HeaderBytes, place, data);
                    }

                    status = BlockRequest.Ok;
                }
            }
            else
            {
                // Flush: what is in memory is as safe as it gets.
                status = type == BlockRequest.Flush ? BlockRequest.Ok : BlockRequest.Unsupported;
            }

            moved = type == BlockRequest.Read && status == BlockRequest.Ok ? data : 0;
        }

        written = chain.Finish(status, moved);
        return true;
    }
}
