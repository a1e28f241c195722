using System;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.DeviceTree;

/// <summary>Reads from the host's device tree what the hypervisor needs to know of the machine.</summary>
/// <remarks>Buses are taken to map addresses one to one (empty <c>ranges</c>), as they do on every board supported.</remarks>
public static class HostTree
{
    private const uint SupervisorExternalInterrupt = 9;

    /// <summary>Reads the tree.</summary>
    /// <param name="tree">The host's device tree.</param>
    /// <param name="bootHart">The hart id of the hart that started.</param>
    /// <param name="reach">Bytes of physical memory, from address 0, that the hypervisor can map. RAM beyond is left out of the banks.</param>
    /// <param name="host">The machine; as far as it was read on an error.</param>
    public static HostTreeError Read(in FdtReader tree, ulong bootHart, ulong reach, out HostDescription host)
    {
        host = default;
        for (var i = 0; tree.TryReservation(i, out var address, out var size); i++)
        {
            AddReservation(ref host, address, size);
        }

        ReadChosen(tree, ref host, out var stdout);
        var plic = default(FdtProperty);
        foreach (var node in tree.Descendants(tree.Root))
        {
            var error = node.Depth == 1 && IsMemory(tree, node)
                ? ReadMemory(tree, node, reach, ref host)
                : ReadNode(tree, node, bootHart, stdout, ref host, ref plic);
            if (error != HostTreeError.None)
            {
                return error;
            }
        }

        ReadReservedMemory(tree, ref host);
        ReadPlicContexts(plic, ref host);
        var complete = Check(ref host, bootHart);
        return complete != HostTreeError.None ? complete : CheckReach(ref host, reach);
    }

    private static HostTreeError Check(ref HostDescription host, ulong bootHart)
    {
        if (host.MemoryBankCount == 0)
        {
            return host.MemoryOutOfReach == 0 ? HostTreeError.NoMemory : HostTreeError.MemoryOutOfReach;
        }

        if (host.HartCount == 0)
        {
            return HostTreeError.NoHart;
        }

        if (host.ReservationCount > HostDescription.MaximumReservations)
        {
            host.ReservationCount = HostDescription.MaximumReservations;
            return HostTreeError.TooManyReservations;
        }

        host.BootHart = -1;
        for (var i = 0; i < host.HartCount; i++)
        {
            if (host.Harts[i].HartId == bootHart)
            {
                host.BootHart = i;
            }
        }

        if (host.BootHart < 0)
        {
            return HostTreeError.NoBootHart;
        }

        if (host.TimebaseFrequency == 0)
        {
            return HostTreeError.NoTimebase;
        }

        if (host.Plic.Size == 0)
        {
            return host.UnknownPlic.Length == 0 ? HostTreeError.NoPlic : HostTreeError.UnknownPlic;
        }

        if (host.Harts[host.BootHart].PlicContext < 0)
        {
            return HostTreeError.NoPlicContext;
        }

        return host.InitrdStart == host.InitrdEnd || host.HasMemory(host.InitrdStart, host.InitrdEnd - host.InitrdStart)
            ? HostTreeError.None
            : HostTreeError.InitrdOutsideMemory;
    }

    private static HostTreeError CheckReach(ref HostDescription host, ulong reach)
    {
        for (var i = 0; host.TryDevice(i, out var device, out var outOfReach); i++)
        {
            if (device.Base >= reach || device.Size > reach - device.Base)
            {
                return outOfReach;
            }
        }

        return HostTreeError.None;
    }

    private static void ReadChosen(in FdtReader tree, ref HostDescription host, out int stdout)
    {
        stdout = 0;
        if (!tree.TryFind("/chosen"u8, out var chosen))
        {
            return;
        }

        if (tree.TryUInt64(chosen, "linux,initrd-start"u8, out var start)
            && tree.TryUInt64(chosen, "linux,initrd-end"u8, out var end)
            && end > start)
        {
            host.InitrdStart = start;
            host.InitrdEnd = end;
        }

        if (tree.TryProperty(chosen, "bootargs"u8, out var arguments))
        {
            host.BootArguments = arguments;
        }

        if (tree.TryProperty(chosen, "stdout-path"u8, out var path) && path.TryString(out var text))
        {
            // What follows a colon is the line's speed and format.
            var colon = text.IndexOf((byte)':');
            if (tree.TryFind(colon < 0 ? text : text[..colon], out var node))
            {
                stdout = node.Offset;
            }
        }
    }

    private static bool IsMemory(in FdtReader tree, FdtNode node) =>
        (tree.TryProperty(node, "device_type"u8, out var type) && type.HasString("memory"u8)) || tree.Name(node).SequenceEqual("memory"u8);

    private static HostTreeError ReadMemory(in FdtReader tree, FdtNode node, ulong reach, ref HostDescription host)
    {
        if (!tree.IsEnabled(node))
        {
            return HostTreeError.None;
        }

        var index = 0;
        for (; tree.TryReg(node, index, out var address, out var size); index++)
        {
            if (size != 0 && address + size - 1 < address)
            {
                return HostTreeError.WrongMemory;
            }

            var inReach = address >= reach ? 0 : Math.Min(size, reach - address);
            host.MemoryOutOfReach += size - inReach;
            if (inReach == 0)
            {
                continue;
            }

            if (host.MemoryBankCount == HostDescription.MaximumMemoryBanks)
            {
                host.MemoryBeyondBanks += inReach;
                continue;
            }

            var at = host.MemoryBankCount++;
            for (; at > 0 && host.MemoryBanks[at - 1].Base > address; at--)
            {
                host.MemoryBanks[at] = host.MemoryBanks[at - 1];
            }

            host.MemoryBanks[at] = new HostDescription.Range { Base = address, Size = inReach };
        }

        return index == 0 ? HostTreeError.WrongMemory : HostTreeError.None;
    }

    private static void ReadReservedMemory(in FdtReader tree, ref HostDescription host)
    {
        if (!tree.TryFind("/reserved-memory"u8, out var reserved))
        {
            return;
        }

        foreach (var node in tree.Children(reserved))
        {
            for (var i = 0; tree.IsEnabled(node) && tree.TryReg(node, i, out var address, out var size); i++)
            {
                AddReservation(ref host, address, size);
            }
        }
    }

    private static void AddReservation(ref HostDescription host, ulong address, ulong size)
    {
        if (size == 0)
        {
            return;
        }

        // The count goes on where the list ends, so that a range that was cut is noticed.
        if (host.ReservationCount < HostDescription.MaximumReservations)
        {
            host.Reservations[host.ReservationCount] = new HostDescription.Range { Base = address, Size = size };
        }

        host.ReservationCount++;
    }

    private static HostTreeError ReadNode(in FdtReader tree, FdtNode node, ulong bootHart, int stdout, ref HostDescription host, ref FdtProperty plic)
    {
        if (tree.TryProperty(node, "device_type"u8, out var type) && type.HasString("cpu"u8))
        {
            ReadHart(tree, node, bootHart, ref host);
            return HostTreeError.None;
        }

        if (tree.TryUInt32(node, "timebase-frequency"u8, out var frequency) && host.TimebaseFrequency == 0)
        {
            host.TimebaseFrequency = frequency;
        }

        if (!tree.TryProperty(node, "compatible"u8, out var compatible) || !tree.IsEnabled(node) || !tree.TryReg(node, 0, out var address, out var size))
        {
            return HostTreeError.None;
        }

        switch (HostDeviceTable.Find(compatible, out var uart))
        {
            case HostDeviceKind.Uart:
                ReadUart(tree, node, uart, compatible, stdout, ref host);
                break;
            case HostDeviceKind.VirtioSlot:
                AddVirtioSlot(ref host, new HostVirtioSlot { Base = address, Size = size, Interrupt = Interrupt(tree, node) });
                break;
            case HostDeviceKind.TestDevice:
                host.TestDevice = address;
                break;
            case HostDeviceKind.Clock when host.Clock == 0:
                host.Clock = address;
                break;
            case HostDeviceKind.Plic when host.Plic.Size == 0:
                tree.TryUInt32(node, "riscv,ndev"u8, out var sources);
                host.Plic = new PlicDescription { Base = address, Size = size, Sources = sources };
                tree.TryProperty(node, "interrupts-extended"u8, out plic);
                break;
            case HostDeviceKind.None when node.Offset == stdout:
                ReadUart(tree, node, HostUartKind.Unknown, compatible, stdout, ref host);
                break;
            case HostDeviceKind.None when tree.TryUInt32(node, "riscv,ndev"u8, out _):
                // It says how many sources it has in a PLIC's way.
                host.UnknownPlic = compatible;
                break;
        }

        return HostTreeError.None;
    }

    private static void ReadHart(in FdtReader tree, FdtNode node, ulong bootHart, ref HostDescription host)
    {
        if (host.TimebaseFrequency == 0 && tree.TryUInt32(node, "timebase-frequency"u8, out var frequency))
        {
            host.TimebaseFrequency = frequency;
        }

        if (!tree.IsEnabled(node)
            || !tree.TryReg(node, 0, out var id, out _)
            || id > uint.MaxValue
            || !tree.TryProperty(node, "mmu-type"u8, out var mmu))
        {
            return;
        }

        var mode = mmu.HasString("riscv,sv57"u8) ? TranslationMode.Sv57
            : mmu.HasString("riscv,sv48"u8) ? TranslationMode.Sv48
            : mmu.HasString("riscv,sv39"u8) ? TranslationMode.Sv39
            : TranslationMode.Bare;
        if (mode == TranslationMode.Bare)
        {
            return;
        }

        var hart = new HostHart { HartId = (uint)id, TranslationMode = mode, PlicContext = -1 };
        ReadIsa(tree, node, ref hart);
        if (tree.TryChild(node, "interrupt-controller"u8, out var controller))
        {
            tree.TryUInt32(controller, "phandle"u8, out hart.InterruptPhandle);
        }

        if (host.HartCount == HostDescription.MaximumHarts)
        {
            // The hart that started is kept whatever its place in the tree.
            host.HartsLeftOut++;
            if (id != bootHart)
            {
                return;
            }

            host.HartCount--;
        }

        var at = host.HartCount++;
        for (; at > 0 && host.Harts[at - 1].HartId > hart.HartId; at--)
        {
            host.Harts[at] = host.Harts[at - 1];
        }

        host.Harts[at] = hart;
    }

    /// <summary>A hart's extensions stand in a list, in the string that came before it, or in both: then the list counts.</summary>
    private static void ReadIsa(in FdtReader tree, FdtNode node, ref HostHart hart)
    {
        var text = default(IsaExtensions);
        if (tree.TryProperty(node, "riscv,isa"u8, out var isa) && isa.TryString(out var value))
        {
            text = IsaExtensions.OfText(value);
        }

        hart.Isa = tree.TryProperty(node, "riscv,isa-base"u8, out var width) && width.HasString("rv64i"u8)
            && tree.TryProperty(node, "riscv,isa-extensions"u8, out var list)
            ? IsaExtensions.OfList(list.Bytes)
            : text;

        // To be wrong about this one is dangerous one way only, so that each form may say it.
        hart.MayHaveHypervisorExtension = !hart.Isa.IsKnown || hart.Isa.Has("h"u8) || text.Has("h"u8);
        if (!hart.Isa.IsKnown)
        {
            hart.Isa = IsaExtensions.OfText("rv64imac"u8);
        }
    }

    private static void ReadUart(in FdtReader tree, FdtNode node, HostUartKind kind, in FdtProperty compatible, int stdout, ref HostDescription host)
    {
        if (host.Uart.Kind != HostUartKind.None && node.Offset != stdout)
        {
            return;
        }

        var uart = new UartDescription { Kind = kind, Compatible = compatible, Interrupt = Interrupt(tree, node) };
        tree.TryReg(node, 0, out uart.Base, out uart.Size);
        tree.TryUInt32(node, "clock-frequency"u8, out uart.ClockFrequency);
        tree.TryUInt32(node, "reg-shift"u8, out var shift);
        uart.RegisterShift = (byte)(shift & 7);
        host.Uart = uart;
    }

    private static uint Interrupt(in FdtReader tree, FdtNode node)
    {
        if (tree.TryProperty(node, "interrupts"u8, out var interrupts) && interrupts.TryCell(0, out var number))
        {
            return number;
        }

        return tree.TryProperty(node, "interrupts-extended"u8, out interrupts) && interrupts.TryCell(1, out number) ? number : 0;
    }

    private static void AddVirtioSlot(ref HostDescription host, HostVirtioSlot slot)
    {
        if (host.VirtioSlotCount == HostDescription.MaximumVirtioSlots)
        {
            host.VirtioSlotsLeftOut++;
            return;
        }

        var at = host.VirtioSlotCount++;
        for (; at > 0 && host.VirtioSlots[at - 1].Base > slot.Base; at--)
        {
            host.VirtioSlots[at] = host.VirtioSlots[at - 1];
        }

        host.VirtioSlots[at] = slot;
    }

    /// <summary>A PLIC's contexts are numbered by their place in <c>interrupts-extended</c>, pairs of a hart's interrupt controller and a cause.</summary>
    private static void ReadPlicContexts(FdtProperty contexts, ref HostDescription host)
    {
        for (var i = 0; contexts.TryCell((i * 2) + 1, out var cause); i++)
        {
            contexts.TryCell(i * 2, out var phandle);
            for (var hart = 0; cause == SupervisorExternalInterrupt && phandle != 0 && hart < host.HartCount; hart++)
            {
                if (host.Harts[hart].InterruptPhandle == phandle && host.Harts[hart].PlicContext < 0)
                {
                    host.Harts[hart].PlicContext = i;
                }
            }
        }
    }
}
