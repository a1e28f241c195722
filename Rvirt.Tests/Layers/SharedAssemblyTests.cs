using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Hypervisor.Boards;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>
/// The assembly and the linker script that all boards share: they ask which image is built and which CSRs it is for, never which device a board has, and name neither
/// a device nor a board. What differs by device is a macro of the board's (docs/adding-a-board.md).
/// </summary>
public sealed partial class SharedAssemblyTests
{
    private static readonly string[] s_folders = ["Rvirt.Boot/Assembly", "Rvirt.Boot/MachineMode", "Rvirt.Boot/Linker"];

    // What a condition may ask for: the defines of an image (LONGEST_MODE, WINDOW_TABLES, LOAD_ADDRESS), whether there is a machine-mode part and a board's file for it,
    // what one must say, and the way that a vector is assembled for.
    private static readonly HashSet<string> s_conditions =
        ["LONGEST_MODE", "SATP_SV39", "SATP_SV48", "SATP_SV57", "WINDOW_TABLES", "LOAD_ADDRESS", "rvirt_machine_start", "board", "inc", "MACHINE_SIZE", "TRAP_CSR", "TRACE_RECORD_SIZE"];

    // What the ready-made files of devices ask a board for, and are called.
    private static readonly HashSet<string> s_devices =
        [.. Directory.GetFiles(Path.Combine(Repository.Top, "Rvirt.Boot/Devices"), "*.inc").SelectMany(file => Asked().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).Append(Path.GetFileNameWithoutExtension(file)))];

    private static readonly HashSet<string> s_boards = [.. ProductSources.Libraries.Where(name => name.StartsWith("Rvirt.Platform.", StringComparison.Ordinal)).SelectMany(NamesOfBoards)];

    private static string[] Files() =>
        [.. s_folders.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Top, folder))).Where(file => Path.GetExtension(file) is ".S" or ".inc" or ".ld").Select(file => Path.GetRelativePath(Repository.Top, file)).Order(StringComparer.Ordinal)];

    [TestCaseSource(nameof(Files))]
    public void KnowsNoDeviceAndNoBoard(string file) =>
        Assert.That(File.ReadLines(Path.Combine(Repository.Top, file)).SelectMany(Faults), Is.Empty);

    [Test]
    public void AllFilesAreSeen() => Assert.That(Files(), Is.SupersetOf(["Rvirt.Boot/Assembly/EarlyFailure.S", "Rvirt.Boot/MachineMode/Calls.S", "Rvirt.Boot/MachineMode/MachineMode.inc", "Rvirt.Boot/Linker/rvirt.ld"]));

    [Test]
    public void DevicesAndBoardsAreKnown()
    {
        Assert.That(s_devices, Is.SupersetOf(["Uart16550", "UART16550_WIDTH", "SIFIVEGPIO_PIN", "CLINT_BASE"]));
        Assert.That(s_boards, Is.SupersetOf(["QemuVirt", "QEMU virt", "HiFiveUnleashed", "HiFive Unleashed"]));
    }

    [TestCase("#ifdef UART_SIFIVE")]
    [TestCase("#if defined(TEST_BASE)")]
    [TestCase("#elif !defined(HAS_WATCHDOG) || LONGEST_MODE > SATP_SV39")]
    [TestCase("  # ifndef RESET_BY_PIN")]
    [TestCase("#if __has_include(\"power.inc\")")]
    [TestCase("    .ifdef  console_kind")]
    [TestCase("    .if     CONSOLE == 2")]
    [TestCase("    . = DEFINED(ON_TWO) ? 0x40000000 : 0x80000000;")]
    [TestCase("    li      t0, CLINT_BASE + 8")]
    [TestCase("#include \"SiFiveTest.inc\"")]
    [TestCase("/* The 16550's registers */")]
    [TestCase("    sw      t1, 0(t0)   /* txdata of the SiFive UART */")]
    [TestCase("    li      t0, 0x5555  /* as QEMU virt has it */")]
    [TestCase("    li      t0, 2       # HiFiveUnleashed")]
    public void IsSeenWhereItIs(string planted) => Assert.That(Faults(planted), Is.Not.Empty);

    [TestCase("#ifndef RVIRT_GUARD_INC")]
    [TestCase("#ifndef LONGEST_MODE     /* a comment */")]
    [TestCase("#if LONGEST_MODE >= SATP_SV48")]
    [TestCase("#if __has_include(\"board.inc\")")]
    [TestCase("    BOARD_PUT t3   /* an explicit iface of QEMU's harts */")]
    public void IsNotSeenWhereItIsNot(string line) => Assert.That(Faults(line), Is.Empty);

    private static IEnumerable<string> Faults(string line)
    {
        foreach (var name in Condition().Matches(line).SelectMany(condition => Word().Matches(condition.Groups[1].Value).Select(match => match.Value)).Where(name => !s_conditions.Contains(name) && !Guard().IsMatch(name)))
        {
            yield return $"asks for {name}: {line}";
        }

        foreach (Match name in Device().Matches(line))
        {
            yield return $"names the device {name.Value}: {line}";
        }

        foreach (var name in s_devices.Where(name => Word().Matches(line).Any(word => word.Value == name)))
        {
            yield return $"names {name} of a device: {line}";
        }

        foreach (var name in s_boards.Where(name => line.Contains(name, StringComparison.OrdinalIgnoreCase)))
        {
            yield return $"names the board {name}: {line}";
        }
    }

    private static IEnumerable<string> NamesOfBoards(string library)
    {
        foreach (var board in Assembly.Load(library).GetTypes().Where(type => typeof(IPlatform).IsAssignableFrom(type)))
        {
            yield return board.Name;
            yield return System.Text.Encoding.UTF8.GetString(((IPlatform)Activator.CreateInstance(board)!).Name);
        }
    }

    // The condition of the preprocessor or of the assembler, without a comment behind it; or one of the linker script.
    [GeneratedRegex(@"(?:^\s*#\s*(?:if|ifdef|ifndef|elif)\b|^\s*\.(?:if\w*|elseif)\b|\bDEFINED(?=\())((?<=DEFINED)\(\w+\)|(?<!DEFINED)(?:(?!/\*).)*)")]
    private static partial Regex Condition();

    // Not operators.
    [GeneratedRegex(@"\b(?!(?:defined|__has_include|DEFINED)\b)[A-Za-z_]\w*")]
    private static partial Regex Word();

    [GeneratedRegex("^RVIRT_[A-Z0-9_]+_INC$")]
    private static partial Regex Guard();

    [GeneratedRegex(@"(?<![A-Za-z])(?:uart|(?:ns)?16550a?|a?clint|gpio|sifive|goldfish|syscon)(?![A-Za-z0-9])", RegexOptions.IgnoreCase)]
    private static partial Regex Device();

    [GeneratedRegex(@" needs (\w+)[,:]")]
    private static partial Regex Asked();
}
