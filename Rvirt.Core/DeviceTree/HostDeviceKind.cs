namespace Rvirt.Core.DeviceTree;

/// <summary>Kinds of devices of the host that the hypervisor uses.</summary>
public enum HostDeviceKind : byte
{
    /// <summary>None of them.</summary>
    None,

    /// <summary>A UART.</summary>
    Uart,

    /// <summary>A PLIC.</summary>
    Plic,

    /// <summary>A virtio-mmio slot.</summary>
    VirtioSlot,

    /// <summary>A device that ends the machine.</summary>
    Reset,

    /// <summary>A real-time clock.</summary>
    Clock,

    /// <summary>A network card.</summary>
    Network,

    /// <summary>A disk.</summary>
    Disk,
}
