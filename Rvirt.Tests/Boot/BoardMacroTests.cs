using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Boot;

/// <summary>
/// What the machine-mode part does with a board's hardware, by the macros of the board: those that are ready-made, each on a model of its device at a place where
/// no board of ours has it, on the reference machine.
/// </summary>
[Category("System")]
public sealed class BoardMacroTests
{
    private const ulong Ram = 1 << 20;
    private const ulong Found = Machine.DefaultRamBase + Ram - 64;
    private const ulong Uart = 0x1234_5000;
    private const ulong Power = 0x0500_0000;
    private const ulong Timer = 0x0600_0000;

    private static readonly string[] s_macros = ["BOARD_PUT", "BOARD_OFF", "BOARD_RESET", "BOARD_FAIL", "BOARD_MSIP", "BOARD_MTIMECMP", "BOARD_MTIME"];

    private readonly TemporaryFolder _folder = new();

    private Dictionary<string, string> _board = [];

    private static string[] Files() => [.. Directory.GetFiles(Path.Combine(Repository.Top, "Rvirt.Boot/Devices"), "*.inc").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    // A board, of which a test changes one device.
    [SetUp]
    public void DescribeBoard() => _board = new()
    {
        ["uart"] = $".macro BOARD_PUT byte\n li t0, {Uart}\n sb \\byte, 0(t0)\n .endm",
        ["power"] = $"#define SIFIVETEST_BASE {Power}\n#include \"SiFiveTest.inc\"",
        ["timer"] = $"#define CLINT_BASE {Timer}\n#include \"Clint.inc\"",
    };

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    /// <summary>Registers a power of two apart, accesses as wide as the board says, and a transmitter that takes its time.</summary>
    [TestCase(0, 1)]
    [TestCase(1, 2)]
    [TestCase(2, 4)]
    [TestCase(2, 1)]
    public void A16550IsWrittenWhenItHasRoom(int shift, int width)
    {
        var uart = new SlowUart(read: 5UL << shift, busy: 0x40, ready: 0x60, size: width);
        _board["uart"] = $"#define UART16550_BASE {Uart}\n#define UART16550_SHIFT {shift}\n#define UART16550_WIDTH {width}\n#include \"Uart16550.inc\"";
        using var machine = Run(machine => machine.Attach(Uart, 0x100, uart));
        Assert.That(uart.Text, Is.EqualTo("put"));
    }

    [Test]
    public void ASiFiveUARTIsWrittenWhenItHasRoom()
    {
        var uart = new SlowUart(read: 0, busy: 1u << 31, ready: 0, size: 4);
        _board["uart"] = $"#define SIFIVEUART_BASE {Uart}\n#include \"SiFiveUart.inc\"";
        using var machine = Run(machine => machine.Attach(Uart, 0x100, uart));
        Assert.That(uart.Text, Is.EqualTo("put"));
    }

    [TestCase(0, 0, 0x5555u)]
    [TestCase(1, 0, 0x7777u)]
    [TestCase(2, 0, 0x7777u)]
    [TestCase(0, 1, 0x13333u)]
    public void ATestDeviceEndsTheMachine(int type, int reason, uint word)
    {
        var power = new Words();
        using var machine = Run(machine => machine.Attach(Power, 0x1000, power), type, reason);
        Assert.That(power.Writes, Is.EqualTo([(0UL, word)]));
    }

    /// <summary>Other pins stay as they are, and the pin is driven from high to low, never the other way.</summary>
    [TestCase(0, 0)]
    [TestCase(1, 0)]
    [TestCase(0, 1)]
    public void APinEndsTheMachine(int type, int reason)
    {
        var pins = new Words { [0x8] = 0x40, [0xc] = 0x21 };
        _board["power"] = $"#define SIFIVEGPIO_BASE {Power}\n#define SIFIVEGPIO_PIN 11\n#include \"SiFiveGpioRestart.inc\"";
        using var machine = Run(machine => machine.Attach(Power, 0x1000, pins), type, reason);
        Assert.That(pins.Writes, Is.EqualTo([(0xcUL, 0x821u), (0x8UL, 0x840u), (0xcUL, 0x21u)]));
    }

    /// <summary>A CLINT, and the same parts wherever they are: the hart that boots sets its timer, starts the other by its interrupt, and is told where that one's registers are.</summary>
    [TestCase(Timer, Timer + 0x4000, Timer + 0xbff8, "#define CLINT_BASE 0x6000000\n#include \"Clint.inc\"")]
    [TestCase(0x0700_0000UL, 0x0310_0100UL, 0x0880_0ff8UL,
        "#define ACLINT_MSWI 0x7000000\n#define ACLINT_MTIMECMP 0x3100100\n#define ACLINT_MTIME 0x8800ff8\n#include \"Aclint.inc\"")]
    public void AHartHasItsTimerAndItsInterruptWhereTheBoardSays(ulong interrupts, ulong compares, ulong time, string macros)
    {
        _board["timer"] = macros;
        Part? software = null, timers = null;
        using var machine = Run(machine =>
        {
            software = Attach(machine, interrupts, 8, 0);
            timers = Attach(machine, compares, 16, 0x4000);
        });
        Assert.That((machine.Read64(Found), machine.Read64(Found + 8), machine.Read64(Found + 16)), Is.EqualTo((compares + 8, interrupts + 4, time)));
        Assert.That(software!.Written, Is.SupersetOf([0UL, 4UL]), "harts cleared theirs, and one was told");
        Assert.That(timers!.Written, Is.EquivalentTo([0UL, 8UL]));
        Assert.That(machine.Read64(Found + 24), Is.EqualTo(7), "the other hart came");
    }

    /// <summary>RAM need not begin where most boards have it.</summary>
    [Test]
    public void ThePartIsEnteredWhereTheBoardSays()
    {
        var power = new Words();
        using var machine = Run(machine => machine.Attach(Power, 0x1000, power), load: Machine.DefaultRamBase + 0x4_0000);
        Assert.That(power.Writes, Is.EqualTo([(0UL, 0x5555u)]));
    }

    [TestCaseSource(nameof(s_macros))]
    public void AMacroThatTheBoardLacksIsAnErrorThatNamesIt(string macro)
    {
        WriteBoard();
        var output = Refused($"#include \"board.inc\"\n .purgem {macro}\n#include \"Complete.S\"\n");
        Assert.That(output, Does.Contain($"error: macro '{macro}' is not defined"));
        Assert.That(s_macros.Where(other => output.Contains($"macro '{other}' is not defined", StringComparison.Ordinal)), Is.EqualTo([macro]));
    }

    [Test]
    public void AllMacrosAreLookedFor() => Assert.That(
        File.ReadLines(Path.Combine(Repository.Top, "Rvirt.Boot/MachineMode/Complete.S")).Select(line => line.Trim().Split(' ')).Where(words => words[0] == ".purgem").Select(words => words[1]),
        Is.EqualTo(s_macros));

    [TestCaseSource(nameof(Files))]
    public void AReadyMadeFileAsksByNameForWhatItNeeds(string file) =>
        Assert.That(Refused($"#include \"{file}\"\n"), Does.Match($@"error: ""{file} needs [A-Z0-9]+_[A-Z]+, "));

    [TestCase(0, 3)]
    [TestCase(2, 8)]
    public void A16550HasNoAccessesOfAnotherWidth(int shift, int width) => Assert.That(
        Refused($"#define UART16550_BASE 1\n#define UART16550_SHIFT {shift}\n#define UART16550_WIDTH {width}\n#include \"Uart16550.inc\"\n"),
        Does.Contain("needs UART16550_WIDTH, the bytes of an access: 1, 2 or 4"));

    // The board of this test, as its macros are, on a machine that has its devices and those of the reference machine's own memory map.
    private Machine Run(Action<Machine> attach, int type = 0, int reason = 0, ulong load = 0)
    {
        WriteBoard();
        List<string> defines = [$"FOUND=0x{Found:x}", $"TYPE={type}", $"REASON={reason}"];
        if (load != 0)
        {
            defines.Add($"LOAD_ADDRESS=0x{load:x}");
        }

        var image = _folder.File("board.bin");
        var (status, output) = Commands.Run("llvm-objcopy-19", ["-O", "binary", BareProgram.BuildAboveMachineMode(_folder, "board-payload.S", _folder.File(""), [.. defines]), image]);
        Assert.That(status, Is.Zero, output);
        var machine = new Machine(Ram, harts: 2, new HartOptions { CounterCsrs = false });
        attach(machine);
        // What the test did not attach by itself.
        machine.Attach(Uart, 0x100, new SlowUart(0, 0, 0, 1));
        machine.Attach(Power, 0x1000, new Words());
        Attach(machine, Timer, 0x1_0000, 0);
        var start = load != 0 ? load : machine.RamBase;
        machine.Load(start, File.ReadAllBytes(image));
        foreach (var hart in machine.Harts)
        {
            hart.Pc = start;
        }

        machine.Run(100_000);
        Assert.That(machine.Read64(Found + 24), Is.EqualTo(7), $"the program came to its end; pc {machine.Harts[0].Pc:x}, {machine.Harts[1].Pc:x}");
        return machine;
    }

    private void WriteBoard()
    {
        Directory.CreateDirectory(_folder.File("MachineMode"));
        File.WriteAllText(_folder.File("MachineMode/board.inc"), $"#ifndef BOARD_INC\n#define BOARD_INC\n{string.Join('\n', _board.Values)}\n#define MACHINE_SIZE 0x2000\n#endif\n");
    }

    private string Refused(string source)
    {
        var file = _folder.File("refused.S");
        File.WriteAllText(file, source);
        var boot = Path.Combine(Repository.Top, "Rvirt.Boot");
        var (status, output) = Commands.Run(
            "clang-19",
            [
                "--target=riscv64", "-march=rv64imac_zicsr", "-c", "-o", _folder.File("refused.o"), file, "-I", Path.Combine(boot, "Assembly"), "-I", Path.Combine(boot, "MachineMode"),
                "-I", Path.Combine(boot, "Devices"), "-I", _folder.File("MachineMode"),
            ]);
        Assert.That(status, Is.Not.Zero);
        return output;
    }

    private static Part Attach(Machine machine, ulong start, ulong length, ulong from)
    {
        var part = new Part(machine.Clint, from);
        machine.Attach(start, length, part);
        return part;
    }

    /// <summary>Looks at a UART's state tell it busy twice after each byte; it loses a byte that is written meanwhile, and refuses an access of another size.</summary>
    private sealed class SlowUart(ulong read, uint busy, uint ready, int size) : IDevice
    {
        private int _looks;

        public string Text { get; private set; } = "";

        public bool TryRead(Hart? hart, ulong offset, int width, out ulong value)
        {
            value = _looks > 0 ? busy : ready;
            _looks--;
            return offset == read && width == size;
        }

        public bool TryWrite(Hart? hart, ulong offset, int width, ulong value)
        {
            if (_looks <= 0)
            {
                Text += (char)(byte)value;
            }

            _looks = 2;
            return offset == 0 && width == size;
        }
    }

    /// <summary>Registers of a word that keep what they are given, and remember all they were.</summary>
    private sealed class Words : IDevice
    {
        private readonly Dictionary<ulong, uint> _words = [];

        public List<(ulong Offset, uint Value)> Writes { get; } = [];

        public uint this[ulong offset]
        {
            set => _words[offset] = value;
        }

        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            value = _words.GetValueOrDefault(offset);
            return size == 4;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            _words[offset] = (uint)value;
            Writes.Add((offset, (uint)value));
            return size == 4;
        }
    }

    /// <summary>Some registers of a device, seen at another place.</summary>
    private sealed class Part(IDevice whole, ulong from) : IDevice
    {
        /// <summary>What was written to, from the part's start.</summary>
        public HashSet<ulong> Written { get; } = [];

        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value) => whole.TryRead(hart, offset + from, size, out value);

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            Written.Add(offset);
            return whole.TryWrite(hart, offset + from, size, value);
        }
    }
}
