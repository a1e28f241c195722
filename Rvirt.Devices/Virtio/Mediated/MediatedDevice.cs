using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Devices.Virtio.Mediated;

/// <summary>A back end that is one virtio-mmio device of the host, the guest's alone.</summary>
/// <remarks>
/// <para>The guest sees the host's device, in the host's version of the transport. What touches memory goes through
/// <see cref="MediatedQueue"/>; the configuration space and the status pass as they are.</para>
/// <para>Indirect descriptors and event indices are offered whatever the host's device can. Features that mediation cannot honour are
/// not offered (<see cref="MediatedFeature.Passed"/>).</para>
/// </remarks>
internal unsafe struct MediatedDevice : IVirtioBackend
{
    private HostVirtio _host;
    private uint _kind;
    private uint _vendor;
    private ulong _offered;
    private ulong _hostOffered;
    private uint _queueCount;
    private bool _hostEvents;
    private uint _heldCauses;
    private uint _faultQueue;
    private MediatedQueue* _queues;

    /// <summary>Bytes of page-aligned memory for the queues of a host's device; a multiple of 4096. Resets the device.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="address">Host physical address of its slot; 0: none.</param>
    public static ulong BytesNeeded<THost>(ref THost host, ulong address)
        where THost : struct, IMmio
    {
        if (address == 0 || HostVirtio.Probe(ref host, address, out var transport) == 0 || !transport.Reset(ref host))
        {
            return 0;
        }

        var bytes = 0UL;
        for (var queue = 0u; queue < IVirtioBackend.MaxQueues; queue++)
        {
            var size = MediatedQueue.HostSize(transport.QueueSizeMax(ref host, queue));
            bytes += size == 0 ? 0 : MediatedQueue.BytesNeeded(size);
        }

        return bytes;
    }

    /// <summary>Bytes of the records of a device's queues.</summary>
    public static ulong RecordBytes => IVirtioBackend.MaxQueues * (ulong)sizeof(MediatedQueue);

    /// <summary>Sets the back end up and resets the host's device. Without a device that can be passed on, it is of no kind.</summary>
    /// <param name="host">Access to the device's registers.</param>
    /// <param name="address">Host physical address of its slot; 0: none.</param>
    /// <param name="records">Zeroed memory of <see cref="RecordBytes"/> bytes, aligned to 16.</param>
    /// <param name="rings">Page-aligned memory of <see cref="BytesNeeded"/> bytes.</param>
    /// <param name="ringAddress">Its host physical address.</param>
    /// <returns>Bytes taken of <paramref name="rings"/>.</returns>
    public ulong Initialize<THost>(ref THost host, ulong address, byte* records, byte* rings, ulong ringAddress)
        where THost : struct, IMmio
    {
        this = default;
        if (address == 0)
        {
            return 0;
        }

        var kind = HostVirtio.Probe(ref host, address, out _host);
        if (kind == 0 || !_host.Reset(ref host))
        {
            return 0;
        }

        _kind = kind;
        _vendor = _host.Read(ref host, VirtioRegister.VendorId);
        // SAFETY: the caller's memory is as large as asked for.
        _queues = (MediatedQueue*)records;
        var taken = 0UL;
        for (var queue = 0u; queue < IVirtioBackend.MaxQueues; queue++)
        {
            _queues[queue] = default;
            var size = MediatedQueue.HostSize(_host.QueueSizeMax(ref host, queue));
            if (size != 0)
            {
                _queues[queue].Initialize(rings + taken, ringAddress + taken, size);
                _queues[queue].DrainsItself = kind == VirtioKind.Network && queue % 2 == 1;
                taken += MediatedQueue.BytesNeeded(size);
                _queueCount = queue + 1;
            }
        }

        _hostOffered = _host.ReadFeatures(ref host);
        _offered = (_hostOffered & MediatedFeature.Passed) | MediatedFeature.Own;
        if (_host.QueueSizeMax(ref host, IVirtioBackend.MaxQueues) != 0)
        {
            _offered &= ~MediatedFeature.ManyQueues(kind);
        }

        return taken;
    }

    /// <inheritdoc/>
    public readonly uint Kind => _kind;

    /// <inheritdoc/>
    public readonly uint Vendor => _vendor;

    /// <inheritdoc/>
    public readonly uint Version => _host.Version;

    /// <inheritdoc/>
    public readonly ulong Offered => _offered;

    /// <inheritdoc/>
    // SAFETY: below the count, which is at most the number of records; so in what follows.
    public readonly uint QueueSizeMax(uint queue) => queue < _queueCount ? _queues[queue].SizeMax : 0;

    /// <inheritdoc/>
    public bool Reset<THost>(ref THost host)
        where THost : struct, IMmio
    {
        // While it may still write, its rings and what they name stay as they are.
        if (!_host.Reset(ref host))
        {
            return false;
        }

        for (var queue = 0u; queue < _queueCount; queue++)
        {
            _queues[queue].Stop();
        }

        _hostEvents = false;
        _heldCauses = 0;
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>The host's device hears what the guest took of its own features, and what the queues use on the host's side.</remarks>
    public void Agree<THost>(ref THost host, ulong features)
        where THost : struct, IMmio
    {
        _hostEvents = (_hostOffered & VirtioFeature.EventIndex) != 0;
        _host.WriteFeatures(
            ref host, (features & MediatedFeature.Passed & _hostOffered & ~VirtioFeature.Version1) | (_hostOffered & MediatedFeature.HostSide));
    }

    /// <inheritdoc/>
    public readonly bool SetStatus<THost>(ref THost host, byte status)
        where THost : struct, IMmio
    {
        _host.Write(ref host, VirtioRegister.Status, status);
        return _host.Version == 1 || (_host.Read(ref host, VirtioRegister.Status) & VirtioStatus.FeaturesOk) != 0;
    }

    /// <inheritdoc/>
    public readonly bool NeedsReset<THost>(ref THost host)
        where THost : struct, IMmio =>
        (_host.Read(ref host, VirtioRegister.Status) & VirtioStatus.NeedsReset) != 0;

    /// <inheritdoc/>
    public bool Start<THost>(ref THost host, in GuestMemory memory, uint queue, in QueuePlace place, ulong features)
        where THost : struct, IMmio
    {
        ref var mediated = ref _queues[queue];
        if (mediated.InFlight != 0)
        {
            // The host's device may still write to the buffers of before: only a reset makes it let go of them.
            mediated.Fault = QueueFault.InFlight;
            _faultQueue = queue;
            return false;
        }

        if (!mediated.Start(memory, place, features, _hostEvents))
        {
            _faultQueue = queue;
            return false;
        }

        _host.StartQueue(ref host, queue, mediated.HostQueueSize, mediated.HostAddress);
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>Buffers in flight may still come in: the ring is not used again before a reset.</remarks>
    public void Stop<THost>(ref THost host, uint queue)
        where THost : struct, IMmio
    {
        _host.StopQueue(ref host, queue);
        _queues[queue].Active = false;
    }

    /// <inheritdoc/>
    public VirtioNews Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        if (_queues[queue].DrainsItself && _queues[queue].Active)
        {
            // Its returns are told late: what has come back is handed over while the guest is here anyway.
            return ReturnUsed(ref host, memory, queue);
        }

        return Forward(ref host, memory, queue);
    }

    /// <inheritdoc/>
    /// <remarks>An interrupt of the host's device: carries used buffers back, and on what waited for room.</remarks>
    public VirtioNews Service<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
    {
        var causes = TakeCauses(ref host) | _heldCauses;
        _heldCauses = 0;
        // What the device used before it interrupted is in memory from here on; what it uses later interrupts again.
        host.IoFence();
        var news = (VirtioNews)causes & VirtioNews.ConfigurationChanged;
        for (var queue = 0u; queue < _queueCount; queue++)
        {
            if (_queues[queue].Active)
            {
                news |= ReturnUsed(ref host, memory, queue);
            }
        }

        return news;
    }

    /// <inheritdoc/>
    public QueueFault TakeFault(out uint queue)
    {
        queue = _faultQueue;
        return _queues[queue].Fault;
    }

    /// <inheritdoc/>
    public readonly ulong ReadConfiguration<THost>(ref THost host, uint offset, int size)
        where THost : struct, IMmio
    {
        var address = _host.Base + VirtioRegister.Configuration + offset;
        return size switch
        {
            1 => host.Read8(address),
            2 => host.Read16(address),
            4 => host.Read32(address),
            _ => host.Read32(address) | ((ulong)host.Read32(address + 4) << 32),
        };
    }

    /// <inheritdoc/>
    public readonly void WriteConfiguration<THost>(ref THost host, uint offset, int size, ulong value)
        where THost : struct, IMmio
    {
        var address = _host.Base + VirtioRegister.Configuration + offset;
        switch (size)
        {
            case 1:
                host.Write8(address, (byte)value);
                break;
            case 2:
                host.Write16(address, (ushort)value);
                break;
            case 4:
                host.Write32(address, (uint)value);
                break;
            default:
                host.Write32(address, (uint)value);
                host.Write32(address + 4, (uint)(value >> 32));
                break;
        }
    }

    /// <inheritdoc/>
    public readonly uint ConfigurationGeneration<THost>(ref THost host)
        where THost : struct, IMmio =>
        _host.Read(ref host, VirtioRegister.ConfigurationGeneration);

    /// <summary>What stands in the way of a snapshot: what the device knows beyond what its driver could tell it again.</summary>
    internal readonly SnapshotObstacle Obstacle => _kind switch
    {
        VirtioKind.Network or VirtioKind.Console or VirtioKind.Entropy => SnapshotObstacle.None,
        VirtioKind.Block => (_hostOffered & MediatedFeature.ReadOnlyBlock) != 0 ? SnapshotObstacle.None : SnapshotObstacle.Disk,
        _ => SnapshotObstacle.Device,
    };

    /// <summary>Whether what a driver does with another device it can do with this one.</summary>
    internal readonly bool IsLike(in MediatedDevice other)
    {
        var alike = _kind == other._kind && _host.Version == other._host.Version && _offered == other._offered && _queueCount == other._queueCount;
        for (var queue = 0u; alike && queue < _queueCount; queue++)
        {
            // SAFETY: below the count of both.
            alike = _queues[queue].SizeMax == other._queues[queue].SizeMax && _queues[queue].HostQueueSize >= other._queues[queue].HostQueueSize;
        }

        return alike;
    }

    /// <summary>The host's device interrupted while nothing may come to the guest: what it is about waits for <see cref="Service"/>.</summary>
    internal void Hold<THost>(ref THost host)
        where THost : struct, IMmio =>
        _heldCauses |= TakeCauses(ref host);

    /// <summary>A copy of the device's record lies in a copy of its memory: finds that.</summary>
    internal void MoveStorage(nint distance)
    {
        if (_kind == 0)
        {
            return;
        }

        // SAFETY: the caller has copied what Initialize was given.
        _queues = (MediatedQueue*)((byte*)_queues + distance);
        for (var queue = 0u; queue < _queueCount; queue++)
        {
            _queues[queue].MoveStorage(distance);
        }
    }

    /// <summary>Goes on where another device stood: tells the host's, which was reset, what the driver told the other's.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="other">The other device, one like this.</param>
    /// <param name="distance">How much further this guest's RAM lies than the other's.</param>
    /// <param name="driver">What its driver had told it.</param>
    /// <returns>What the driver is to hear of: a queue can have broken a rule since.</returns>
    internal VirtioNews Continue<THost>(ref THost host, in GuestMemory memory, in MediatedDevice other, nint distance, in DriverState driver)
        where THost : struct, IMmio
    {
        _faultQueue = other._faultQueue;
        var news = VirtioNews.None;
        if (driver.Status == 0)
        {
            return news;
        }

        // §3.1.1: the order in which a driver does it.
        SetStatus(ref host, (byte)(driver.Status & (VirtioStatus.Acknowledge | VirtioStatus.Driver)));
        if (driver.HasAgreed)
        {
            Agree(ref host, driver.Features);
            SetStatus(ref host, (byte)(driver.Status & ~(VirtioStatus.DriverOk | VirtioStatus.NeedsReset)));
        }

        for (var queue = 0u; queue < _queueCount; queue++)
        {
            if (((driver.Started >> (int)queue) & 1) != 0)
            {
                _queues[queue].Continue(memory, other._queues[queue], distance, _hostEvents);
                _host.StartQueue(ref host, queue, _queues[queue].HostQueueSize, _queues[queue].HostAddress);
                news |= FaultOf(queue);
            }
        }

        SetStatus(ref host, (byte)(driver.Status & ~VirtioStatus.NeedsReset));
        for (var queue = 0u; queue < _queueCount; queue++)
        {
            if (_queues[queue].InFlight != 0)
            {
                _host.Write(ref host, VirtioRegister.QueueNotify, queue);
            }
        }

        return news;
    }

    private readonly uint TakeCauses<THost>(ref THost host)
        where THost : struct, IMmio
    {
        var causes = _host.Read(ref host, VirtioRegister.InterruptStatus);
        _host.Write(ref host, VirtioRegister.InterruptAcknowledge, causes);
        return causes;
    }

    private VirtioNews Forward<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        if (_queues[queue].Forward(ref host, memory))
        {
            _host.Write(ref host, VirtioRegister.QueueNotify, queue);
        }

        return FaultOf(queue);
    }

    private VirtioNews ReturnUsed<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        _queues[queue].Return(ref host, out var tell);
        var news = tell ? VirtioNews.UsedBuffers : VirtioNews.None;
        return news | Forward(ref host, memory, queue);
    }

    private VirtioNews FaultOf(uint queue)
    {
        if (_queues[queue].Fault == QueueFault.None)
        {
            return VirtioNews.None;
        }

        _faultQueue = queue;
        return VirtioNews.Fault;
    }
}
