using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Aot.Cli;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Linking;
using Rvirt.Aot.Options;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Linking;

/// <summary>Objects of earlier runs: a compiler that notes each of its runs says what was made anew.</summary>
public sealed class ObjectCacheTests
{
    private TemporaryFolder _folder = null!;
    private CompilerOptions _options = null!;

    [SetUp]
    public void MakeSources()
    {
        _folder = new TemporaryFolder();
        _folder.Write("First.S", "#include \"outer.inc\"\n    .globl _start\n_start: li a0, VALUE\n    call second\n"u8);
        _folder.Write("Second.S", "    .globl second\nsecond: li a0, 2\n    ret\n"u8);
        _folder.Write("outer.inc", "#include \"inner.inc\"\n"u8);
        _folder.Write("inner.inc", "#define VALUE 1\n"u8);
        var clang = _folder.Write("clang", Encoding.UTF8.GetBytes($"""
            #!/bin/sh
            for argument; do
                case $argument in *.S|*.ll) basename "$argument" >> "{_folder.File("runs")}" ;; esac
            done
            exec clang-19 "$@"

            """));
        Assert.That(Commands.Run("chmod", ["+x", clang]).Status, Is.Zero);
        _options = CompiledPrograms.Options with
        {
            Exports = ["stack_deep"],
            Assembly = [_folder.File("First.S"), _folder.File("Second.S")],
            Clang = clang,
            ObjectCache = _folder.File("objects"),
            Output = _folder.File("image.elf"),
        };
    }

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    /// <summary>Compiles, and gives the sources that clang was started for.</summary>
    private IReadOnlyList<string> Compile(CompilerOptions options)
    {
        File.Delete(_folder.File("runs"));
        var diagnostics = new DiagnosticBag();
        Assert.That(CompilerDriver.Run(options, diagnostics, TextWriter.Null), Is.True, string.Join('\n', diagnostics.All));
        return File.Exists(_folder.File("runs")) ? [.. File.ReadAllLines(_folder.File("runs")).Order(StringComparer.Ordinal)] : [];
    }

    [Test]
    public void AnotherRunThatMakesTheSameImageAtThisMomentIsLeftAlone()
    {
        var (image, symbols) = (_folder.Write("image.elf.unfinished", "another run's"u8), _folder.Write("image.sym.unfinished", "another run's"u8));
        Compile(_options with { Symbols = _folder.File("image.sym") });
        Assert.That((File.ReadAllText(image), File.ReadAllText(symbols)), Is.EqualTo(("another run's", "another run's")));
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(image)!, "*.unfinished"), Has.Length.EqualTo(2), "and nothing of this run stays");
    }

    private static readonly string[] s_all = ["First.S", "Second.S", "image.ll", "memory.S"];

    [Test]
    public void NothingIsMadeAgainWhereNothingChanged()
    {
        Assert.That(Compile(_options), Is.EqualTo(s_all));
        var first = File.ReadAllBytes(_options.Output);
        Assert.That(Compile(_options), Is.Empty);
        Assert.That(File.ReadAllBytes(_options.Output), Is.EqualTo(first));
    }

    [Test]
    public void AnotherImageOfTheSameModuleTakesItsObjects()
    {
        Compile(_options);
        Assert.That(Compile(_options with { Assembly = [_folder.File("Second.S")], Output = _folder.File("other.elf") }), Is.Empty);
        Assert.That(File.Exists(_folder.File("other.elf")), Is.True);
    }

    [TestCase("Second.S", "    .globl second\nsecond: li a0, 3\n    ret\n", "Second.S")]
    [TestCase("inner.inc", "#define VALUE 7\n", "First.S")]
    public void AnAssemblyFileIsMadeAgainWhenItOrAnIncludeChanges(string file, string text, string expected)
    {
        Compile(_options);
        _folder.Write(file, Encoding.UTF8.GetBytes(text));
        Assert.That(Compile(_options), Is.EqualTo([expected]));
        Assert.That(Commands.Run("llvm-objdump-19", ["-d", _options.Output]).Output, Does.Match(expected == "First.S" ? @"li\s+a0, 0x7" : @"li\s+a0, 0x3"));
    }

    [Test]
    public void AnIncludeThatComesToStandBeforeAnotherCounts()
    {
        var late = Directory.CreateDirectory(_folder.File("late")).FullName;
        File.Move(_folder.File("inner.inc"), Path.Combine(late, "inner.inc"));
        var options = _options with { Includes = [late] };
        Compile(options);
        _folder.Write("inner.inc", "#define VALUE 7\n"u8);
        Assert.That(Compile(options), Is.EqualTo(["First.S"]));
    }

    [Test]
    public void AChangedOptionMakesWhatItIsFor()
    {
        Compile(_options);
        Assert.That(Compile(_options with { Defines = ["OTHER=1"] }), Is.EqualTo(["First.S", "Second.S", "memory.S"]));
        Assert.That(Compile(_options with { Optimization = "s" }), Is.EqualTo(["image.ll"]));
        Assert.That(Compile(_options with { Exports = ["stack_deep", "rvirt_panic"] }), Is.EqualTo(["image.ll"]));
    }

    [Test]
    public void AnotherCompilerMakesAllAnew()
    {
        Compile(_options);
        File.AppendAllText(_options.Clang, "# another one\n");
        Assert.That(Compile(_options), Is.EqualTo(s_all));
    }

    [TestCase("    .incbin \"blob\"\n")]
    [TestCase("    .include \"inner.inc\"\n")]
    [TestCase("first: .include \"inner.inc\"\n")]
    [TestCase("#define PLACE \"inner.inc\"\n#include PLACE\n")]
    [TestCase("#if __has_include(\"none.inc\")\n#endif\n")]
    public void WhatMayReadAnyFileIsMadeEachTime(string text)
    {
        _folder.Write("blob", "x"u8);
        // The assembler does not know the preprocessor's words.
        if (text.Contains(".include", StringComparison.Ordinal))
        {
            _folder.Write("inner.inc", "    nop\n"u8);
            _folder.Write("First.S", Encoding.UTF8.GetBytes(text));
        }
        else
        {
            _folder.Write("First.S", Encoding.UTF8.GetBytes(text + "    .globl _start\n_start: ret\n"));
        }

        var options = _options with { Includes = [Path.GetDirectoryName(_folder.File("blob"))!] };
        Compile(options);
        Assert.That(Compile(options), Is.EqualTo(["First.S"]));
    }

    [Test]
    public void WhatFailsIsNotKept()
    {
        _folder.Write("Second.S", "    no such instruction\n"u8);
        for (var round = 1; round <= 2; round++)
        {
            var diagnostics = new DiagnosticBag();
            Assert.That(CompilerDriver.Run(_options, diagnostics, TextWriter.Null), Is.False);
            Assert.That(diagnostics.All.Single().Code, Is.EqualTo(DiagnosticCode.ToolFailed));
        }
    }

    [Test]
    public void KeepsTheObjectsUsedLast()
    {
        var objects = _folder.File("objects");
        var cache = new ObjectCache(objects);
        var source = _folder.Write("some.o", "object"u8);
        for (var i = 0; i < ObjectCache.Capacity + 10; i++)
        {
            cache.Keep($"{i}", source);
            File.SetLastWriteTimeUtc(Path.Combine(objects, $"{i}.o"), DateTime.UnixEpoch.AddSeconds(i));
        }

        Assert.That(cache.TryTake("0", _folder.File("taken.o")), Is.True, "used again");
        cache.Trim();
        Assert.That(
            Directory.GetFiles(objects).Select(file => Path.GetFileName(file)),
            Is.EquivalentTo(Enumerable.Range(11, ObjectCache.Capacity - 1).Prepend(0).Select(i => $"{i}.o")));
        Assert.That(cache.TryTake("5", _folder.File("taken.o")), Is.False);
    }
}
