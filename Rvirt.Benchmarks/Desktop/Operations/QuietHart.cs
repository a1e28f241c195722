using System.Runtime.CompilerServices;
using Rvirt.Core.Memory;

namespace Rvirt.Benchmarks.Desktop.Operations;

/// <summary>State of the hart and the devices behind a <see cref="QuietHost"/>.</summary>
public struct QuietHart
{
    /// <summary>Bytes of a virtio-mmio slot's registers that are kept.</summary>
    public const int SlotBytes = 0x200;

    /// <summary>Waits that end by themselves; one more is taken for one without an end.</summary>
    public const int MostWaits = 1000;

    /// <summary>The window on the host's RAM.</summary>
    public PhysicalMemory Window;

    /// <summary>Value of <c>sstatus</c>.</summary>
    public ulong Sstatus;

    /// <summary>What every fetch of the hypervisor reads.</summary>
    public uint Instruction;

    /// <summary>What the next claim at the PLIC gives; then 0.</summary>
    public uint Claim;

    /// <summary>Waits so far.</summary>
    public int Waits;

    /// <summary>What the hypervisor ended its machine with.</summary>
    public uint Status;

    /// <summary>Registers of the one virtio device, by offset / 4.</summary>
    public Registers Slot;

    /// <summary>32-bit registers.</summary>
    [InlineArray(SlotBytes / 4)]
    public struct Registers
    {
        private uint _first;
    }
}
