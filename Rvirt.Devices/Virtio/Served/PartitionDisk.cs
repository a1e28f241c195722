using System;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.Disks;

namespace Rvirt.Devices.Virtio.Served;

/// <summary>
/// A back end that is served here: a virtio disk (virtio 1.2 §5.2) that is a partition of a disk of the host. Nobody waits for that: a request is
/// moved on when its guest notifies, and when the host's disk is done with a piece of it (<see cref="Service"/>).
/// </summary>
/// <remarks>
/// <para>Data go through memory of the port, of which the host's disk alone has a part at a time: a guest's RAM is touched by this struct only, through
/// what <see cref="DescriptorChain"/> has checked. So a reset waits for nothing; what was under way is abandoned, and nothing of the next life begins before it is over,
/// lest a write of the last life comes after a read of this one.</para>
/// <para>A request that the host's disk never answers has failed for the guest once two watches in a row (<see cref="Watch"/>) have seen it. For as long as there is such a one all that the
/// guest asks for fails at once: a write that was given up may still be carried out, and must not come behind a later one.</para>
/// <para>A flush is passed on where the host's disk holds back what was written; where it does not, each write lasts before its end is told.</para>
/// <para>The owner holds a lock; the disk's own is taken inside.</para>
/// </remarks>
internal unsafe struct PartitionDisk : IVirtioDevice
{
    /// <summary>Descriptors of its only queue.</summary>
    public const uint QueueSize = 128;

    // Header and status take a buffer each.
    private const ulong Segments = RequestChain.BuffersMax - 2;
    private const uint SecondWord = 8;
    private const int SegmentsShift = 32;

    private DiskPort _port;
    private SplitQueue _queue;
    private QueueFault _fault;
    private bool _active;

    // Requests that the host's disk has, but for those that were given up.
    private int _waiting;

    /// <summary>Makes a disk.</summary>
    /// <param name="port">What the guest has.</param>
    public PartitionDisk(in DiskPort port)
    {
        this = default;
        _port = port;
    }

    /// <inheritdoc/>
    public readonly uint Kind => VirtioKind.Block;

    /// <inheritdoc/>
    public readonly ulong Offered => BlockRequest.SegmentsFeature | BlockRequest.FlushFeature | (_port.IsReadOnly ? BlockRequest.ReadOnlyFeature : 0)
        | VirtioFeature.IndirectDescriptors | VirtioFeature.EventIndex | VirtioFeature.Version1;

    /// <summary>What stands in the way of a snapshot: what may be under way, even where nothing is written.</summary>
    internal readonly SnapshotObstacle Obstacle => _port.IsReadOnly ? SnapshotObstacle.Device : SnapshotObstacle.Disk;

    /// <summary>Whether the host's disk has something of it that was not given up: watches are to come.</summary>
    internal readonly bool IsWaiting => _waiting != 0;

    /// <summary>Whether the host's disk goes on only as it is asked (<see cref="Service"/>).</summary>
    internal readonly bool IsPolled => _port.Disk->IsPolled;

    /// <summary>Gives up what was under way at the watch before; <see cref="Service"/> has it fail. Watches come as far from each other as a disk may take.</summary>
    /// <returns>Whether anything was.</returns>
    internal bool Watch()
    {
        var before = _waiting;
        for (var i = 0; i < SharedDisk.RequestsPerPort; i++)
        {
            ref var request = ref Requests[i];
            if (request.IsUnderWay && !request.IsLost)
            {
                request.IsLost = request.IsOld;
                request.IsOld = true;
                _waiting -= request.IsLost ? 1 : 0;
            }
        }

        return _waiting != before;
    }

    /// <inheritdoc/>
    public readonly uint QueueSizeMax(uint queue) => queue == 0 ? QueueSize : 0;

    /// <inheritdoc/>
    public bool Reset<THost>(ref THost host)
        where THost : struct, IMmio
    {
        Abandon();
        _queue = default;
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
        Abandon();

    /// <inheritdoc/>
    public VirtioNews Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio =>
        Service(ref host, memory);

    /// <inheritdoc/>
    public VirtioNews Service<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
    {
        var before = _queue.UsedIndex;
        if (_waiting != 0)
        {
            _port.Disk->Poll(ref host);
        }

        var isClear = TakeEnds(ref host, out var hasLost);
        if (!_active)
        {
            return VirtioNews.None;
        }

        if (isClear || hasLost)
        {
            Begin(ref host, memory, hasLost);
        }

        _queue.PublishUsed();
        host.IoFence();
        var news = _queue.UsedIndex != before && _queue.WantsInterrupt(before) ? VirtioNews.UsedBuffers : VirtioNews.None;
        if (_fault == QueueFault.None)
        {
            return news;
        }

        Abandon();
        return news | VirtioNews.Fault;
    }

    /// <inheritdoc/>
    public readonly QueueFault TakeFault(out uint queue)
    {
        queue = 0;
        return _fault;
    }

    // The capacity in sectors, and the most buffers of a request; all else of the configuration belongs to features that are not offered (§5.2.4).
    /// <inheritdoc/>
    public readonly ulong ReadConfiguration<THost>(ref THost host, uint offset, int size)
        where THost : struct, IMmio =>
        offset < SecondWord ? ConfigurationSpace.Read(_port.Partition.Count, offset, size) : ConfigurationSpace.Read(Segments << SegmentsShift, offset - SecondWord, size);

    // SAFETY: the port's memory has room for as many requests, behind the pieces, and for one that fails at once.
    private readonly PartitionRequest* Requests => (PartitionRequest*)(_port.Memory + (SharedDisk.RequestsPerPort * DiskPort.PieceBytes));

    private void Abandon()
    {
        _active = false;
        for (var i = 0; i < SharedDisk.RequestsPerPort; i++)
        {
            Requests[i].IsAbandoned = Requests[i].IsUnderWay;
        }
    }

    // Moves on what the host's disk is done with. False: something of an earlier life is still under way.
    private bool TakeEnds<THost>(ref THost host, out bool hasLost)
        where THost : struct, IMmio
    {
        var isClear = true;
        hasLost = false;
        for (var i = 0; i < SharedDisk.RequestsPerPort; i++)
        {
            ref var request = ref Requests[i];
            if (!request.IsUnderWay)
            {
                continue;
            }

            if (!_port.Disk->TryTake(SharedDisk.RequestOf(_port.Port, i), out var done))
            {
                if (request.IsLost && !request.IsAbandoned)
                {
                    request.IsAbandoned = true;
                    Finish(request, BlockRequest.Failed);
                }

                hasLost |= request.IsLost;
                isClear &= !request.IsAbandoned;
                continue;
            }

            _waiting -= request.IsLost ? 0 : 1;
            request.IsUnderWay = false;
            request.IsLost = false;
            if (!request.IsAbandoned)
            {
                GoOn(ref host, ref request, i, done);
            }
        }

        return isClear;
    }

    // Takes chains for as long as there is a request for one. Where there is none, the end of one will come, and this is done again.
    private void Begin<THost>(ref THost host, in GuestMemory memory, bool fails)
        where THost : struct, IMmio
    {
        var available = _queue.ReadAvailable();
        // Bounded as no chain that was given back is shown before the end: a driver that keeps the rules can make no more available meanwhile.
        for (var budget = _queue.Size; ;)
        {
            if (!_queue.TryCount(available, out var count))
            {
                _fault = QueueFault.AvailableIndex;
                return;
            }

            for (; count != 0; count--, budget--)
            {
                var free = fails ? SharedDisk.RequestsPerPort : FindFree();
                if (free < 0 || budget == 0 || !TryBegin(ref host, memory, ref Requests[free], free))
                {
                    return;
                }
            }

            if (!_queue.NamesEvents)
            {
                return;
            }

            _queue.AskAt(available);
            host.IoFence();
            var next = _queue.ReadAvailable();
            if (next == available)
            {
                return;
            }

            available = next;
        }
    }

    private readonly int FindFree()
    {
        for (var i = 0; i < SharedDisk.RequestsPerPort; i++)
        {
            if (!Requests[i].IsUnderWay)
            {
                return i;
            }
        }

        return -1;
    }

    // False: the chain broke a rule, and nothing was done.
    private bool TryBegin<THost>(ref THost host, in GuestMemory memory, ref PartitionRequest request, int number)
        where THost : struct, IMmio
    {
        _fault = request.Chain.Collect(_queue, memory);
        if (_fault != QueueFault.None)
        {
            return false;
        }

        _queue.Take();
        request.IsAbandoned = false;
        request.Moved = 0;
        if (request.Chain.Writable == 0)
        {
            // §5.2.6: there is no place for the status. The chain goes back as it came.
            _queue.Use(request.Chain.Head, 0);
            return true;
        }

        if (!request.Chain.TryReadRequest(out request.Type, out var sector, out request.Bytes) || number == SharedDisk.RequestsPerPort)
        {
            Finish(request, BlockRequest.Failed);
            return true;
        }

        switch (request.Type)
        {
            case BlockRequest.Read:
            case BlockRequest.Write when !_port.IsReadOnly:
                break;
            case BlockRequest.Flush when _port.Disk->HoldsBack:
                request.Sector = 0;
                Submit(ref host, ref request, number);
                return true;
            default:
                Finish(request, request.Type == BlockRequest.Flush ? BlockRequest.Ok : request.Type == BlockRequest.Write ? BlockRequest.Failed : BlockRequest.Unsupported);
                return true;
        }

        if (!BlockRequest.IsWithin(_port.Partition.Count, sector, request.Bytes))
        {
            Finish(request, BlockRequest.Failed);
        }
        else if (request.Bytes == 0)
        {
            Finish(request, BlockRequest.Ok);
        }
        else
        {
            request.Sector = _port.Partition.First + sector;
            Submit(ref host, ref request, number);
        }

        return true;
    }

    private void GoOn<THost>(ref THost host, ref PartitionRequest request, int number, bool done)
        where THost : struct, IMmio
    {
        if (!done)
        {
            Finish(request, BlockRequest.Failed);
            return;
        }

        if (request.Type == BlockRequest.Read)
        {
            request.Chain.Write(request.Moved, Data(number), request.Piece);
        }

        request.Moved += request.Piece;
        request.Sector += request.Piece / BlockRequest.SectorBytes;
        if (request.Moved == request.Bytes)
        {
            Finish(request, BlockRequest.Ok);
        }
        else
        {
            Submit(ref host, ref request, number);
        }
    }

    private void Submit<THost>(ref THost host, ref PartitionRequest request, int number)
        where THost : struct, IMmio
    {
        request.Piece = (uint)Math.Min(request.Bytes - request.Moved, DiskPort.PieceBytes);
        if (request.Type == BlockRequest.Write)
        {
            request.Chain.Read(BlockRequest.HeaderBytes + request.Moved, Data(number), request.Piece);
        }

        request.IsOld = false;
        request.IsUnderWay = _port.Disk->TrySubmit(
            ref host, SharedDisk.RequestOf(_port.Port, number), request.Type, request.Sector, _port.MemoryAddress + ((uint)number * DiskPort.PieceBytes), request.Piece);
        if (request.IsUnderWay)
        {
            _waiting++;
        }
        else
        {
            Finish(request, BlockRequest.Failed);
        }
    }

    private void Finish(in PartitionRequest request, byte status) =>
        _queue.Use(request.Chain.Head, request.Chain.Finish(status, request.Type == BlockRequest.Read && status == BlockRequest.Ok ? request.Bytes : 0));

    // SAFETY: the port's memory begins with room for a piece of each request.
    private readonly byte* Data(int number) => _port.Memory + ((uint)number * DiskPort.PieceBytes);
}
