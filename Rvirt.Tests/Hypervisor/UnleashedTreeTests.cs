using System;
using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;
using Rvirt.Testing.Memory;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Drivers fit a board that is unlike QEMU's virt: its tree as QEMU makes it, and a reset by a pin of another device.</summary>
internal sealed unsafe class UnleashedTreeTests
{
    [Test]
    public void A_reset_by_GPIO_finds_the_pin_that_its_node_names()
    {
        using var blob = new GuardedBuffer(Tools.DumpQemu("-smp 2 -m 512 -bios none", "sifive_u"));
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(HostTree.Read(tree, 1, ulong.MaxValue, new BoardDrivers<Boards<Unleashed>>(0), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That((host.Uart.HasDriver, host.Uart.Interrupt), Is.EqualTo((false, 4u)), "no driver is named for it here");
        Assert.That(host.Uart.Compatible.HasString("sifive,uart0"u8));
        Assert.That((host.Plic.HasDriver, host.Plic.Base, host.Harts[host.BootHart].PlicContext), Is.EqualTo((true, 0x0c00_0000UL, 2)));
        Assert.That((host.Reset.HasDriver, host.Reset.Base), Is.EqualTo((true, 0x1006_0000UL)));
        Assert.That(host.Clock.Exists, Is.False);

        var log = new List<string>();
        var hart = new LoggingHost(log);
        var reset = default(HostReset<LoggingHost>);
        reset.Take<GpioRestart>(host.Reset);
        reset.End(ref hart, 0);
        // Pin 10, which is active low: high, an output, low.
        Assert.That(log, Is.EqualTo(new[] { "1006000c=400", "10060008=400", "1006000c=0" }));
    }

    private readonly struct Unleashed : IPlatform
    {
        public ReadOnlySpan<byte> Name => "Unleashed"u8;

        public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "sifive,hifive-unleashed-a00"u8);

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList
        {
            drivers.Plic<HostSiFivePlic>();
            drivers.Reset<GpioRestart>();
        }

        public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
    }

    private struct GpioRestart : IHostReset
    {
        private const ulong OutputEnable = 8;
        private const ulong OutputValue = 12;

        private ulong _base;
        private uint _pin;
        private bool _activeLow;

        public static ReadOnlySpan<byte> Compatible => "gpio-restart"u8;

        public static bool TryLocate(in FdtReader tree, FdtNode node, out ulong address, out ulong size)
        {
            address = 0;
            size = 0;
            if (tree.TryProperty(node, "gpios"u8, out var gpios) && gpios.TryCell(0, out var controller))
            {
                foreach (var other in tree.Descendants(tree.Root))
                {
                    if (tree.TryUInt32(other, "phandle"u8, out var phandle) && phandle == controller)
                    {
                        return tree.TryReg(other, 0, out address, out size);
                    }
                }
            }

            return false;
        }

        public void Initialize(in HostDevice reset)
        {
            _base = reset.Base;
            if (reset.Tree.TryProperty(reset.Node, "gpios"u8, out var gpios) && gpios.TryCell(1, out _pin) && gpios.TryCell(2, out var flags))
            {
                _activeLow = (flags & 1) != 0;
            }
        }

        public readonly void End<THost>(ref THost host, uint status)
            where THost : struct, IMmio
        {
            var bit = 1u << (int)_pin;
            var quiet = _activeLow ? bit : 0;
            host.Write32(_base + OutputValue, quiet);
            host.Write32(_base + OutputEnable, bit);
            host.Write32(_base + OutputValue, bit & ~quiet);
        }
    }

    private readonly struct LoggingHost(List<string> log) : IMmio
    {
        public byte Read8(ulong address) => 0;

        public ushort Read16(ulong address) => 0;

        public uint Read32(ulong address) => 0;

        public ulong Read64(ulong address) => 0;

        public void Write8(ulong address, byte value) => Write32(address, value);

        public void Write16(ulong address, ushort value) => Write32(address, value);

        public void Write32(ulong address, uint value) => log.Add($"{address:x}={value:x}");

        public void Write64(ulong address, ulong value) => Write32(address, (uint)value);

        public void IoFence()
        {
        }
    }
}
