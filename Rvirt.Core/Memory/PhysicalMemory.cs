namespace Rvirt.Core.Memory;

/// <summary>The hypervisor's view of host physical memory: one linear window, physical address plus a constant.</summary>
/// <remarks>On the target the window is a huge page of every page table; on a desktop it is a block that stands for the RAM.</remarks>
public readonly unsafe struct PhysicalMemory
{
    private readonly ulong _offset;

    /// <summary>Makes a window in which physical address 0 would stand at <paramref name="offset"/> (modulo 2^64).</summary>
    public PhysicalMemory(ulong offset) => _offset = offset;

    /// <summary>The pointer through which the hypervisor reaches a physical address. Not checked: the caller owns the range.</summary>
    // SAFETY: no more than a sum; whoever follows the pointer owns the range and says so there.
    public byte* Pointer(ulong physicalAddress) => (byte*)(physicalAddress + _offset);

    /// <summary>The physical address of a pointer into the window.</summary>
    public ulong Address(void* pointer) => (ulong)pointer - _offset;
}
