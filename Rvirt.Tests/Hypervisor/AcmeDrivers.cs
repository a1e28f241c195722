using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Devices.HostDrivers;
using Rvirt.Reference;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Devices that the library has no driver for, each with one of its own: what a stranger's board brings.</summary>
internal static class AcmeDrivers
{
    public const ulong UartAt = 0x1100_0000, PlicAt = 0x0d00_0000, ClockAt = 0x1200_0000, PowerAt = 0x1300_0000;

    /// <summary>Puts the devices on a machine.</summary>
    public static void Attach(Machine machine)
    {
        machine.Attach(UartAt, 0x10, new UartDevice(machine));
        machine.Attach(PlicAt, 0x4000, new PlicDevice(machine));
        machine.Attach(ClockAt, 8, new ClockDevice());
        machine.Attach(PowerAt, 8, new PowerDevice(machine));
    }

    /// <summary>The machine's UART by another face: one word of data in bits 7 to 0, bit 8 where there is some, and a word of interrupt enable.</summary>
    private sealed class UartDevice(Machine machine) : IDevice
    {
        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            machine.Uart.TryRead(hart, 5, 1, out var status);
            value = 0;
            if (offset == 0 && (status & 1) != 0)
            {
                machine.Uart.TryRead(hart, 0, 1, out value);
                value |= 0x100;
            }

            return size == 4 && offset == 0;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value) =>
            size == 4 && offset is 0 or 8 && machine.Uart.TryWrite(hart, offset == 0 ? 0u : 1u, 1, value);
    }

    /// <summary>The machine's PLIC with its registers elsewhere: a page for each context, with a word for each source that enables it, and the claim in front.</summary>
    private sealed class PlicDevice(Machine machine) : IDevice
    {
        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value) =>
            machine.Plic.TryRead(hart, ClaimOf(offset), size, out value) && (offset & 0xfff) == 0;

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            if ((offset & 0xfff) == 0)
            {
                return machine.Plic.TryWrite(hart, ClaimOf(offset), size, value);
            }

            var source = (offset & 0xfff) / 4;
            var enable = 0x2000 + (0x80 * (offset >> 12)) + (4 * (source / 32));
            machine.Plic.TryRead(hart, enable, 4, out var enabled);
            var bit = 1UL << (int)(source % 32);
            return machine.Plic.TryWrite(hart, 4 * source, 4, 1) && machine.Plic.TryWrite(hart, enable, size, value != 0 ? enabled | bit : enabled & ~bit);
        }

        private static ulong ClaimOf(ulong offset) => 0x20_0004 + (0x1000 * (offset >> 12));
    }

    /// <summary>Seconds since 1970.</summary>
    private sealed class ClockDevice : IDevice
    {
        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            value = 1_234_567_890;
            return size == 8;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value) => false;
    }

    /// <summary>Ends the machine, in the word at 4, with a status that has "off" above it.</summary>
    private sealed class PowerDevice(Machine machine) : IDevice
    {
        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            value = 0;
            return false;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            machine.End((uint)value);
            return size == 4 && offset == 4;
        }
    }

    /// <summary>Its driver says of each line that it is from there.</summary>
    public struct Uart : IHostUart
    {
        private ulong _base;
        private uint _mark;

        public static ReadOnlySpan<byte> Compatible => "acme,uart\0acme,uart-2"u8;

        public void Initialize<THost>(ref THost host, in HostDevice uart)
            where THost : struct, IMmio
        {
            _base = uart.Base;
            uart.TryUInt32("acme,mark"u8, out _mark);
        }

        public readonly void Write<THost>(ref THost host, byte value)
            where THost : struct, IMmio
        {
            if (value == (byte)'\r')
            {
                host.Write32(_base, _mark);
            }

            host.Write32(_base, value);
        }

        public readonly bool TryRead<THost>(ref THost host, out byte value, out byte errors)
            where THost : struct, IMmio
        {
            var word = host.Read32(_base);
            value = (byte)word;
            errors = 0;
            return (word & 0x100) != 0;
        }

        public readonly bool TryWrite<THost>(ref THost host, byte value)
            where THost : struct, IMmio
        {
            Write(ref host, value);
            return true;
        }

        public readonly void EnableInterrupts<THost>(ref THost host, bool receive, bool transmit)
            where THost : struct, IMmio =>
            host.Write32(_base + 8, (receive ? 1u : 0) | (transmit ? 2u : 0));
    }

    public struct Plic : IHostPlic
    {
        private ulong _base;

        public static ReadOnlySpan<byte> Compatible => "acme,plic"u8;

        public void Initialize(in HostDevice plic) => _base = plic.Base;

        public readonly void OpenContext<THost>(ref THost host, uint context)
            where THost : struct, IMmio
        {
        }

        public readonly void Enable<THost>(ref THost host, uint context, uint source)
            where THost : struct, IMmio =>
            host.Write32(_base + (0x1000 * context) + (4 * source), 1);

        public readonly void Disable<THost>(ref THost host, uint context, uint source)
            where THost : struct, IMmio =>
            host.Write32(_base + (0x1000 * context) + (4 * source), 0);

        public readonly uint Claim<THost>(ref THost host, uint context)
            where THost : struct, IMmio =>
            host.Read32(_base + (0x1000 * context));

        public readonly void Complete<THost>(ref THost host, uint context, uint source)
            where THost : struct, IMmio =>
            host.Write32(_base + (0x1000 * context), source);
    }

    public struct Clock : IHostClock
    {
        private ulong _base;

        public static ReadOnlySpan<byte> Compatible => "acme,clock"u8;

        public void Initialize(in HostDevice clock) => _base = clock.Base;

        public readonly ulong Read<THost>(ref THost host)
            where THost : struct, IMmio =>
            host.Read64(_base) * 1_000_000_000;
    }

    /// <summary>Its node has no registers: it names those of the device that it is part of, as a reset by GPIO does.</summary>
    public struct Power : IHostReset
    {
        private ulong _address;

        public static ReadOnlySpan<byte> Compatible => "acme,power"u8;

        public static bool TryLocate(in FdtReader tree, FdtNode node, out ulong address, out ulong size)
        {
            address = 0;
            size = 0;
            if (tree.TryProperty(node, "acme,switch"u8, out var property) && property.TryCell(0, out var phandle))
            {
                foreach (var other in tree.Descendants(tree.Root))
                {
                    if (tree.TryUInt32(other, "phandle"u8, out var candidate) && candidate == phandle)
                    {
                        return tree.TryReg(other, 0, out address, out size);
                    }
                }
            }

            return false;
        }

        public void Initialize(in HostDevice reset)
        {
            _address = reset.Base;
            if (reset.Tree.TryProperty(reset.Node, "acme,switch"u8, out var property) && property.TryCell(1, out var at))
            {
                _address += at;
            }
        }

        public readonly void End<THost>(ref THost host, uint status)
            where THost : struct, IMmio =>
            host.Write32(_address, 0xacce0000 | status);
    }
}
