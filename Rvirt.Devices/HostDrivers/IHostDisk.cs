using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.HostDrivers;

/// <summary>
/// A driver of a disk: sectors of 512 bytes, and a fixed number of requests that may be under way, each with a number. Nobody waits for it: a request is given
/// (<see cref="TrySubmit"/>), the disk is served (<see cref="Serve"/>), and requests that are over are taken (<see cref="TryTake"/>).
/// </summary>
/// <remarks>
/// <para>A disk that interrupts is served for each interrupt. One that is polled (<see cref="IsPolled"/>) is served again and again by whoever waits for it, each time for a
/// bounded while: what takes the disk longer goes on at the next time.</para>
/// <para>What a device says is checked: one that breaks its rules has failed all that it has, and all that comes. Callers on several harts take a lock around it.</para>
/// </remarks>
// SAFETY: who calls gives memory that stays, of as many bytes as it says.
public unsafe interface IHostDisk : IHostDriver
{
    /// <summary>Bytes of page-aligned memory that it needs.</summary>
    static abstract ulong BytesNeeded { get; }

    /// <summary>Whether it is polled, and has no interrupt.</summary>
    static virtual bool IsPolled => false;

    /// <summary>How many sectors it has.</summary>
    ulong Sectors { get; }

    /// <summary>Whether it cannot be written.</summary>
    bool IsReadOnly { get; }

    /// <summary>Whether it may hold back what was written, until it is told to flush.</summary>
    bool HoldsBack { get; }

    /// <summary>How many requests may be under way, numbered from 0; at most 64.</summary>
    int Requests { get; }

    /// <summary>Starts the disk, and waits for it.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="device">What the device tree says of it.</param>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    /// <param name="memory">Zeroed memory of <see cref="BytesNeeded"/> bytes, the driver's for good, whatever comes of it.</param>
    /// <param name="window">Where that is, and all data.</param>
    /// <returns>False where there is no disk, or none that can be driven.</returns>
    bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where THost : struct, IMmio, ITime;

    /// <summary>Gives the disk a request.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="request">Below <see cref="Requests"/>, and not under way.</param>
    /// <param name="type">0: read; 1: write; 4: flush, as virtio numbers them (virtio 1.2 §5.2.6).</param>
    /// <param name="sector">The first sector; inside of the disk, as all are.</param>
    /// <param name="data">Physical address of the data, the disk's until the request is over.</param>
    /// <param name="bytes">Their size, whole sectors; 0 for a flush.</param>
    /// <returns>False where the disk is broken: the request has failed, and was not given.</returns>
    bool TrySubmit<THost>(ref THost host, int request, uint type, ulong sector, ulong data, uint bytes)
        where THost : struct, IMmio, ITime;

    /// <summary>Takes the disk's interrupt back: what it has done before can be taken, and what it does later interrupts again. One that is polled goes on with its work, for a bounded while.</summary>
    void Serve<THost>(ref THost host)
        where THost : struct, IMmio, ITime;

    /// <summary>Takes a request that is over.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="request">Which one.</param>
    /// <param name="done">Whether it was done; else it has failed.</param>
    /// <returns>False where none is.</returns>
    bool TryTake<THost>(ref THost host, out int request, out bool done)
        where THost : struct, IMmio, ITime;
}
