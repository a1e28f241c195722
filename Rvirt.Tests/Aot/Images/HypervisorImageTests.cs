using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Images;

/// <summary>The machine code of the hypervisor's images, as <c>make image</c> leaves them.</summary>
[TestFixture("rvirt-qemu", Category = "Image")]
[TestFixture("rvirt-qemu-sbi", true, Category = "Image")]
[TestFixture("rvirt-generic-sbi", true, Category = "Image")]
[TestFixture("rvirt-unleashed", true, Category = "Image")]
[TestFixture("rvirt-unleashed-sbi", true, Category = "Image")]
public partial class HypervisorImageTests(string name, bool flat = false)
{
    /// <summary>
    /// Limit for what an image loads; <c>make bench BENCH=size</c> tells what takes it. Traps are handled in one piece of code for each way to run guests,
    /// of which an image has two: the second, and the choice between them, is 23 KiB of it. Partitions of a disk that guests share are 8 KiB.
    /// Network cards and disks by tables, so that a board can bring drivers of its own, are 2 KiB, and those of the other boards up to 7 KiB, with a line for what a board lacks. A driver for APLICs is 1 KiB.
    /// </summary>
    private long MaximumSize => name.StartsWith("rvirt-qemu", StringComparison.Ordinal) ? 195 << 10 : 201 << 10;

    /// <summary>What lies between its parts, which begin at pages.</summary>
    private const long MaximumGaps = 4 << 10;

    /// <summary>Limit for what it takes of memory, with the stacks and tables it begins with, which are aligned to 16 KiB; boards with Sv39 alone begin with more of them.</summary>
    private long MaximumInMemory => name.StartsWith("rvirt-qemu", StringComparison.Ordinal) ? 256 << 10 : 336 << 10;

    private readonly Dictionary<string, List<string>> _functions = [];

    [GeneratedRegex(@"^[0-9a-f]+ <(.+)>:$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\bf(a|s|t)\d+\b|\bfcsr\b")]
    private static partial Regex FloatingPointRegister();

    [GeneratedRegex(@"\t(csrci|csrc)\s+sip,")]
    private static partial Regex ClearsSoftwareInterrupt();

    // Or leads elsewhere, where it is not seen whether it does.
    [GeneratedRegex(@"\t(fence|l[bhwd]u?|s[bhwd]|lr\.\w+|sc\.\w+|amo\w+\.\S+|j|jr|jal|jalr|call|tail|ret|b\w+|wfi|ecall|sret)(\s|$)")]
    private static partial Regex TouchesMemory();

    [GeneratedRegex(@"\bamo[a-z]+\.[wd]\S*")]
    private static partial Regex Amo();

    [GeneratedRegex(@"\t\.(insn|[248]byte)\b")]
    private static partial Regex Undecoded();

    [OneTimeSetUp]
    public void Disassemble()
    {
        var code = new List<string>();
        foreach (var line in Tool("riscv64-linux-gnu-objdump", "-d", "--no-show-raw-insn", Image).Split('\n'))
        {
            if (Heading().Match(line) is { Success: true } heading)
            {
                code = [];
                _functions.TryAdd(heading.Groups[1].Value, code);
            }
            else if (line.Length > 0)
            {
                // What objdump says of an address behind # is no instruction, and can look like a register: fa001.
                code.Add(line.Split('#')[0]);
            }
        }
    }

    private string Image => Repository.ImageOf(name);

    private static string Tool(string tool, params string[] arguments)
    {
        var (status, output) = Commands.Run(tool, arguments);
        Assert.That(status, Is.Zero, output);
        return output;
    }

    [Test]
    public void IsDisassembledWhole()
    {
        Assert.That(_functions, Has.Count.GreaterThan(100));
        Assert.That(_functions.Keys, Does.Contain("rvirt_trap").And.Contain("rvirt_panic").And.Contain("memcpy"));
        Assert.That(_functions.Values.Sum(code => code.Count), Is.GreaterThan(10_000));
    }

    [Test]
    public void TouchesNoFloatingPointRegisterButToSaveAndRestoreThem() => Assert.That(
        _functions.Where(function => function.Value.Any(FloatingPointRegister().IsMatch)).Select(function => function.Key),
        Is.EquivalentTo(["rvirt_save_floating_point", "rvirt_restore_floating_point"]));

    // A CSR write is device output, which only a fence orders before what is read of memory next (Unprivileged spec, Zicsr).
    [Test]
    public void LooksForRequestsAfterTheInterruptThatTellsOfThemIsCleared()
    {
        var cleared = (from function in _functions
                       from clear in Enumerable.Range(0, function.Value.Count)
                       where ClearsSoftwareInterrupt().IsMatch(function.Value[clear])
                       select (function.Key, Then: function.Value.Skip(clear + 1).FirstOrDefault(TouchesMemory().IsMatch))).ToList();
        Assert.That(cleared, Has.Count.GreaterThan(1));
        Assert.That(cleared, Is.All.Matches<(string Function, string? Then)>(found => found.Then?.Contains("\tfence", StringComparison.Ordinal) == true));
    }

    /// <summary>What harts tell each other rests on it (docs/shared-fields.md): each change by <c>Interlocked</c> is a full barrier, which an AMO is with both bits (Unprivileged spec, Zalrsc and Zaamo).</summary>
    [Test]
    public void ChangesAtomicallyInFullOrderAlone()
    {
        var changes = (from function in _functions from line in function.Value from match in Amo().Matches(line) select (function.Key, match.Value)).ToList();
        Assert.That(changes, Has.Count.GreaterThan(50));
        Assert.That(changes.Where(change => !change.Value.EndsWith(".aqrl", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void HasNoUndefinedSymbol() => Assert.That(Tool("llvm-nm-19", "--undefined-only", Image).Trim(), Is.Empty);

    /// <summary>binutils decode vector instructions only where an attribute of the file names V: <c>VectorTests</c> run those.</summary>
    [Test]
    public void HasNoInstructionThatCannotBeDecoded() => Assert.That(
        from function in _functions where !function.Key.EndsWith("_vectors", StringComparison.Ordinal) from line in function.Value where Undecoded().IsMatch(line) select $"{function.Key}: {line}",
        Is.Empty);

    [Test]
    public void AllocatesNothing() => Assert.That(
        _functions.Keys.Where(name => (name.Contains("alloc", StringComparison.OrdinalIgnoreCase) && name.StartsWith("System.", StringComparison.Ordinal))
            || name.Contains("Rhp", StringComparison.Ordinal) || name is "malloc" or "free" or "calloc"),
        Is.Empty);

    /// <summary>Small pieces of the core library and of the hardware seam cost nothing: none is a function of its own.</summary>
    [TestCase("System.Span<")]
    [TestCase("System.ReadOnlySpan<")]
    [TestCase("System.Runtime.")]
    [TestCase("System.Numerics.BitOperations.")]
    [TestCase("System.Buffers.Binary.BinaryPrimitives.")]
    [TestCase("System.Threading.")]
    [TestCase("Rvirt.Boot.Target.Instructions.")]
    [TestCase("Rvirt.Core.VirtualHart.VCpu.get_")]
    [TestCase("Rvirt.Mmu.PageTableEntry.")]
    public void InlinesEveryFunctionOf(string prefix) =>
        Assert.That(_functions.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)), Is.Empty);

    [Test]
    public void IsSmall()
    {
        var headers = Tool("riscv64-linux-gnu-readelf", "-lW", Image);
        var sizes = Regex.Matches(headers, @"^\s+LOAD\s+0x\w+ 0x\w+ 0x\w+ 0x(\w+) 0x(\w+)", RegexOptions.Multiline);
        Assert.That(sizes, Is.Not.Empty, headers);
        long Sum(int group) => sizes.Sum(match => long.Parse(match.Groups[group].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        Assert.Multiple(() =>
        {
            Assert.That(Sum(1), Is.InRange(32 << 10, MaximumSize), "bytes loaded");
            Assert.That(Sum(2), Is.LessThan(MaximumInMemory), "bytes in memory");
        });
    }

    [Test]
    public void NamesNoFolderOfThisMachine()
    {
        var text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(Image));
        Assert.Multiple(() =>
        {
            Assert.That(text.Contains(Repository.Top, StringComparison.Ordinal), Is.False, "the top of the working copy");
            Assert.That(text.Contains(Path.GetTempPath(), StringComparison.Ordinal), Is.False, "a temporary folder");
            Assert.That(text, Does.Contain("/_/Rvirt.Core"));
        });
    }

    [Test]
    public void HasAFlatBinaryOfTheLoadedBytes()
    {
        var binary = Path.ChangeExtension(Image, ".bin");
        Assert.That(File.Exists(binary), Is.EqualTo(flat), "only images that firmware or the board's loader loads have one");
        // A machine-mode part lies apart, at the beginning of memory of its own.
        if (flat && name.EndsWith("-sbi", StringComparison.Ordinal))
        {
            Assert.That(new FileInfo(binary).Length, Is.InRange(32 << 10, MaximumSize + MaximumGaps));
        }
    }
}
