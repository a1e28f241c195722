namespace Rvirt.Devices.Virtio;

/// <summary>What happened at a slot since it was set up.</summary>
public struct VirtioCounters
{
    /// <summary>Notifications from the guest.</summary>
    public ulong GuestNotifications;

    /// <summary>Times that something came from the back end's other side: interrupts of the host's device.</summary>
    public ulong HostInterrupts;

    /// <summary>Interrupts to the guest: times its line rose.</summary>
    public ulong GuestInterrupts;

    /// <summary>Queues stopped for a fault.</summary>
    public ulong Faults;
}
