using Rvirt.Core.DeviceTree;

namespace Rvirt.Devices.Machine;

/// <summary>Which devices a guest has, at which guest physical addresses, and what of the host stands behind them.</summary>
public unsafe struct GuestDevices
{
    /// <summary>Virtio slots a guest can have.</summary>
    public const int MaxSlots = GuestMachineMap.VirtioSlots;

    /// <summary>Size of the test device in bytes.</summary>
    public const ulong TestSize = GuestMachineMap.TestDeviceSize;

    /// <summary>Guest physical address of the PLIC.</summary>
    public ulong PlicBase;

    /// <summary>Guest physical address of the 16550A.</summary>
    public ulong UartBase;

    /// <summary>Source of the UART at the guest's PLIC.</summary>
    public uint UartSource;

    /// <summary>Guest physical address of the first virtio-mmio slot; the others follow 4096 bytes apart.</summary>
    public ulong VirtioBase;

    /// <summary>Source of the first slot at the guest's PLIC; the others follow.</summary>
    public uint VirtioFirstSource;

    /// <summary>Number of slots, 0 to <see cref="MaxSlots"/>. Those with nothing behind them are empty, which drivers pass over.</summary>
    public int SlotCount;

    /// <summary>Guest physical address of the test device.</summary>
    public ulong TestBase;

    /// <summary>Guest physical address of the real-time clock.</summary>
    public ulong ClockBase;

    /// <summary>Source of the clock at the guest's PLIC.</summary>
    public uint ClockSource;

    /// <summary>Number of virtual harts.</summary>
    public int Harts;

    private fixed ulong _hostBase[MaxSlots];
    private fixed uint _hostSource[MaxSlots];

    /// <summary>The devices that every guest has, on every board (<see cref="GuestMachineMap"/>), with empty slots.</summary>
    /// <param name="harts">Number of virtual harts.</param>
    public static GuestDevices Standard(int harts) => new()
    {
        PlicBase = GuestMachineMap.Plic,
        UartBase = GuestMachineMap.Uart,
        UartSource = GuestMachineMap.UartInterrupt,
        VirtioBase = GuestMachineMap.Virtio,
        VirtioFirstSource = GuestMachineMap.VirtioInterrupt,
        SlotCount = MaxSlots,
        TestBase = GuestMachineMap.TestDevice,
        ClockBase = GuestMachineMap.Clock,
        ClockSource = GuestMachineMap.ClockInterrupt,
        Harts = harts,
    };

    /// <summary>Puts a virtio device of the host behind a slot; it is the guest's alone.</summary>
    /// <param name="slot">0 to <see cref="SlotCount"/> - 1.</param>
    /// <param name="hostBase">Host physical address of the device's virtio-mmio registers.</param>
    /// <param name="hostSource">Its source at the host's PLIC.</param>
    /// <returns>False where there is no such slot.</returns>
    public bool Attach(int slot, ulong hostBase, uint hostSource)
    {
        if ((uint)slot >= (uint)SlotCount || (uint)slot >= MaxSlots)
        {
            return false;
        }

        // SAFETY: checked to be one of MaxSlots places.
        _hostBase[slot] = hostBase;
        _hostSource[slot] = hostSource;
        return true;
    }

    /// <summary>Host physical address of the device behind a slot; 0: none.</summary>
    /// <param name="slot">0 to <see cref="MaxSlots"/> - 1; there is nothing behind others.</param>
    // SAFETY: the index is checked against the array's length right here.
    public readonly ulong HostBase(int slot) => (uint)slot < MaxSlots ? _hostBase[slot] : 0;

    /// <summary>Source at the host's PLIC of the device behind a slot.</summary>
    /// <param name="slot">0 to <see cref="MaxSlots"/> - 1; others have none, which is 0.</param>
    // SAFETY: the index is checked as in HostBase, against as many places.
    public readonly uint HostSource(int slot) => (uint)slot < MaxSlots ? _hostSource[slot] : 0;
}
