using Rvirt.Core.DeviceTree;
using Rvirt.Devices.Virtio.Served;

namespace Rvirt.Devices.Bus;

/// <summary>Which devices a guest has, and what of the host stands behind them.</summary>
public unsafe struct GuestDevices
{
    /// <summary>Most virtio slots a guest can have.</summary>
    public const int MaxSlots = GuestBoard.MaximumVirtioSlots;

    /// <summary>What the guest sees, and where.</summary>
    public GuestBoard Board;

    /// <summary>Number of virtual harts.</summary>
    public int Harts;

    private fixed byte _kind[MaxSlots];
    private fixed ulong _hostBase[MaxSlots];
    private fixed uint _hostSource[MaxSlots];
    private fixed ulong _diskAddress[MaxSlots];
    private fixed ulong _diskBytes[MaxSlots];

    /// <summary>The devices that every guest has, on every board (<see cref="GuestBoard.Standard"/>), with empty slots.</summary>
    /// <param name="harts">Number of virtual harts.</param>
    public static GuestDevices Standard(int harts) => new() { Board = GuestBoard.Standard, Harts = harts };

    /// <summary>Number of virtio slots. Those with nothing behind them are empty, which drivers pass over.</summary>
    public readonly int SlotCount => Board[GuestDeviceKind.Virtio].Count;

    /// <summary>Puts a virtio device of the host behind a slot; it is the guest's alone.</summary>
    /// <param name="slot">0 to <see cref="SlotCount"/> - 1.</param>
    /// <param name="hostBase">Host physical address of the device's virtio-mmio registers.</param>
    /// <param name="hostSource">Its source at the host's PLIC.</param>
    /// <returns>False where there is no such slot.</returns>
    public bool Attach(int slot, ulong hostBase, uint hostSource)
    {
        if (!TryPut(slot, SlotBackendKind.Mediated))
        {
            return false;
        }

        // SAFETY: TryPut has checked that it is one of MaxSlots places.
        _hostBase[slot] = hostBase;
        _hostSource[slot] = hostSource;
        return true;
    }

    /// <summary>Puts a disk in memory behind a slot.</summary>
    /// <param name="slot">0 to <see cref="SlotCount"/> - 1.</param>
    /// <param name="contents">Its contents, which stay in place and are no guest's memory.</param>
    /// <param name="bytes">Their size.</param>
    /// <returns>False where there is no such slot, or no whole sector.</returns>
    public bool AttachRamDisk(int slot, byte* contents, ulong bytes)
    {
        if (bytes < RamDisk.SectorBytes || !TryPut(slot, SlotBackendKind.RamDisk))
        {
            return false;
        }

        // SAFETY: a slot that TryPut took is a place of these lists, too.
        _diskAddress[slot] = (ulong)contents;
        _diskBytes[slot] = bytes;
        return true;
    }

    /// <summary>What is behind a slot.</summary>
    /// <param name="slot">Any value; there is nothing behind a slot that does not exist.</param>
    // SAFETY: here and below, the index is checked against the arrays' length.
    public readonly SlotBackendKind KindOf(int slot) => (uint)slot < MaxSlots ? (SlotBackendKind)_kind[slot] : SlotBackendKind.None;

    /// <summary>The disk in memory behind a slot, modern; of no size where there is none.</summary>
    internal readonly RamDisk RamDiskOf(int slot) => (uint)slot < MaxSlots ? new RamDisk(2, (byte*)_diskAddress[slot], _diskBytes[slot]) : default;

    /// <summary>Host physical address of the device behind a slot; 0: none.</summary>
    /// <param name="slot">Any value; there is nothing behind a slot that does not exist.</param>
    // SAFETY: the index is checked against the array's length right here.
    public readonly ulong HostBase(int slot) => (uint)slot < MaxSlots ? _hostBase[slot] : 0;

    /// <summary>Source at the host's PLIC of the device behind a slot.</summary>
    /// <param name="slot">Any value; a slot that does not exist has none, which is 0.</param>
    // SAFETY: the index is checked as in HostBase, against as many places.
    public readonly uint HostSource(int slot) => (uint)slot < MaxSlots ? _hostSource[slot] : 0;

    // What was behind the slot before is there no longer.
    private bool TryPut(int slot, SlotBackendKind kind)
    {
        if ((uint)slot >= (uint)SlotCount || (uint)slot >= MaxSlots)
        {
            return false;
        }

        // SAFETY: the slot is below MaxSlots, which is how many places each list has.
        _kind[slot] = (byte)kind;
        _hostBase[slot] = 0;
        _hostSource[slot] = 0;
        _diskAddress[slot] = 0;
        _diskBytes[slot] = 0;
        return true;
    }
}
