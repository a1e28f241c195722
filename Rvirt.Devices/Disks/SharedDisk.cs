using Rvirt.Core.Host;
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

    /// <summary>Bytes of page-aligned memory that the disk itself needs.</summary>
    public const ulong BytesNeeded = HostVirtioDisk.BytesNeeded;

    private TicketLock _lock;
    private HostVirtioDisk _driver;
    private ulong _over;
    private ulong _done;
    private int _ports;

    /// <summary>Physical address of its registers.</summary>
    public readonly ulong Base => _driver.Base;

    /// <summary>How many sectors of 512 bytes it has.</summary>
    internal readonly ulong Sectors => _driver.Sectors;

    /// <summary>Whether it cannot be written.</summary>
    public readonly bool IsReadOnly => _driver.IsReadOnly;

    /// <summary>Whether it may hold back what was written, until it is told to flush.</summary>
    internal readonly bool HoldsBack => _driver.HoldsBack;

    /// <summary>Whether there is a disk behind a transport. Nothing of it changes.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="device">Physical address of the transport's registers.</param>
    public static bool IsDisk<THost>(ref THost host, ulong device)
        where THost : struct, IMmio =>
        HostVirtio.Probe(ref host, device, out _) == VirtioKind.Block;

    /// <summary>Starts a disk of the host; nobody has a port of it.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="device">Physical address of a virtio-mmio transport that is nobody else's.</param>
    /// <param name="memory">Zeroed memory of <see cref="BytesNeeded"/> bytes, given away for good.</param>
    /// <param name="address">Its physical address.</param>
    /// <returns>False where there is no disk, or none that can be driven.</returns>
    // SAFETY: the caller gives the memory away.
    public bool TryStart<THost>(ref THost host, ulong device, byte* memory, ulong address)
        where THost : struct, IMmio
    {
        this = default;
        return _driver.TryStart(ref host, device, memory, address);
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

    /// <summary>The device interrupted, or is asked whether it has done something.</summary>
    /// <returns>The ports of which a request is over, a bit for each: who has them is to be told.</returns>
    public uint Serve<THost>(ref THost host)
        where THost : struct, IMmio
    {
        var ports = 0u;
        _lock.Acquire();
        _driver.Acknowledge(ref host);
        // Bounded: each is one that was under way, and nothing is given meanwhile.
        while (_driver.TryTake(ref host, out var request, out var done))
        {
            _over |= 1UL << request;
            _done |= done ? 1UL << request : 0;
            ports |= 1u << (request / RequestsPerPort);
        }

        _lock.Release();
        return ports;
    }

    /// <summary>A request of a port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="number">Below <see cref="RequestsPerPort"/>.</param>
    internal static int RequestOf(int port, int number) => (port * RequestsPerPort) + number;
}
