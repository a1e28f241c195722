namespace Rvirt.Core.DeviceTree;

/// <summary>A virtio-mmio slot of the host; there may be no device in it.</summary>
public struct HostVirtioSlot
{
    /// <summary>Address of its registers.</summary>
    public ulong Base;

    /// <summary>Bytes of its registers.</summary>
    internal ulong Size;

    /// <summary>Its PLIC source.</summary>
    public uint Interrupt;
}
