using System;
using System.Runtime.CompilerServices;

namespace Rvirt.Core.DeviceTree;

/// <summary>The machine that the hypervisor runs on, as its device tree tells. Lists longer than their capacity are cut, and say how much was left out; only too many reservations are an error.</summary>
public struct HostDescription
{
    /// <summary>Most memory banks kept.</summary>
    public const int MaximumMemoryBanks = 8;

    /// <summary>Most reserved ranges kept.</summary>
    public const int MaximumReservations = 16;

    /// <summary>Most harts kept.</summary>
    public const int MaximumHarts = 16;

    /// <summary>Most virtio-mmio slots kept.</summary>
    public const int MaximumVirtioSlots = 8;

    /// <summary>RAM that the hypervisor can map, by ascending address.</summary>
    public MemoryBankList MemoryBanks;

    /// <summary>Entries of <see cref="MemoryBanks"/>.</summary>
    public int MemoryBankCount;

    /// <summary>Bytes of RAM at addresses that the hypervisor cannot map: part of no bank, so that nobody gets it.</summary>
    public ulong MemoryOutOfReach;

    /// <summary>Bytes of RAM in banks that the list had no room for: nobody gets it.</summary>
    public ulong MemoryBeyondBanks;

    /// <summary>Ranges of RAM that belong to the firmware or others: the reservation block and <c>/reserved-memory</c>.</summary>
    public ReservationList Reservations;

    /// <summary>Entries of <see cref="Reservations"/>.</summary>
    public int ReservationCount;

    /// <summary>Enabled harts with an MMU, by ascending hart id.</summary>
    public HartList Harts;

    /// <summary>Entries of <see cref="Harts"/>.</summary>
    public int HartCount;

    /// <summary>Usable harts that the list had no room for: they stay asleep. The one that started is never among them.</summary>
    public int HartsLeftOut;

    /// <summary>Index in <see cref="Harts"/> of the hart that started.</summary>
    public int BootHart;

    /// <summary>Ticks per second of <c>time</c>.</summary>
    public uint TimebaseFrequency;

    /// <summary>First byte of the initial RAM disk.</summary>
    public ulong InitrdStart;

    /// <summary>The byte behind the initial RAM disk; there is none where it equals <see cref="InitrdStart"/>.</summary>
    public ulong InitrdEnd;

    /// <summary>The command line, with its NUL; lies in the device tree.</summary>
    public FdtProperty BootArguments;

    /// <summary>The PLIC: the first that the board has a driver for, else the first of another kind.</summary>
    public HostDevice Plic;

    /// <summary>The console's UART: the one of <c>stdout-path</c>, else the first that the board has a driver for, else the first serial port.</summary>
    public HostDevice Uart;

    /// <summary>virtio-mmio slots, by ascending address.</summary>
    public VirtioSlotList VirtioSlots;

    /// <summary>Entries of <see cref="VirtioSlots"/>.</summary>
    public int VirtioSlotCount;

    /// <summary>Slots that the list had no room for: no guest gets them.</summary>
    public int VirtioSlotsLeftOut;

    /// <summary>The device that ends the machine, where the board has a driver for one.</summary>
    public HostDevice Reset;

    /// <summary>The real-time clock, where the board has a driver for one.</summary>
    public HostDevice Clock;

    /// <summary>The first network card that the board has a driver for, of those that are no virtio devices.</summary>
    public HostDevice Network;

    /// <summary>The first disk that the board has a driver for, of those that are no virtio devices.</summary>
    public HostDevice Disk;

    /// <summary>Lists the registers that the hypervisor touches: whoever maps, checks or gives out addresses goes by this.</summary>
    /// <param name="index">From 0 on.</param>
    /// <param name="registers">Where they are; empty where the machine has no such device.</param>
    /// <param name="outOfReach">The error of a machine on which they cannot be mapped.</param>
    /// <returns>False behind the last.</returns>
    public readonly bool TryDevice(int index, out Range registers, out HostTreeError outOfReach)
    {
        const int First = 6;
        registers = default;
        outOfReach = HostTreeError.None;
        switch (index)
        {
            case 0:
                registers = RegistersOf(Plic);
                outOfReach = HostTreeError.PlicOutOfReach;
                return true;
            case 1:
                registers = RegistersOf(Uart);
                outOfReach = HostTreeError.UartOutOfReach;
                return true;
            case 2:
                registers = RegistersOf(Reset);
                outOfReach = HostTreeError.ResetOutOfReach;
                return true;
            case 3:
                registers = RegistersOf(Clock);
                outOfReach = HostTreeError.ClockOutOfReach;
                return true;
            case 4:
                registers = RegistersOf(Network);
                outOfReach = HostTreeError.NetworkOutOfReach;
                return true;
            case 5:
                registers = RegistersOf(Disk);
                outOfReach = HostTreeError.DiskOutOfReach;
                return true;
            default:
                if (index - First >= VirtioSlotCount)
                {
                    return false;
                }

                var slot = VirtioSlots[index - First];
                registers = new Range { Base = slot.Base, Size = slot.Size };
                outOfReach = HostTreeError.VirtioOutOfReach;
                return true;
        }
    }

    // Nobody touches those of a device without a driver.
    private static Range RegistersOf(in HostDevice device) => device.HasDriver ? new Range { Base = device.Base, Size = device.Size } : default;

    /// <summary>A range of physical addresses.</summary>
    public struct Range
    {
        /// <summary>First byte.</summary>
        public ulong Base;

        /// <summary>Bytes.</summary>
        public ulong Size;
    }

    /// <summary>Memory banks.</summary>
    [InlineArray(MaximumMemoryBanks)]
    public struct MemoryBankList
    {
        private Range _first;
    }

    /// <summary>Reserved ranges.</summary>
    [InlineArray(MaximumReservations)]
    public struct ReservationList
    {
        private Range _first;
    }

    /// <summary>Harts.</summary>
    [InlineArray(MaximumHarts)]
    public struct HartList
    {
        private HostHart _first;
    }

    /// <summary>virtio-mmio slots.</summary>
    [InlineArray(MaximumVirtioSlots)]
    public struct VirtioSlotList
    {
        private HostVirtioSlot _first;
    }

    /// <summary>The command line without its NUL; empty where there is none.</summary>
    public readonly ReadOnlySpan<byte> CommandLine => BootArguments.TryString(out var text) ? text : default;

    /// <summary>What all harts have: what a guest may rely on, whichever it runs on.</summary>
    public readonly IsaExtensions CommonIsa
    {
        get
        {
            var common = Harts[0].Isa;
            for (var i = 1; i < HartCount; i++)
            {
                common &= Harts[i].Isa;
            }

            return common;
        }
    }

    /// <summary>Bytes that a prefetch is for, on each hart; 0 where not all say the same.</summary>
    public readonly uint CommonPrefetchBlock
    {
        get
        {
            for (var i = 1; i < HartCount; i++)
            {
                if (Harts[i].PrefetchBlock != Harts[0].PrefetchBlock)
                {
                    return 0;
                }
            }

            return Harts[0].PrefetchBlock;
        }
    }

    /// <summary>Whether a range lies in one bank of RAM.</summary>
    public readonly bool HasMemory(ulong address, ulong size)
    {
        for (var i = 0; i < MemoryBankCount; i++)
        {
            var offset = address - MemoryBanks[i].Base;
            if (offset < MemoryBanks[i].Size && size <= MemoryBanks[i].Size - offset)
            {
                return true;
            }
        }

        return false;
    }
}
