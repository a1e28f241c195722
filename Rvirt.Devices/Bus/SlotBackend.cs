using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Mediated;
using Rvirt.Devices.Virtio.Served;

namespace Rvirt.Devices.Bus;

/// <summary>The back end of a guest's slot, whichever kind it is: a bus can have slots of several kinds beside each other.</summary>
/// <remarks>
/// The one place that chooses among back ends: a further one is a kind, a field and a line in each member of <see cref="IVirtioDevice"/> here. What all devices have in common that
/// are served here is here too: their vendor, and that they have no say in features and status, and nothing that can be written in their configuration. The choice is made at set-up
/// and does not change. No call goes through a table.
/// </remarks>
internal struct SlotBackend : IVirtioBackend
{
    private const uint OwnVendor = 0x7669_7672;

    private SlotBackendKind _kind;
    private MediatedDevice _mediated;
    private RamDisk _ramDisk;
    private NetworkPort _network;
    private PartitionDisk _partition;

    /// <summary>Puts a device of the host behind the slot, which is empty, and stays so where that cannot be passed on.</summary>
    public void Use(in MediatedDevice device)
    {
        _kind = device.Kind == 0 ? SlotBackendKind.None : SlotBackendKind.Mediated;
        _mediated = device;
    }

    /// <summary>Puts a disk in memory behind the slot, which is empty.</summary>
    public void Use(in RamDisk disk)
    {
        _kind = SlotBackendKind.RamDisk;
        _ramDisk = disk;
    }

    /// <summary>Puts a network card, at a port of a switch, behind the slot, which is empty.</summary>
    public void Use(in NetworkPort port)
    {
        _kind = SlotBackendKind.Network;
        _network = port;
    }

    /// <summary>Puts a partition of a disk of the host behind the slot, which is empty.</summary>
    public void Use(in PartitionDisk disk)
    {
        _kind = SlotBackendKind.Partition;
        _partition = disk;
    }

    /// <summary>What stands in the way of a snapshot.</summary>
    internal readonly SnapshotObstacle Obstacle => _kind switch
    {
        SlotBackendKind.Mediated => _mediated.Obstacle,
        SlotBackendKind.RamDisk => SnapshotObstacle.Disk,
        SlotBackendKind.Partition => _partition.Obstacle,
        _ => SnapshotObstacle.None,
    };

    /// <summary>Whether a driver can go on with this one where it stood with another.</summary>
    internal readonly bool IsLike(in SlotBackend other) => _kind == other._kind && (_kind != SlotBackendKind.Mediated || _mediated.IsLike(other._mediated));

    /// <summary>Something came from the other side, and has to wait.</summary>
    internal void Hold<THost>(ref THost host)
        where THost : struct, IMmio
    {
        if (_kind == SlotBackendKind.Mediated)
        {
            _mediated.Hold(ref host);
        }
    }

    /// <summary>A copy of the back end lies in a copy of its memory: finds that.</summary>
    internal void MoveStorage(nint distance)
    {
        if (_kind == SlotBackendKind.Mediated)
        {
            _mediated.MoveStorage(distance);
        }
    }

    /// <summary>Goes on where another one stood, of those that nothing stands in the way of; this one was reset.</summary>
    /// <returns>What the driver is to hear of.</returns>
    internal VirtioNews Continue<THost>(ref THost host, in GuestMemory memory, in SlotBackend other, nint distance, in DriverState driver)
        where THost : struct, IMmio
    {
        switch (_kind)
        {
            case SlotBackendKind.Mediated:
                return _mediated.Continue(ref host, memory, other._mediated, distance, driver);
            case SlotBackendKind.Network:
                _network.Continue(other._network, distance);
                return VirtioNews.None;
            default:
                return VirtioNews.None;
        }
    }

    /// <summary>Whether it waits for a disk of the host, and is to be watched.</summary>
    internal readonly bool IsWaiting => _kind == SlotBackendKind.Partition && _partition.IsWaiting;

    /// <summary>Whether that disk goes on only as it is asked.</summary>
    internal readonly bool IsPolled => _kind == SlotBackendKind.Partition && _partition.IsPolled;

    /// <summary>Gives up what was under way at the watch before (<see cref="PartitionDisk.Watch"/>).</summary>
    /// <returns>Whether anything was.</returns>
    internal bool Watch() => _kind == SlotBackendKind.Partition && _partition.Watch();

    /// <summary>The ports of its network that are to be served (<see cref="NetworkPort.TakeTold"/>).</summary>
    internal ulong TakeTold() => _kind == SlotBackendKind.Network ? _network.TakeTold() : 0;

    /// <inheritdoc/>
    public readonly uint Kind => _kind switch
    {
        SlotBackendKind.Mediated => _mediated.Kind,
        SlotBackendKind.RamDisk => _ramDisk.Kind,
        SlotBackendKind.Network => _network.Kind,
        SlotBackendKind.Partition => _partition.Kind,
        _ => 0,
    };

    /// <inheritdoc/>
    public readonly uint Vendor => _kind switch
    {
        SlotBackendKind.None => 0,
        SlotBackendKind.Mediated => _mediated.Vendor,
        _ => OwnVendor,
    };

    /// <inheritdoc/>
    public readonly uint Version => _kind switch
    {
        SlotBackendKind.None => 1,
        SlotBackendKind.Mediated => _mediated.Version,
        SlotBackendKind.RamDisk => _ramDisk.Version,
        _ => 2,
    };

    /// <inheritdoc/>
    public readonly ulong Offered => _kind switch
    {
        SlotBackendKind.Mediated => _mediated.Offered,
        SlotBackendKind.RamDisk => _ramDisk.Offered,
        SlotBackendKind.Network => _network.Offered,
        SlotBackendKind.Partition => _partition.Offered,
        _ => 0,
    };

    /// <inheritdoc/>
    public readonly uint QueueSizeMax(uint queue) => _kind switch
    {
        SlotBackendKind.Mediated => _mediated.QueueSizeMax(queue),
        SlotBackendKind.RamDisk => _ramDisk.QueueSizeMax(queue),
        SlotBackendKind.Network => _network.QueueSizeMax(queue),
        SlotBackendKind.Partition => _partition.QueueSizeMax(queue),
        _ => 0,
    };

    /// <inheritdoc/>
    public bool Reset<THost>(ref THost host)
        where THost : struct, IMmio => _kind switch
        {
            SlotBackendKind.Mediated => _mediated.Reset(ref host),
            SlotBackendKind.RamDisk => _ramDisk.Reset(ref host),
            SlotBackendKind.Network => _network.Reset(ref host),
            SlotBackendKind.Partition => _partition.Reset(ref host),
            _ => true,
        };

    /// <inheritdoc/>
    public void Agree<THost>(ref THost host, ulong features)
        where THost : struct, IMmio
    {
        if (_kind == SlotBackendKind.Mediated)
        {
            _mediated.Agree(ref host, features);
        }
    }

    /// <inheritdoc/>
    public readonly bool SetStatus<THost>(ref THost host, byte status)
        where THost : struct, IMmio =>
        _kind != SlotBackendKind.Mediated || _mediated.SetStatus(ref host, status);

    /// <inheritdoc/>
    public readonly bool NeedsReset<THost>(ref THost host)
        where THost : struct, IMmio =>
        _kind == SlotBackendKind.Mediated && _mediated.NeedsReset(ref host);

    /// <inheritdoc/>
    public bool Start<THost>(ref THost host, in GuestMemory memory, uint queue, in QueuePlace place, ulong features)
        where THost : struct, IMmio => _kind switch
        {
            SlotBackendKind.Mediated => _mediated.Start(ref host, memory, queue, place, features),
            SlotBackendKind.RamDisk => _ramDisk.Start(ref host, memory, queue, place, features),
            SlotBackendKind.Network => _network.Start(ref host, memory, queue, place, features),
            SlotBackendKind.Partition => _partition.Start(ref host, memory, queue, place, features),
            _ => false,
        };

    /// <inheritdoc/>
    public void Stop<THost>(ref THost host, uint queue)
        where THost : struct, IMmio
    {
        switch (_kind)
        {
            case SlotBackendKind.Mediated:
                _mediated.Stop(ref host, queue);
                break;
            case SlotBackendKind.RamDisk:
                _ramDisk.Stop(ref host, queue);
                break;
            case SlotBackendKind.Network:
                _network.Stop(ref host, queue);
                break;
            case SlotBackendKind.Partition:
                _partition.Stop(ref host, queue);
                break;
        }
    }

    /// <inheritdoc/>
    public VirtioNews Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio => _kind switch
        {
            SlotBackendKind.Mediated => _mediated.Notify(ref host, memory, queue),
            SlotBackendKind.RamDisk => _ramDisk.Notify(ref host, memory, queue),
            SlotBackendKind.Network => _network.Notify(ref host, memory, queue),
            SlotBackendKind.Partition => _partition.Notify(ref host, memory, queue),
            _ => VirtioNews.None,
        };

    /// <inheritdoc/>
    public VirtioNews Service<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio => _kind switch
        {
            SlotBackendKind.Mediated => _mediated.Service(ref host, memory),
            SlotBackendKind.RamDisk => _ramDisk.Service(ref host, memory),
            SlotBackendKind.Network => _network.Service(ref host, memory),
            SlotBackendKind.Partition => _partition.Service(ref host, memory),
            _ => VirtioNews.None,
        };

    /// <inheritdoc/>
    public QueueFault TakeFault(out uint queue)
    {
        if (_kind == SlotBackendKind.RamDisk)
        {
            return _ramDisk.TakeFault(out queue);
        }

        if (_kind == SlotBackendKind.Network)
        {
            return _network.TakeFault(out queue);
        }

        if (_kind == SlotBackendKind.Partition)
        {
            return _partition.TakeFault(out queue);
        }

        // Only a back end that told of a fault is asked.
        return _mediated.TakeFault(out queue);
    }

    /// <inheritdoc/>
    public readonly ulong ReadConfiguration<THost>(ref THost host, uint offset, int size)
        where THost : struct, IMmio => _kind switch
        {
            SlotBackendKind.Mediated => _mediated.ReadConfiguration(ref host, offset, size),
            SlotBackendKind.RamDisk => _ramDisk.ReadConfiguration(ref host, offset, size),
            SlotBackendKind.Network => _network.ReadConfiguration(ref host, offset, size),
            SlotBackendKind.Partition => _partition.ReadConfiguration(ref host, offset, size),
            _ => 0,
        };

    /// <inheritdoc/>
    public readonly void WriteConfiguration<THost>(ref THost host, uint offset, int size, ulong value)
        where THost : struct, IMmio
    {
        if (_kind == SlotBackendKind.Mediated)
        {
            _mediated.WriteConfiguration(ref host, offset, size, value);
        }
    }

    /// <inheritdoc/>
    public readonly uint ConfigurationGeneration<THost>(ref THost host)
        where THost : struct, IMmio =>
        _kind == SlotBackendKind.Mediated ? _mediated.ConfigurationGeneration(ref host) : 0;
}
