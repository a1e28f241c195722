using Rvirt.Core.DeviceTree;
using Rvirt.Devices.Network;
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
    private fixed ulong _network[MaxSlots];
    private fixed byte _port[MaxSlots];
    private DiskPort* _partition;
    private int _partitionSlot;

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

    /// <summary>Puts a network card behind a slot.</summary>
    /// <param name="slot">0 to <see cref="SlotCount"/> - 1.</param>
    /// <param name="network">A switch, which stays in place.</param>
    /// <param name="port">A port there that nobody else has.</param>
    /// <returns>False where there is no such slot.</returns>
    internal bool AttachNetwork(int slot, EthernetSwitch* network, int port)
    {
        if (!TryPut(slot, SlotBackendKind.Network))
        {
            return false;
        }

        // SAFETY: TryPut takes slots alone that these lists have a place for.
        _network[slot] = (ulong)network;
        _port[slot] = (byte)port;
        return true;
    }

    /// <summary>The switch and the port behind a slot.</summary>
    /// <param name="slot">Any value.</param>
    /// <param name="network">The switch; null where no such card is behind the slot.</param>
    /// <param name="port">The port.</param>
    // SAFETY: the index is checked against the arrays' length, and who attached a switch keeps it in place.
    public readonly bool TryNetwork(int slot, out EthernetSwitch* network, out int port)
    {
        var has = KindOf(slot) == SlotBackendKind.Network;
        network = has ? (EthernetSwitch*)_network[slot] : null;
        port = has ? _port[slot] : 0;
        return has;
    }

    /// <summary>The first slot that nothing is behind; <see cref="SlotCount"/> where there is none.</summary>
    internal readonly int FreeSlot
    {
        get
        {
            var slot = 0;
            while (slot < SlotCount && KindOf(slot) != SlotBackendKind.None)
            {
                slot++;
            }

            return slot;
        }
    }

    /// <summary>Puts a partition of a disk of the host behind the first free slot; a guest has one at the most.</summary>
    /// <param name="port">What the guest has of the disk, which stays in place.</param>
    /// <returns>False where there is no such slot.</returns>
    // SAFETY: the pointer is kept, and followed by nobody before a slot has it.
    public bool AttachPartition(DiskPort* port)
    {
        var slot = FreeSlot;
        if (_partition != null || !TryPut(slot, SlotBackendKind.Partition))
        {
            return false;
        }

        _partition = port;
        _partitionSlot = slot;
        return true;
    }

    /// <summary>Which slot has a partition behind it.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="port">What the guest has of the disk.</param>
    /// <returns>False where none has.</returns>
    public readonly bool TryPartition(out int slot, out DiskPort* port)
    {
        slot = _partitionSlot;
        port = _partition;
        return KindOf(slot) == SlotBackendKind.Partition;
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
        _network[slot] = 0;
        _port[slot] = 0;
        return true;
    }
}
