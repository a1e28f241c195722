namespace Rvirt.Core.DeviceTree;

/// <summary>A row of a <see cref="GuestBoard"/>: where the devices of one kind are, one behind the other.</summary>
public readonly struct GuestWindow
{
    /// <summary>Makes a row.</summary>
    /// <param name="start">Guest physical address of the first device.</param>
    /// <param name="size">Bytes of each device; the next one starts behind them.</param>
    /// <param name="interrupt">Source of the first device at the PLIC, those of the others follow; 0: they have none.</param>
    /// <param name="count">Number of devices.</param>
    internal GuestWindow(ulong start, ulong size, uint interrupt = 0, int count = 1)
    {
        Base = start;
        Size = size;
        Interrupt = interrupt;
        Count = count;
    }

    /// <summary>Guest physical address of the first device.</summary>
    public ulong Base { get; }

    /// <summary>Bytes of each device.</summary>
    public ulong Size { get; }

    /// <summary>Source of the first device at the PLIC; 0: none.</summary>
    public uint Interrupt { get; }

    /// <summary>Number of devices; 0: the machine has none of the kind.</summary>
    public int Count { get; }

    /// <summary>Bytes of all of them.</summary>
    public ulong Length => Size * (ulong)Count;

    /// <summary>Guest physical address of a device.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public ulong BaseOf(int index) => Base + (Size * (ulong)index);

    /// <summary>A device's source at the PLIC; 0: none.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public uint InterruptOf(int index) => Interrupt == 0 ? 0 : Interrupt + (uint)index;
}
