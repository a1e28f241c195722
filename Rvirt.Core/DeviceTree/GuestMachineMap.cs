namespace Rvirt.Core.DeviceTree;

/// <summary>The guest's physical map, which is that of QEMU's virt board, so that what is built for it runs unchanged.</summary>
public static class GuestMachineMap
{
    /// <summary>The SiFive test device.</summary>
    public const ulong TestDevice = 0x100000;

    /// <summary>Bytes of the test device's registers.</summary>
    public const ulong TestDeviceSize = 0x1000;

    /// <summary>The real-time clock.</summary>
    public const ulong Clock = 0x101000;

    /// <summary>Bytes of the clock's registers.</summary>
    public const ulong ClockSize = 0x1000;

    /// <summary>The clock's interrupt.</summary>
    public const uint ClockInterrupt = 11;

    /// <summary>The PLIC.</summary>
    public const ulong Plic = 0xc000000;

    /// <summary>Bytes of the PLIC's registers.</summary>
    public const ulong PlicSize = 0x600000;

    /// <summary>The PLIC's interrupt sources, 1 to this number.</summary>
    public const uint PlicSources = 0x5f;

    /// <summary>The 16550A UART.</summary>
    public const ulong Uart = 0x10000000;

    /// <summary>Bytes of the UART's registers.</summary>
    public const ulong UartSize = 0x100;

    /// <summary>The UART's interrupt.</summary>
    public const uint UartInterrupt = 10;

    /// <summary>The UART's input clock in Hz on QEMU.</summary>
    public const uint UartClockFrequency = 3686400;

    /// <summary>The first virtio-mmio slot.</summary>
    public const ulong Virtio = 0x10001000;

    /// <summary>Bytes from one virtio-mmio slot to the next, which is their size too.</summary>
    public const ulong VirtioStride = 0x1000;

    /// <summary>The first virtio-mmio slot's interrupt; the others follow.</summary>
    public const uint VirtioInterrupt = 1;

    /// <summary>virtio-mmio slots.</summary>
    public const int VirtioSlots = 8;

    /// <summary>Most harts of a guest: the one limit that its description and its PLIC share.</summary>
    public const int MaximumHarts = 8;

    /// <summary>Start of RAM.</summary>
    public const ulong Memory = 0x80000000;

    /// <summary>Offset in RAM at which a payload that names no place of its own is loaded.</summary>
    public const ulong PayloadOffset = 0x200000;
}
