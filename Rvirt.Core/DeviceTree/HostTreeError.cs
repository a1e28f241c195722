namespace Rvirt.Core.DeviceTree;

/// <summary>Why the host's device tree describes no machine that the hypervisor can run on.</summary>
public enum HostTreeError : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>There is no memory node with a size.</summary>
    NoMemory,

    /// <summary>A memory node has no readable <c>reg</c>, or one that wraps around.</summary>
    WrongMemory,

    /// <summary>There is no enabled 64-bit hart with an MMU.</summary>
    NoHart,

    /// <summary>The hart that started is not in the tree, or has no MMU.</summary>
    NoBootHart,

    /// <summary>There is no <c>timebase-frequency</c>, or it is 0.</summary>
    NoTimebase,

    /// <summary>There is no PLIC.</summary>
    NoPlic,

    /// <summary>No driver of the board drives the PLIC.</summary>
    UnknownPlic,

    /// <summary>The PLIC has no supervisor context for the hart that started.</summary>
    NoPlicContext,

    /// <summary>The initial RAM disk that the tree names is not all in memory.</summary>
    InitrdOutsideMemory,

    /// <summary>All memory lies at addresses that the hypervisor cannot map.</summary>
    MemoryOutOfReach,

    /// <summary>The PLIC lies at an address that the hypervisor cannot map.</summary>
    PlicOutOfReach,

    /// <summary>The console's UART lies at an address that the hypervisor cannot map.</summary>
    UartOutOfReach,

    /// <summary>The device that ends the machine lies at an address that the hypervisor cannot map.</summary>
    ResetOutOfReach,

    /// <summary>The real-time clock lies at an address that the hypervisor cannot map.</summary>
    ClockOutOfReach,

    /// <summary>The network card lies at an address that the hypervisor cannot map.</summary>
    NetworkOutOfReach,

    /// <summary>The disk lies at an address that the hypervisor cannot map.</summary>
    DiskOutOfReach,

    /// <summary>A virtio-mmio slot lies at an address that the hypervisor cannot map.</summary>
    VirtioOutOfReach,

    /// <summary>More ranges of memory are reserved than <see cref="HostDescription.MaximumReservations"/>: those that were cut could be given away.</summary>
    TooManyReservations,
}
