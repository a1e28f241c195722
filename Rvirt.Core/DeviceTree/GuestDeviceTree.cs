using System;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.DeviceTree;

/// <summary>Generates the device tree that a guest is handed: the machine of its <see cref="GuestBoard"/>, with exactly the devices the guest has.</summary>
public static class GuestDeviceTree
{
    /// <summary>The longest command line that a guest can have, in bytes without its NUL. Linux keeps 1023 or fewer.</summary>
    public const int MaximumBootArguments = 2047;

    /// <summary>A buffer of this many bytes holds the tree of any guest with up to 8 harts and the longest command line.</summary>
    public const int SuggestedBufferLength = 32768;

    private const uint SupervisorExternalInterrupt = 9;
    private const uint NoInterrupt = 0xffffffff;
    private const uint PlicPhandle = 1;
    private const uint TestDevicePhandle = 2;

    /// <summary>Phandle of hart n's interrupt controller is this plus n.</summary>
    private const uint FirstHartPhandle = 3;

    /// <summary>Writes the tree.</summary>
    /// <param name="machine">What the guest has.</param>
    /// <param name="buffer">Where the blob goes, from the first byte.</param>
    /// <param name="length">The blob's size in bytes, 0 on an error.</param>
    public static FdtWriteError Generate(in GuestMachineDescription machine, Span<byte> buffer, out int length)
    {
        var writer = new FdtWriter(buffer);
        writer.BeginNode(""u8);
        writer.Property("#address-cells"u8, 2u);
        writer.Property("#size-cells"u8, 2u);
        writer.StringProperty("compatible"u8, GuestBoard.Compatible);
        writer.StringProperty("model"u8, GuestBoard.Model);
        WriteChosen(ref writer, machine);
        WriteMemory(ref writer, machine);
        WriteHarts(ref writer, machine);
        if (machine.Board.Has(GuestDeviceKind.TestDevice))
        {
            WriteSyscon(ref writer, "poweroff"u8, "syscon-poweroff"u8, TestDeviceWord.Pass);
            WriteSyscon(ref writer, "reboot"u8, "syscon-reboot"u8, TestDeviceWord.Reset);
        }

        WriteDevices(ref writer, machine);
        writer.EndNode();
        return writer.Finish(out length);
    }

    private static void WriteChosen(ref FdtWriter writer, in GuestMachineDescription machine)
    {
        writer.BeginNode("chosen"u8);
        writer.StringProperty("bootargs"u8, machine.BootArguments);
        if (machine.Board.Has(GuestDeviceKind.Uart))
        {
            WriteStdout(ref writer, machine.Board[GuestDeviceKind.Uart].Base);
        }

        if (machine.InitrdEnd != machine.InitrdStart)
        {
            writer.Property("linux,initrd-start"u8, machine.InitrdStart);
            writer.Property("linux,initrd-end"u8, machine.InitrdEnd);
        }

        if (machine.RandomSeed.Length != 0)
        {
            writer.Property("rng-seed"u8, machine.RandomSeed);
        }

        writer.EndNode();
    }

    private static void WriteStdout(ref FdtWriter writer, ulong uart)
    {
        var path = "/soc/serial@"u8;
        Span<byte> text = stackalloc byte[28];
        path.CopyTo(text);
        writer.StringProperty("stdout-path"u8, text[..(path.Length + FdtWriter.UnitAddress(uart, text[path.Length..]))]);
    }

    private static void WriteMemory(ref FdtWriter writer, in GuestMachineDescription machine)
    {
        writer.BeginNode("memory"u8, machine.Board.MemoryBase);
        writer.StringProperty("device_type"u8, "memory"u8);
        WriteReg(ref writer, machine.Board.MemoryBase, machine.MemorySize);
        writer.EndNode();
    }

    private static void WriteHarts(ref FdtWriter writer, in GuestMachineDescription machine)
    {
        writer.BeginNode("cpus"u8);
        writer.Property("#address-cells"u8, 1u);
        writer.Property("#size-cells"u8, 0u);
        writer.Property("timebase-frequency"u8, machine.TimebaseFrequency);
        for (var hart = 0u; hart < machine.HartCount; hart++)
        {
            writer.BeginNode("cpu"u8, hart);
            writer.StringProperty("device_type"u8, "cpu"u8);
            writer.Property("reg"u8, hart);
            writer.StringProperty("status"u8, "okay"u8);
            writer.StringProperty("compatible"u8, "riscv"u8);
            writer.StringProperty("riscv,isa"u8, machine.Isa);
            WriteExtensions(ref writer, machine.Isa);
            if (machine.PrefetchBlock != 0)
            {
                writer.Property("riscv,cbop-block-size"u8, machine.PrefetchBlock);
            }

            writer.StringProperty("mmu-type"u8, MmuType(machine.TranslationMode));
            writer.Property("phandle"u8, HartPhandle(machine, hart));
            writer.BeginNode("interrupt-controller"u8);
            writer.Property("#address-cells"u8, 0u);
            writer.Property("#interrupt-cells"u8, 1u);
            writer.Property("interrupt-controller"u8);
            writer.StringProperty("compatible"u8, "riscv,cpu-intc"u8);
            writer.Property("phandle"u8, FirstHartPhandle + hart);
            writer.EndNode();
            writer.EndNode();
        }

        WriteTopology(ref writer, machine);
        writer.EndNode();
    }

    // Each hart is a core of the one cluster.
    private static void WriteTopology(ref FdtWriter writer, in GuestMachineDescription machine)
    {
        Span<byte> core = stackalloc byte[6];
        "core"u8.CopyTo(core);
        writer.BeginNode("cpu-map"u8);
        writer.BeginNode("cluster0"u8);
        for (var hart = 0u; hart < machine.HartCount; hart++)
        {
            var length = 4;
            if (hart >= 10)
            {
                core[length++] = (byte)('0' + (hart / 10 % 10));
            }

            core[length++] = (byte)('0' + (hart % 10));
            writer.BeginNode(core[..length]);
            writer.Property("cpu"u8, HartPhandle(machine, hart));
            writer.EndNode();
        }

        writer.EndNode();
        writer.EndNode();
    }

    // Behind those of the harts' interrupt controllers.
    private static uint HartPhandle(in GuestMachineDescription machine, uint hart) => FirstHartPhandle + (uint)machine.HartCount + hart;

    /// <summary>Writes <c>riscv,isa-base</c> and <c>riscv,isa-extensions</c>, the list form of an ISA string.</summary>
    private static void WriteExtensions(ref FdtWriter writer, ReadOnlySpan<byte> isa)
    {
        var letters = GuestIsa.Letters(isa);
        if (letters.Length == 0)
        {
            return;
        }

        writer.StringProperty("riscv,isa-base"u8, "rv64i"u8);
        Span<byte> list = stackalloc byte[GuestIsa.MaximumLength * 2];
        var at = 0;
        for (var i = 0; i < letters.Length && at + 1 < list.Length; i++)
        {
            list[at++] = letters[i];
            list[at++] = 0;
        }

        var rest = isa[GuestIsa.LettersEnd(isa)..];
        if (rest.Length > list.Length - at)
        {
            rest = default;
        }

        // What follows the letters is "_name_name": each underscore after the first becomes a NUL.
        for (var i = 1; i < rest.Length; i++)
        {
            list[at++] = rest[i] == (byte)'_' ? (byte)0 : rest[i];
        }

        if (list[at - 1] == 0)
        {
            at--;
        }

        writer.StringListProperty("riscv,isa-extensions"u8, list[..at]);
    }

    private static void WriteSyscon(ref FdtWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> compatible, uint value)
    {
        writer.BeginNode(name);
        writer.StringProperty("compatible"u8, compatible);
        writer.Property("regmap"u8, TestDevicePhandle);
        writer.Property("offset"u8, 0u);
        writer.Property("value"u8, value);
        writer.EndNode();
    }

    private static void WriteDevices(ref FdtWriter writer, in GuestMachineDescription machine)
    {
        writer.BeginNode("soc"u8);
        writer.Property("#address-cells"u8, 2u);
        writer.Property("#size-cells"u8, 2u);
        writer.StringProperty("compatible"u8, "simple-bus"u8);
        writer.Property("ranges"u8);
        WritePlic(ref writer, machine);
        WriteTestDevice(ref writer, machine.Board[GuestDeviceKind.TestDevice]);
        WriteClock(ref writer, machine.Board[GuestDeviceKind.Clock]);
        WriteUart(ref writer, machine.Board);
        WriteSlots(ref writer, machine);
        writer.EndNode();
    }

    private static void WriteTestDevice(ref FdtWriter writer, in GuestWindow window)
    {
        if (window.Count != 0)
        {
            writer.BeginNode("test"u8, window.Base);
            writer.StringListProperty("compatible"u8, "sifive,test1\0sifive,test0\0syscon"u8);
            WriteReg(ref writer, window.Base, window.Size);
            writer.Property("phandle"u8, TestDevicePhandle);
            writer.EndNode();
        }
    }

    private static void WriteClock(ref FdtWriter writer, in GuestWindow window)
    {
        if (window.Count != 0)
        {
            writer.BeginNode("rtc"u8, window.Base);
            writer.StringProperty("compatible"u8, "google,goldfish-rtc"u8);
            WriteReg(ref writer, window.Base, window.Size);
            WriteInterrupt(ref writer, window.Interrupt);
            writer.EndNode();
        }
    }

    private static void WriteUart(ref FdtWriter writer, in GuestBoard board)
    {
        var window = board[GuestDeviceKind.Uart];
        if (window.Count != 0)
        {
            writer.BeginNode("serial"u8, window.Base);
            writer.StringProperty("compatible"u8, "ns16550a"u8);
            WriteReg(ref writer, window.Base, window.Size);
            writer.Property("clock-frequency"u8, board.UartClockFrequency);
            WriteInterrupt(ref writer, window.Interrupt);
            writer.EndNode();
        }
    }

    private static void WriteSlots(ref FdtWriter writer, in GuestMachineDescription machine)
    {
        var window = machine.Board[GuestDeviceKind.Virtio];
        for (var slot = 0; slot < window.Count; slot++)
        {
            if (((machine.VirtioSlots >> slot) & 1) != 0)
            {
                writer.BeginNode("virtio_mmio"u8, window.BaseOf(slot));
                writer.StringProperty("compatible"u8, "virtio,mmio"u8);
                WriteReg(ref writer, window.BaseOf(slot), window.Size);
                WriteInterrupt(ref writer, window.InterruptOf(slot));
                writer.EndNode();
            }
        }
    }

    private static void WritePlic(ref FdtWriter writer, in GuestMachineDescription machine)
    {
        var window = machine.Board[GuestDeviceKind.Plic];
        writer.BeginNode("plic"u8, window.Base);
        writer.StringListProperty("compatible"u8, "sifive,plic-1.0.0\0riscv,plic0"u8);
        writer.Property("#address-cells"u8, 0u);
        writer.Property("#interrupt-cells"u8, 1u);
        writer.Property("interrupt-controller"u8);

        // The board numbers contexts M, S per hart. The guest has no M-mode: its contexts are there and lead nowhere.
        writer.BeginCells("interrupts-extended"u8, machine.HartCount * 4);
        for (var hart = 0u; hart < machine.HartCount; hart++)
        {
            writer.Cell(FirstHartPhandle + hart);
            writer.Cell(NoInterrupt);
            writer.Cell(FirstHartPhandle + hart);
            writer.Cell(SupervisorExternalInterrupt);
        }

        WriteReg(ref writer, window.Base, window.Size);
        writer.Property("riscv,ndev"u8, machine.Board.PlicSources);
        writer.Property("phandle"u8, PlicPhandle);
        writer.EndNode();
    }

    private static void WriteReg(ref FdtWriter writer, ulong address, ulong size)
    {
        writer.BeginCells("reg"u8, 4);
        writer.Cell((uint)(address >> 32));
        writer.Cell((uint)address);
        writer.Cell((uint)(size >> 32));
        writer.Cell((uint)size);
    }

    private static void WriteInterrupt(ref FdtWriter writer, uint number)
    {
        if (number != 0)
        {
            writer.Property("interrupts"u8, number);
            writer.Property("interrupt-parent"u8, PlicPhandle);
        }
    }

    private static ReadOnlySpan<byte> MmuType(TranslationMode mode) => mode switch
    {
        TranslationMode.Sv39 => "riscv,sv39"u8,
        TranslationMode.Sv48 => "riscv,sv48"u8,
        TranslationMode.Sv57 => "riscv,sv57"u8,
        _ => "riscv,none"u8,
    };
}
