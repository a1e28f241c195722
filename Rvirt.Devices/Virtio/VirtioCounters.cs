namespace Rvirt.Devices.Virtio;

/// <summary>What passed through a mediated device since it was set up.</summary>
public struct VirtioCounters
{
    /// <summary>Notifications from the guest.</summary>
    public ulong GuestNotifications;

    /// <summary>Notifications to the host's device.</summary>
    public ulong HostNotifications;

    /// <summary>Interrupts from the host's device.</summary>
    public ulong HostInterrupts;

    /// <summary>Interrupts to the guest: times its line rose.</summary>
    public ulong GuestInterrupts;

    /// <summary>Queues stopped for a fault.</summary>
    public ulong Faults;
}
