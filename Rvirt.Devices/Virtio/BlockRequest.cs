namespace Rvirt.Devices.Virtio;

/// <summary>Requests of a virtio disk (virtio 1.2 §5.2).</summary>
internal static class BlockRequest
{
    /// <summary>Bytes of a sector (§5.2.4).</summary>
    public const uint SectorBytes = 512;

    /// <summary>Bytes of the header before the data: type, a reserved word, sector (§5.2.6).</summary>
    public const uint HeaderBytes = 16;

    /// <summary>Type: the device writes the data.</summary>
    public const uint Read = 0;

    /// <summary>Type: the device reads the data.</summary>
    public const uint Write = 1;

    /// <summary>Type: what was written is to last.</summary>
    public const uint Flush = 4;

    /// <summary>Status: done.</summary>
    public const byte Ok = 0;

    /// <summary>Status: an error of the device or of the driver.</summary>
    public const byte Failed = 1;

    /// <summary>Status: the device does not know that type.</summary>
    public const byte Unsupported = 2;

    /// <summary>Feature: requests have no more than as many buffers of data as the configuration says (§5.2.3).</summary>
    public const ulong SegmentsFeature = 1UL << 2;

    /// <summary>Feature: the disk cannot be written.</summary>
    public const ulong ReadOnlyFeature = 1UL << 5;

    /// <summary>Feature: the disk takes flushes.</summary>
    public const ulong FlushFeature = 1UL << 9;

    /// <summary>Whether data are whole sectors of a disk.</summary>
    /// <param name="sectors">The disk's size.</param>
    /// <param name="sector">The first sector, any value.</param>
    /// <param name="bytes">How many bytes, any value.</param>
    public static bool IsWithin(ulong sectors, ulong sector, ulong bytes) => bytes % SectorBytes == 0 && sector <= sectors && bytes / SectorBytes <= sectors - sector;
}
