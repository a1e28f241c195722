namespace Rvirt.Devices.Virtio;

/// <summary>Kinds of virtio devices (virtio 1.2 §5).</summary>
public static class VirtioKind
{
    /// <summary>Network card.</summary>
    public const uint Network = 1;

    /// <summary>Disk.</summary>
    public const uint Block = 2;

    /// <summary>Console.</summary>
    public const uint Console = 3;

    /// <summary>Entropy source.</summary>
    public const uint Entropy = 4;

    /// <summary>SCSI host.</summary>
    internal const uint Scsi = 8;

    /// <summary>File system by 9P.</summary>
    internal const uint FileSystem9P = 9;

    /// <summary>Keyboard, mouse and the like.</summary>
    internal const uint Input = 18;

    /// <summary>Sockets between guest and host.</summary>
    internal const uint Socket = 19;

    /// <summary>
    /// Size in descriptors that a queue has until a driver says another, as the devices of the board that guests see have it; 0 where the kind cannot
    /// be mediated. QEMU's monitor tells them all but a socket's, as QEMU makes no such device without vhost: 128 is its source's.
    /// </summary>
    /// <param name="deviceId">Kind of device.</param>
    /// <param name="queue">Number of the queue.</param>
    internal static uint DefaultQueueSize(uint deviceId, uint queue) => deviceId switch
    {
        Network => queue == 2 ? 64u : 256,
        Block => 256,
        Console => queue is 2 or 3 ? 32u : 128,
        Entropy => 8,
        Scsi => 256,
        FileSystem9P or Socket => 128,
        Input => 64,
        _ => 0,
    };

    /// <summary>
    /// Whether requests look the same to a driver of before virtio 1.0, which does not take <see cref="VirtioFeature.Version1"/>. A network
    /// card's do not: the header before each packet is 10 bytes long without that feature and 12 with it (virtio 1.2 §5.1.6.1), and the
    /// host's device is always told to use it.
    /// </summary>
    internal static bool IsAlikeBeforeVersion1(uint deviceId) => deviceId is Block or Entropy;

    /// <summary>Whether all memory such a device touches is named by descriptors, so that checking those is enough.</summary>
    /// <remarks>Balloon, IOMMU, GPU, memory and the like carry guest addresses inside their messages and are never passed on.</remarks>
    internal static bool CanMediate(uint deviceId) =>
        deviceId is Network or Block or Console or Entropy or Scsi or FileSystem9P or Input or Socket;
}
