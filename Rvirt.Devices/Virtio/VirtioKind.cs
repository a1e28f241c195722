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

    private const uint Scsi = 8;
    private const uint FileSystem9P = 9;
    private const uint Input = 18;
    private const uint Socket = 19;

    /// <summary>Whether all memory such a device touches is named by descriptors, so that checking those is enough.</summary>
    /// <remarks>Balloon, IOMMU, GPU, memory and the like carry guest addresses inside their messages and are never passed on.</remarks>
    public static bool CanMediate(uint deviceId)
        => deviceId is Network or Block or Console or Entropy or Scsi or FileSystem9P or Input or Socket;
}
