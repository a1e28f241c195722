namespace Rvirt.Devices.Virtio.Mediated;

/// <summary>Which features pass mediation.</summary>
internal static class MediatedFeature
{
    /// <summary>What the queues of mediation do themselves, whatever the host's device can.</summary>
    public const ulong Own = VirtioFeature.IndirectDescriptors | VirtioFeature.EventIndex;

    /// <summary>What is offered to a guest where the host's device has it: the features of the kinds of devices, and the version.</summary>
    /// <remarks>
    /// Bits 24 to 41 are the queues' and transport's (virtio 1.2 §6). Legacy any-layout (27) is about the contents of buffers and passes.
    /// The others need what a mediated queue does not do: notify on empty (24), packed rings (34), in-order use (35), addresses of another
    /// kind (33), notification data (38, 39), reset of single queues (40), virtual functions (37), administration (41).
    /// </remarks>
    public const ulong Passed = 0x00ff_ffff | (1UL << 27) | VirtioFeature.Version1 | 0xfffc_0000_0000_0000;

    /// <summary>Of a block device: it cannot be written (virtio 1.2 §5.2.3, VIRTIO_BLK_F_RO).</summary>
    internal const ulong ReadOnlyBlock = 1UL << 5;

    /// <summary>What host and hypervisor settle between them, whatever the guest takes.</summary>
    public const ulong HostSide = VirtioFeature.EventIndex | VirtioFeature.Version1 | VirtioFeature.AccessPlatform | VirtioFeature.OrderPlatform;

    /// <summary>
    /// Features that need more queues than a mediated device has, by kind: net MQ and RSS, console multiport, block MQ.
    /// </summary>
    /// <param name="deviceId">Kind of device.</param>
    public static ulong ManyQueues(uint deviceId) => deviceId switch
    {
        VirtioKind.Network => (1UL << 22) | (1UL << 60),
        VirtioKind.Block => 1UL << 12,
        VirtioKind.Console => 1UL << 1,
        _ => 0,
    };
}
