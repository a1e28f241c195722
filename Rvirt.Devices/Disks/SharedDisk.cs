using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.Disks;

/// <summary>A disk of the host, with a port for each guest that has a partition of it.</summary>
/// <remarks>
/// A port has as many requests as <see cref="RequestsPerPort"/>, numbered from 0. Who submits one and who takes its end hold the port's own lock, its guest's
/// bus; <see cref="Serve"/> is called by whichever hart has the disk's interrupt, with no lock held.
/// </remarks>
public unsafe struct SharedDisk
{
    /// <summary>Requests of a port that may be under way.</summary>
    internal const int RequestsPerPort = 4;

    private TicketLock _lock;
    private HostDiskDriver _driver;
    private ulong _over;
    private ulong _done;
    private int _ports;

    /// <summary>Physical address of its registers.</summary>
    public ulong Base { get; private set; }

    /// <summary>How many sectors of 512 bytes it has.</summary>
    internal readonly ulong Sectors => _driver.Sectors;

    /// <summary>Whether it cannot be written.</summary>
    public readonly bool IsReadOnly => _driver.IsReadOnly;

    /// <summary>Whether it may hold back what was written, until it is told to flush.</summary>
    internal readonly bool HoldsBack => _driver.HoldsBack;

    /// <summary>Whether it never interrupts: who waits for it has it go on (<see cref="Poll"/>).</summary>
    public readonly bool IsPolled => _driver.IsPolled;

    /// <summary>Finds a disk behind a virtio slot of the host. Nothing of it changes.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="address">Physical address of the slot's registers.</param>
    /// <returns>False where there is none.</returns>
    public bool TryFind<THost>(ref THost host, ulong address)
        where THost : struct, IMmio, ITime
    {
        this = default;
        var found = HostVirtio.Probe(ref host, address, out _) == VirtioKind.Block;
        if (found)
        {
            _driver.Take<HostVirtioDisk, THost>();
        }

        return found;
    }

    /// <summary>Takes a disk of the host with the driver that was chosen for it. Nothing of it changes.</summary>
    public void Use(in HostDiskDriver driver)
    {
        this = default;
        _driver = driver;
    }

    /// <summary>Bytes of page-aligned memory that the disk's driver needs.</summary>
    public readonly ulong BytesNeeded => _driver.BytesNeeded;

    /// <summary>Starts the disk that was found, which is nobody else's; nobody has a port of it.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="device">What the device tree says of it.</param>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    /// <param name="memory">Zeroed memory of as many bytes as the driver needs, given away for good.</param>
    /// <param name="window">Where that is, and all data.</param>
    /// <returns>False where there is no disk, or none that can be driven.</returns>
    // SAFETY: the caller gives the memory away.
    public bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where THost : struct, IMmio
    {
        Base = device.Base;
        return _driver.TryStart(ref host, device, timebase, memory, window);
    }

    /// <summary>Opens a port.</summary>
    /// <returns>False where the device's queue is too small for one more.</returns>
    public bool TryOpen(out int port)
    {
        port = _ports;
        if ((port + 1) * RequestsPerPort > _driver.Requests)
        {
            return false;
        }

        _ports++;
        return true;
    }

    /// <summary>Gives the device a request.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="request">Port and number as <see cref="RequestOf"/> has them; it is not under way.</param>
    /// <param name="type">A <see cref="BlockRequest"/>.</param>
    /// <param name="sector">The first sector of the disk.</param>
    /// <param name="data">Physical address of the data.</param>
    /// <param name="bytes">Their size, whole sectors; 0 for a flush.</param>
    /// <returns>False where it has failed at once.</returns>
    internal bool TrySubmit<THost>(ref THost host, int request, uint type, ulong sector, ulong data, uint bytes)
        where THost : struct, IMmio
    {
        _lock.Acquire();
        var given = _driver.TrySubmit(ref host, request, type, sector, data, bytes);
        _lock.Release();
        return given;
    }

    /// <summary>Takes the end of a request.</summary>
    /// <param name="request">A request that is under way.</param>
    /// <param name="done">Whether it was done; else it has failed.</param>
    /// <returns>False where it still is.</returns>
    internal bool TryTake(int request, out bool done)
    {
        var bit = 1UL << request;
        _lock.Acquire();
        var over = (_over & bit) != 0;
        done = (_done & bit) != 0;
        _over &= ~bit;
        _done &= ~bit;
        _lock.Release();
        return over;
    }

    /// <summary>Has a disk that is polled go on, for a bounded while; who asks has something there, and looks for its end afterwards. Others find the ends of theirs as they ask.</summary>
    internal void Poll<THost>(ref THost host)
        where THost : struct, IMmio
    {
        // Whoever has it does the same for all.
        if (_driver.IsPolled && _lock.TryAcquire())
        {
            TakeOver(ref host);
            _lock.Release();
        }
    }

    /// <summary>The device interrupted, or is asked whether it has done something.</summary>
    /// <returns>The ports of which a request is over, a bit for each: who has them is to be told.</returns>
    public uint Serve<THost>(ref THost host)
        where THost : struct, IMmio
    {
        _lock.Acquire();
        var ports = TakeOver(ref host);
        _lock.Release();
        return ports;
    }

    /// <summary>A request of a port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="number">Below <see cref="RequestsPerPort"/>.</param>
    internal static int RequestOf(int port, int number) => (port * RequestsPerPort) + number;

    private uint TakeOver<THost>(ref THost host)
        where THost : struct, IMmio
    {
        var ports = 0u;
        _driver.Serve(ref host);
        // Bounded: each is one that was under way, and nothing is given meanwhile.
        while (_driver.TryTake(ref host, out var request, out var done))
        {
            _over |= 1UL << request;
            _done |= done ? 1UL << request : 0;
            ports |= 1u << (request / RequestsPerPort);
        }

        return ports;
    }
}
