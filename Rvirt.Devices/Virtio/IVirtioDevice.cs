using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.Virtio;

/// <summary>What a virtio device does for its driver: its kind, its queues, its configuration space.</summary>
/// <remarks>
/// <para>All that a device is which the hypervisor serves itself: what those have in common at the transport, <see cref="IVirtioBackend"/> adds. It reads chains with
/// <see cref="SplitQueue"/> and <see cref="DescriptorChain"/>.</para>
/// <para>What it may rely on: queues are named by numbers below <see cref="IVirtioBackend.MaxQueues"/> for which <see cref="QueueSizeMax"/> is
/// not 0; only started queues are notified; a device that did not reset is left alone; all calls come under the owner's lock. What it may not: sizes, addresses, features of a
/// legacy driver and all memory are the guest's to choose.</para>
/// <para>What it owes: bounded time for each call; nothing of the guest's memory touched after <see cref="Reset"/> returned true; a
/// queue that breaks a rule stops by itself, which is told with <see cref="VirtioNews.Fault"/>.</para>
/// </remarks>
public interface IVirtioDevice
{
    /// <summary>Kind of device (virtio 1.2 §5), see <see cref="VirtioKind"/>; 0: nothing, and the slot is empty. Does not change.</summary>
    uint Kind { get; }

    /// <summary>Features offered to the guest (§2.2). Does not change.</summary>
    ulong Offered { get; }

    /// <summary>Largest size of a queue, a power of two; 0: there is no such queue. Does not change.</summary>
    /// <param name="queue">Below <see cref="IVirtioBackend.MaxQueues"/>.</param>
    uint QueueSizeMax(uint queue);

    /// <summary>Lets go of everything the guest gave, and goes back to the state before any driver (§2.4).</summary>
    /// <returns>False where that cannot be had: the device is lost, and no memory it knew may be used for anything else.</returns>
    bool Reset<THost>(ref THost host)
        where THost : struct, IMmio;

    /// <summary>Starts a queue.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="queue">Its number; it is stopped.</param>
    /// <param name="place">Where the driver says it is, any values.</param>
    /// <param name="features">What was agreed on.</param>
    /// <returns>False where that cannot be; <see cref="TakeFault"/> says why.</returns>
    bool Start<THost>(ref THost host, in GuestMemory memory, uint queue, in QueuePlace place, ulong features)
        where THost : struct, IMmio;

    /// <summary>Stops a queue of a modern device: no more of its chains are taken.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="queue">Its number; it is started.</param>
    void Stop<THost>(ref THost host, uint queue)
        where THost : struct, IMmio;

    /// <summary>The guest says that a queue has new chains.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="queue">Its number; it was started.</param>
    /// <returns>What the driver is to hear of.</returns>
    VirtioNews Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio;

    /// <summary>Something came from the other side: an interrupt of the host's device, a packet, the end of a transfer.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <returns>What the driver is to hear of.</returns>
    VirtioNews Service<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio;

    /// <summary>The fault that was just told of; of several one, for the driver must reset the device anyway.</summary>
    /// <param name="queue">The queue that stopped.</param>
    QueueFault TakeFault(out uint queue);

    /// <summary>Reads the configuration space (§2.5).</summary>
    /// <param name="host">The hart.</param>
    /// <param name="offset">Below 256 and a multiple of <paramref name="size"/>; what lies behind the device's fields reads as zero.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    ulong ReadConfiguration<THost>(ref THost host, uint offset, int size)
        where THost : struct, IMmio;
}
