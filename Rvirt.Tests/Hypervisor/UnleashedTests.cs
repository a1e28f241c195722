using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;
using Rvirt.Platform.Unleashed;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;
using Rvirt.Testing.Memory;
using Rvirt.Tests.Core.DeviceTree;
using Rvirt.Tests.Devices.HostDrivers;

namespace Rvirt.Tests.Hypervisor;

/// <summary>The HiFive Unleashed: its tree as QEMU makes it, and the whole hypervisor on devices as the FU540's manual describes them.</summary>
internal sealed unsafe class UnleashedTests
{
    private const ulong UartAt = 0x1001_0000, GpioAt = 0x1006_0000, PlicAt = 0x0c00_0000, PlicModelAt = 0x0d00_0000;

    // Waits for a letter on the console, says which, and powers off.
    private const string Answer = "li a7, 2\npoll: ecall\nbltz a0, poll\nli a7, 1\necall\nli a7, 8\necall\nj .\n";

    [Test]
    public void ItsTreeNamesWhatItsDriversDrive()
    {
        using var blob = new GuardedBuffer(Tools.DumpQemu("-smp 2 -m 512 -bios none", "sifive_u"));
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(default(HiFiveUnleashed).Matches(tree));
        Assert.That(HostTree.Read(tree, 1, ulong.MaxValue, new BoardDrivers<Boards<HiFiveUnleashed>>(0), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That((host.Uart.HasDriver, host.Uart.Base, host.Uart.Interrupt), Is.EqualTo((true, UartAt, 4u)));
        Assert.That((host.Plic.HasDriver, host.Plic.Base, host.Harts[host.BootHart].PlicContext), Is.EqualTo((true, PlicAt, 2)));
        Assert.That((host.Reset.HasDriver, host.Reset.Base), Is.EqualTo((true, GpioAt)));
        Assert.That((host.HartCount, host.Harts[0].HartId, host.TimebaseFrequency), Is.EqualTo((1, 1u, 1_000_000u)), "hart 0 has no S-mode");
        Assert.That((host.Network.HasDriver, host.Network.Base, host.Network.Size, host.Network.Interrupt), Is.EqualTo((true, 0x1009_0000UL, 0x1_1000UL, 53u)));
        Assert.That((host.Clock.Exists, host.VirtioSlotCount), Is.EqualTo((false, 0)));
    }

    /// <summary>The tree of the board itself names its console by an alias.</summary>
    [Test]
    public void TheConsoleMayBeNamedByAnAlias()
    {
        var source = Tools.Decompile(Tools.DumpQemu("-smp 2 -m 512 -bios none", "sifive_u"), warnings: false);
        var edited = source.Replace("stdout-path = \"/soc/serial@10010000\"", "stdout-path = \"serial1:115200n8\"", StringComparison.Ordinal);
        Assert.That(edited, Is.Not.EqualTo(source));
        using var blob = new GuardedBuffer(Tools.Compile(edited));
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(HostTree.Read(tree, 1, ulong.MaxValue, new BoardDrivers<Boards<HiFiveUnleashed>>(0), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That((host.Uart.HasDriver, host.Uart.Base, host.Uart.Interrupt), Is.EqualTo((true, 0x1001_1000UL, 5u)));
    }

    /// <summary>Pins are a word, in which others are somebody's too: the reset of the network's PHY is pin 12.</summary>
    [TestCase("gpios = <0x08 0x0a 0x01>", 0x1000u, "1006000c=1400 10060008=1400 1006000c=1000")]
    [TestCase("gpios = <0x08 0x0a 0x00>", 0x1000u, "1006000c=1000 10060008=1400 1006000c=1400")]
    [TestCase("gpios = <0x08 0x1f 0x01>", 0x0000u, "1006000c=80000000 10060008=80000000 1006000c=0")]
    [TestCase("gpios = <0x08 0x20 0x01>", 0x0000u, null, Description = "no such pin")]
    [TestCase("gpios = <0x07 0x0a 0x01>", 0x0000u, null, Description = "a PLIC")]
    [TestCase("gpios = <0x77 0x0a 0x01>", 0x0000u, null, Description = "nothing")]
    [TestCase("gpios = <0x08>", 0x0000u, null)]
    public void AResetByGPIOMovesThePinThatItsNodeNamesAndNoOther(string gpios, uint others, string? expected)
    {
        var source = Tools.Decompile(Tools.DumpQemu("-smp 3 -m 512 -bios none", "sifive_u"), warnings: false);
        Assert.That(source, Does.Contain("gpios = <0x08 0x0a 0x01>"));
        using var blob = new GuardedBuffer(Tools.Compile(source.Replace("gpios = <0x08 0x0a 0x01>", gpios, StringComparison.Ordinal)));
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(HostTree.Read(tree, 1, ulong.MaxValue, new BoardDrivers<Boards<HiFiveUnleashed>>(0), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That(host.Reset.HasDriver, Is.EqualTo(expected is not null));
        if (expected is not null)
        {
            var registers = new Dictionary<ulong, uint> { [GpioAt + 8] = others, [GpioAt + 12] = others };
            var log = new List<string>();
            var hart = new Pins(registers, log);
            var reset = default(HostReset<Pins>);
            reset.Take<HostGpioRestart>(host.Reset);
            reset.End(ref hart, 0);
            Assert.That(string.Join(' ', log), Is.EqualTo(expected));
        }
    }

    /// <summary>From the hand-over to hart 1 until the last guest has ended, by console and GPIO alone.</summary>
    [TestCase(1UL)]
    [TestCase(2UL)]
    public void AGuestRunsAnswersOnTheConsoleAndEndsTheMachine(ulong bootHart)
    {
        using var board = new Board(bootHart);
        Assert.That(board.Boot([Answer]), board.World.Desktop.Emergency);
        board.World.Desktop.Run(20_000);
        Assert.That(board.World.Machine.Outcome, Is.Null, "it waits");
        board.Uart.Receive("k");
        board.World.Desktop.Run(1_000_000);
        Assert.That(board.World.Machine.Outcome, Is.EqualTo(Board.ResetOutcome));
        Assert.That(board.Uart.Line.ToString(), Does.Contain("rvirt: HiFive Unleashed, Sv39, ").And.Contain($"guest g0: hart {bootHart}, ").And.Contain("k").And.EndWith("rvirt: guest g0 powered off\r\n"));
        Assert.That(board.Uart.Lost, Is.Zero);
    }

    [Test]
    public void TwoGuestsHaveTheTwoHartsWithSMode()
    {
        using var board = new Board(1);
        const string Done = "nop\nnop\nli a7, 8\necall\nj .\n";
        Assert.That(board.Boot([Done, Done]), board.World.Desktop.Emergency);
        board.World.Desktop.Run(1_000_000);
        Assert.That(board.World.Machine.Outcome, Is.EqualTo(Board.ResetOutcome));
        Assert.That(board.Uart.Line.ToString(), Does.Contain("2 harts\r\n").And.Contain("guest g0: hart 1, ").And.Contain("guest g1: hart 2, "));
    }

    /// <summary>A host device is what this board has none of: the guest that asks for one is told so by name.</summary>
    [Test]
    public void AGuestThatAsksForAVirtioDeviceOfTheHostIsRefused()
    {
        using var board = new Board(1);
        Assert.That(board.Boot(["nop"], devices: [0]), Is.False);
        Assert.That(board.World.Desktop.Emergency, Does.Contain("rvirt: error: guest g0: ").And.Contain("virtio"));
        Assert.That(board.World.Machine.Outcome, Is.EqualTo(Board.ResetOutcome), "by the board's own way to end");
    }

    [Test]
    public void TooFewHartsSayWhatToDoOnThisBoard()
    {
        using var board = new Board(1);
        Assert.That(board.Boot(["nop"], kernel: false), Is.False);
        Assert.That(board.World.Desktop.Emergency, Does.Contain("no kernel given").And.Contain(", on QEMU with -initrd KERNEL"));
    }

    /// <summary>
    /// PMP is asked for whole pages: what the firmware has, on the first page of RAM and in its middle, lies on none of the window's, and all that the
    /// hypervisor touches does. Translations are the reference hart's, by the root that the guest runs with.
    /// </summary>
    [Test]
    public void NoPageOfTheWindowHasFirmwareInIt()
    {
        const ulong Hole = 0x8144_0000, Large = 1 << 21, Window = 0xffff_ffc0_0000_0000;
        var options = new HartOptions { MaximumMode = 8, PmpChecksWholePages = true, ClosedMemory = [(0x200_0000, 0x1_0000), (0x8000_0000, 0x8_0000), (Hole, 0x2_0000)] };
        using var board = new Board(1, options);
        Assert.That(
            board.Boot([Answer], reserved: $"reserved-memory {{ #address-cells = <2>; #size-cells = <2>; ranges; firmware@{Hole:x} {{ reg = <0 0x{Hole:x} 0 0x20000>; no-map; }}; }};\n"),
            board.World.Desktop.Emergency);
        var hart = board.World.Machine.Harts[1];
        board.World.Desktop.Run(2000);
        hart.Mode = PrivilegeLevel.Supervisor;
        var memory = board.World.Desktop.Record->Guests->Memory;
        Assert.That(memory.HostAddress + memory.Length <= (Hole & ~(Large - 1)) || memory.HostAddress >= (Hole & ~(Large - 1)) + Large, $"{memory.HostAddress:x}");
        foreach (var used in new ulong[] { memory.HostAddress, memory.HostAddress + memory.Length - 8, DesktopMachine.ImageStart, UartAt, GpioAt, PlicModelAt, board.World.Desktop.Record->Memory.Address(board.World.Desktop.Record) })
        {
            Assert.That(hart.TryProbe(Window + used, Access.Load, out var physical), $"{used:x}");
            Assert.That(physical, Is.EqualTo(used));
        }

        foreach (var closed in new ulong[] { 0x200_0000, 0x8000_0000, 0x801f_f000, Hole, Hole & ~(Large - 1), (Hole | (Large - 1)) - 7, 0x300_0000 })
        {
            Assert.That(hart.TryProbe(Window + closed, Access.Load, out _), Is.False, $"{closed:x}");
        }
    }

    /// <summary>The same board without its quirk would have a window of gigabytes, of which those with firmware could not be used.</summary>
    [Test]
    public void AnImageWithoutSmallPagesIsRefused()
    {
        using var board = new Board(1, smallPages: false);
        Assert.That(board.Boot([Answer]), Is.False);
        Assert.That(board.World.Desktop.Emergency, Is.EqualTo("rvirt: error: the board needs an image whose window has small pages: build it with the define WINDOW_TABLES\r\n"));
    }

    /// <summary>A reference machine with the board's tree and devices, and harts 1 and 2 to run on.</summary>
    private sealed class Board : IDisposable
    {
        public const uint ResetOutcome = 0xf0f0;

        public Board(ulong bootHart, HartOptions? options = null, bool smallPages = true)
        {
            World = new SetupWorld(mode: TranslationMode.Sv39, harts: 3, options: options, smallPages: smallPages) { BootHart = bootHart };
            Uart = new SiFiveUartModel(level => World.Machine.Plic.SetLine(4, level));
            World.Machine.Attach(UartAt, 0x1000, Uart);
            World.Machine.Attach(GpioAt, 0x1000, new Gpio(World.Machine));
            World.Machine.Attach(PlicModelAt, 0x40_0000, new OddPlic(World.Machine.Plic));
        }

        public SetupWorld World { get; }

        public SiFiveUartModel Uart { get; }

        public bool Boot(IReadOnlyList<string> programs, uint[]? devices = null, bool kernel = true, string reserved = "")
        {
            var tree = Tools.Decompile(Tools.DumpQemu("-smp 3 -m 128 -bios none", "sifive_u"), warnings: false)
                .Replace($"plic@{PlicAt:x}", $"plic@{PlicModelAt:x}", StringComparison.Ordinal)
                .Replace($"interrupt-controller@{PlicAt:x}", $"interrupt-controller@{PlicModelAt:x}", StringComparison.Ordinal)
                .Replace($"reg = <0x00 0x{PlicAt:x} ", $"reg = <0x00 0x{PlicModelAt:x} ", StringComparison.Ordinal);
            Assert.That(tree, Does.Contain($"0x{PlicModelAt:x}"));
            tree = tree.Replace("memory@80000000 {", reserved + "memory@80000000 {", StringComparison.Ordinal);
            return World.Boot<Boards<HiFiveUnleashed>>(
                [.. programs.Select((program, i) => World.Guest($"g{i}", program, devices: devices ?? []))],
                source =>
                {
                    var initrd = Regex.Match(source, "linux,initrd-start.*?linux,initrd-end.*?;").Value;
                    Assert.That(initrd, Is.Not.Empty);
                    return kernel ? tree.Replace("chosen {", "chosen { " + initrd, StringComparison.Ordinal) : tree;
                });
        }

        public void Dispose() => World.Dispose();
    }

    /// <summary>GPIO, chapter 17: the board is reset by pin 10, an output that is low.</summary>
    private sealed class Gpio(Rvirt.Reference.Machine machine) : IDevice
    {
        private readonly uint[] _registers = new uint[0x44 / 4];

        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            value = size == 4 && offset / 4 < (ulong)_registers.Length ? _registers[offset / 4] : 0;
            return size == 4;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            if (size == 4 && offset / 4 < (ulong)_registers.Length)
            {
                _registers[offset / 4] = (uint)value;
                if ((_registers[2] & (1u << 10)) != 0 && (_registers[3] & (1u << 10)) == 0)
                {
                    machine.End(Board.ResetOutcome);
                }
            }

            return size == 4;
        }
    }

    /// <summary>The machine's PLIC with the contexts that the FU540 has: hart 0 has one, so that the S-mode of hart n is context 2n and not 2n + 1.</summary>
    private sealed class OddPlic(Plic plic) : IDevice
    {
        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value) => plic.TryRead(hart, Place(offset), size, out value);

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value) => plic.TryWrite(hart, Place(offset), size, value);

        private static ulong Place(ulong offset) => offset switch
        {
            < 0x2080 => offset,
            < 0x20_0000 => offset + 0x80,
            < 0x20_1000 => offset,
            _ => offset + 0x1000,
        };
    }

    // Writes are noted as they are; one that is no word says its bytes.
    private readonly struct Pins(Dictionary<ulong, uint> registers, List<string> log) : IMmio
    {
        public byte Read8(ulong address) => (byte)Read(address, 1);

        public ushort Read16(ulong address) => (ushort)Read(address, 2);

        public uint Read32(ulong address) => registers.GetValueOrDefault(address);

        public ulong Read64(ulong address) => Read(address, 8);

        public void Write8(ulong address, byte value) => Write(address, 1, value);

        public void Write16(ulong address, ushort value) => Write(address, 2, value);

        public void Write32(ulong address, uint value)
        {
            registers[address] = value;
            log.Add($"{address:x}={value:x}");
        }

        public void Write64(ulong address, ulong value) => Write(address, 8, value);

        public void IoFence()
        {
        }

        private uint Read(ulong address, int bytes)
        {
            log.Add($"{address:x} read as {bytes} bytes");
            return registers.GetValueOrDefault(address);
        }

        private void Write(ulong address, int bytes, ulong value) => log.Add($"{address:x}={value:x} as {bytes} bytes");
    }
}
