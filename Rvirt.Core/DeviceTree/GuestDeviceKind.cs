namespace Rvirt.Core.DeviceTree;

/// <summary>Kinds of devices that a guest's machine can have, in the order in which its device tree names them.</summary>
public enum GuestDeviceKind : byte
{
    /// <summary>None: nothing answers.</summary>
    None,

    /// <summary>The interrupt controller (PLIC 1.0.0).</summary>
    Plic,

    /// <summary>The SiFive test device, through which a guest powers off, restarts and fails.</summary>
    TestDevice,

    /// <summary>The Goldfish real-time clock.</summary>
    Clock,

    /// <summary>The 16550A UART.</summary>
    Uart,

    /// <summary>virtio-mmio slots.</summary>
    Virtio,
}
