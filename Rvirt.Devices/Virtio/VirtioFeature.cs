namespace Rvirt.Devices.Virtio;

/// <summary>Features that are the transport's or the queues' rather than the device's (virtio 1.2 §6), and which of them pass mediation.</summary>
public static class VirtioFeature
{
    /// <summary>Descriptors may lead to a table of descriptors.</summary>
    public const ulong IndirectDescriptors = 1ul << 28;

    /// <summary>Either side names the index at which it wants to be told.</summary>
    public const ulong EventIndex = 1ul << 29;

    /// <summary>The device follows virtio 1.0 or later.</summary>
    public const ulong Version1 = 1ul << 32;

    /// <summary>The device reaches memory through an IOMMU, or as the platform has it.</summary>
    public const ulong AccessPlatform = 1ul << 33;

    /// <summary>Memory accesses are ordered as the platform has it.</summary>
    public const ulong OrderPlatform = 1ul << 36;

    /// <summary>What the queues of mediation do themselves, whatever the host's device can.</summary>
    public const ulong Own = IndirectDescriptors | EventIndex;

    /// <summary>What is offered to a guest where the host's device has it: the features of the kinds of devices, and the version.</summary>
    /// <remarks>
    /// Bits 24 to 41 are the queues' and transport's. Legacy any-layout (27) is about the contents of buffers and passes. The others
    /// need what a mediated queue does not do: notify on empty (24), packed rings (34), in-order use (35), addresses of another kind
    /// (33), notification data (38, 39), reset of single queues (40), virtual functions (37), administration (41).
    /// </remarks>
    public const ulong Passed = 0x00ff_ffff | (1ul << 27) | Version1 | 0xfffc_0000_0000_0000;

    /// <summary>
    /// Features that need more queues than a mediated device has, by kind: net MQ and RSS, console multiport, block MQ.
    /// </summary>
    /// <param name="deviceId">Kind of device.</param>
    public static ulong ManyQueues(uint deviceId) => deviceId switch
    {
        VirtioKind.Network => (1ul << 22) | (1ul << 60),
        VirtioKind.Block => 1ul << 12,
        VirtioKind.Console => 1ul << 1,
        _ => 0,
    };
}
