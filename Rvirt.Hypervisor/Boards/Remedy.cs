namespace Rvirt.Hypervisor.Boards;

/// <summary>What an error at start-up asks the user for, where each board has a way of its own to do it.</summary>
public enum Remedy : byte
{
    /// <summary>Give the machine more memory.</summary>
    MoreMemory,

    /// <summary>Give the machine more harts.</summary>
    MoreHarts,

    /// <summary>Hand over a kernel, or a description of guests, as the initial RAM disk.</summary>
    Kernel,

    /// <summary>Have a PLIC for an interrupt controller.</summary>
    Plic,
}
