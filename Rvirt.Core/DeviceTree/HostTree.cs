using System;
using System.Numerics;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.DeviceTree;

/// <summary>Reads from the host's device tree what the hypervisor needs to know of the machine.</summary>
/// <remarks>Buses are taken to map addresses one to one (empty <c>ranges</c>), as they do on every board supported.</remarks>
public static unsafe class HostTree
{
    private const uint SupervisorExternalInterrupt = 9;
    private const uint MachineExternalInterrupt = 11;

    // Bytes of registers of a device whose node says less: a driver touches some.
    private const ulong SmallestDevice = 8;

    /// <summary>Reads the tree.</summary>
    /// <param name="tree">The host's device tree.</param>
    /// <param name="bootHart">The hart id of the hart that started.</param>
    /// <param name="reach">Bytes of physical memory, from address 0, that the hypervisor can map. RAM beyond is left out of the banks.</param>
    /// <param name="drivers">The drivers that there are.</param>
    /// <param name="host">The machine; as far as it was read on an error.</param>
    public static HostTreeError Read<TDrivers>(in FdtReader tree, ulong bootHart, ulong reach, in TDrivers drivers, out HostDescription host)
        where TDrivers : struct, IHostDriverTable
    {
        host = default;
        for (var i = 0; tree.TryReservation(i, out var address, out var size); i++)
        {
            AddReservation(ref host, address, size);
        }

        ReadChosen(tree, ref host, out var stdout);
        foreach (var node in tree.Descendants(tree.Root))
        {
            var error = node.Depth == 1 && IsMemory(tree, node)
                ? ReadMemory(tree, node, reach, ref host)
                : ReadNode(tree, node, bootHart, stdout, drivers, ref host);
            if (error != HostTreeError.None)
            {
                return error;
            }
        }

        ReadReservedMemory(tree, ref host);
        ReadPlicContexts(tree, ref host);
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

        if (!host.Plic.HasDriver)
        {
            return host.Plic.Exists ? HostTreeError.UnknownPlic : HostTreeError.NoPlic;
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
            // One that wraps around is cut: all from its start on is reserved.
            var last = address + Math.Min(size - 1, ulong.MaxValue - address);
            host.Reservations[host.ReservationCount] = new HostDescription.Range { Base = address, Size = last - address + 1 };
        }

        host.ReservationCount++;
    }

    private static HostTreeError ReadNode<TDrivers>(
        in FdtReader tree, FdtNode node, ulong bootHart, int stdout, in TDrivers drivers, ref HostDescription host)
        where TDrivers : struct, IHostDriverTable
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

        if (tree.IsEnabled(node) && (tree.TryProperty(node, "compatible"u8, out var compatible) || node.Offset == stdout))
        {
            ReadDevice(tree, node, compatible, stdout, drivers, ref host);
        }

        return HostTreeError.None;
    }

    private static void ReadDevice<TDrivers>(
        in FdtReader tree, FdtNode node, in FdtProperty compatible, int stdout, in TDrivers drivers, ref HostDescription host)
        where TDrivers : struct, IHostDriverTable
    {
        var device = new HostDevice { Tree = tree, Node = node, Compatible = compatible, Interrupt = Interrupt(tree, node) };
        var kind = Recognise(drivers, ref device);
        if (node.Offset == stdout && kind != HostDeviceKind.Uart)
        {
            // The console that is asked for, though nothing drives it.
            host.Uart = device with { Match = default };
        }

        switch (kind)
        {
            case HostDeviceKind.Uart when node.Offset == stdout || (!host.Uart.HasDriver && (!host.Uart.Exists || host.Uart.Node.Offset != stdout)):
                host.Uart = device;
                break;
            case HostDeviceKind.Plic when !host.Plic.HasDriver:
                host.Plic = device;
                break;
            case HostDeviceKind.Reset when !host.Reset.Exists:
                host.Reset = device;
                break;
            case HostDeviceKind.Clock when !host.Clock.Exists:
                host.Clock = device;
                break;
            case HostDeviceKind.Network when !host.Network.Exists:
                host.Network = device;
                break;
            case HostDeviceKind.Disk when !host.Disk.Exists:
                host.Disk = device;
                break;
            case HostDeviceKind.VirtioSlot:
                AddVirtioSlot(ref host, new HostVirtioSlot { Base = device.Base, Size = device.Size, Interrupt = device.Interrupt });
                break;
            case HostDeviceKind.None when !host.Plic.Exists && tree.TryUInt32(node, "riscv,ndev"u8, out _):
                // It says how many sources it has in a PLIC's way.
                host.Plic = device;
                break;
            case HostDeviceKind.None when !host.Uart.Exists && IsSerialPort(tree, node):
                host.Uart = device;
                break;
        }
    }

    /// <summary>Of a device's names the first counts that a driver drives: they go from the most specific to the most general (Devicetree specification 0.4 §2.3.1).</summary>
    private static HostDeviceKind Recognise<TDrivers>(in TDrivers drivers, ref HostDevice device)
        where TDrivers : struct, IHostDriverTable
    {
        var end = 0;
        while (device.Compatible.TryNextString(ref end, out var text))
        {
            if (text.SequenceEqual("virtio,mmio"u8) && device.Tree.TryReg(device.Node, 0, out device.Base, out device.Size))
            {
                return HostDeviceKind.VirtioSlot;
            }

            // SAFETY: the string lies in the property, with its NUL behind it.
            var name = FdtProperty.FromMemory(device.Compatible.Pointer + end - 1 - text.Length, text.Length);
            var kind = drivers.Find(name, device.Tree, device.Node, out device.Base, out device.Size);
            if (kind != HostDeviceKind.None)
            {
                device.Match = name;
                device.Size = Math.Max(device.Size, SmallestDevice);
                return kind;
            }
        }

        return HostDeviceKind.None;
    }

    // Devicetree specification 0.4 §2.2.2 recommends the name.
    private static bool IsSerialPort(in FdtReader tree, FdtNode node) =>
        tree.Name(node).SequenceEqual("serial"u8) || tree.Name(node).StartsWith("serial@"u8);

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

        var hart = new HostHart { HartId = (uint)id, TranslationMode = mode, PlicContext = -1, PlicMachineContext = -1 };
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

        hart.PrefetchBlock = tree.TryUInt32(node, "riscv,cbop-block-size"u8, out var block) && BitOperations.IsPow2(block) ? block : 0;

        // To be wrong about this one is dangerous one way only, so that each form may say it.
        hart.MayHaveHypervisorExtension = !hart.Isa.IsKnown || hart.Isa.Has("h"u8) || text.Has("h"u8);
        if (!hart.Isa.IsKnown)
        {
            hart.Isa = IsaExtensions.OfText("rv64imac"u8);
        }
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
    private static void ReadPlicContexts(in FdtReader tree, ref HostDescription host)
    {
        if (!host.Plic.HasDriver || !tree.TryProperty(host.Plic.Node, "interrupts-extended"u8, out var contexts))
        {
            return;
        }

        for (var i = 0; contexts.TryCell((i * 2) + 1, out var cause); i++)
        {
            contexts.TryCell(i * 2, out var phandle);
            for (var hart = 0; phandle != 0 && hart < host.HartCount; hart++)
            {
                ref var named = ref host.Harts[hart];
                if (named.InterruptPhandle != phandle)
                {
                    continue;
                }

                if (cause == SupervisorExternalInterrupt && named.PlicContext < 0)
                {
                    named.PlicContext = i;
                }
                else if (cause == MachineExternalInterrupt && named.PlicMachineContext < 0)
                {
                    named.PlicMachineContext = i;
                }
            }
        }
    }
}
