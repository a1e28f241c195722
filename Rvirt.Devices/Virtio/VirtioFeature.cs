namespace Rvirt.Devices.Virtio;

/// <summary>Features that are the transport's or the queues' rather than the device's (virtio 1.2 §6).</summary>
public static class VirtioFeature
{
    /// <summary>Descriptors may lead to a table of descriptors.</summary>
    public const ulong IndirectDescriptors = 1UL << 28;

    /// <summary>Either side names the index at which it wants to be told.</summary>
    public const ulong EventIndex = 1UL << 29;

    /// <summary>The device follows virtio 1.0 or later.</summary>
    public const ulong Version1 = 1UL << 32;

    /// <summary>The device reaches memory through an IOMMU, or as the platform has it.</summary>
    public const ulong AccessPlatform = 1UL << 33;

    /// <summary>Memory accesses are ordered as the platform has it.</summary>
    public const ulong OrderPlatform = 1UL << 36;
}
