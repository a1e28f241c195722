using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Aot.Cli;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Linking;
using Rvirt.Aot.Options;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Linking;

/// <summary>A module of an earlier run serves as long as nothing that it was made of is another.</summary>
public sealed class ModuleKeyTests
{
    /// <summary>Options that only assembly files, the linker or messages depend on.</summary>
    private static readonly string[] s_ofImages =
    [
        nameof(CompilerOptions.Assembly), nameof(CompilerOptions.Includes), nameof(CompilerOptions.Defines), nameof(CompilerOptions.LinkerScript),
        nameof(CompilerOptions.IsPositionIndependent), nameof(CompilerOptions.Output), nameof(CompilerOptions.Symbols), nameof(CompilerOptions.EmitLlvm),
        nameof(CompilerOptions.ObjectCache), nameof(CompilerOptions.Linker), nameof(CompilerOptions.ReadElf), nameof(CompilerOptions.Nm), nameof(CompilerOptions.ObjCopy), nameof(CompilerOptions.FlatBinary), nameof(CompilerOptions.Verbose),
    ];

    private TemporaryFolder _folder = null!;
    private CompilerOptions _options = null!;

    [SetUp]
    public void CopyAssemblies()
    {
        _folder = new TemporaryFolder();
        foreach (var path in CompiledPrograms.Options.Roots.Concat(CompiledPrograms.Options.References).SelectMany(path => new[] { path, Path.ChangeExtension(path, ".pdb") }).Where(File.Exists))
        {
            File.Copy(path, _folder.File(Path.GetFileName(path)));
        }

        Directory.CreateDirectory(_folder.File("core"));
        _folder.Write("core/System.Private.CoreLib.dll", "core"u8);
        _folder.Write("core/System.Runtime.dll", "runtime"u8);
        _folder.Write("Start.S", "    .globl _start\n_start: call stack_deep\n    .globl rvirt_panic\nrvirt_panic: j rvirt_panic\n"u8);
        _options = CompiledPrograms.Options with
        {
            Roots = [_folder.File(Path.GetFileName(CompiledPrograms.Cases))],
            References = [_folder.File("Rvirt.Core.dll")],
            Exports = ["stack_deep"],
            Assembly = [_folder.File("Start.S")],
            StackLimit = 4096,
            ObjectCache = _folder.File("objects"),
            Output = _folder.File("image.elf"),
            Symbols = _folder.File("image.sym"),
        };
    }

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    private string Key(CompilerOptions options)
    {
        var key = ModuleKey.Of(options, _folder.File("core/System.Private.CoreLib.dll"));
        Assert.That(key, Is.Not.Null);
        return key!;
    }

    /// <summary>Compiles, and says whether the module was that of an earlier run.</summary>
    private bool Reused(CompilerOptions options, out string said)
    {
        var diagnostics = new DiagnosticBag();
        var log = new StringWriter();
        Assert.That(CompilerDriver.Run(options with { Verbose = true }, diagnostics, log), Is.True, string.Join('\n', diagnostics.All));
        said = log.ToString();
        return said.Contains("that of an earlier run", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Options() => typeof(CompilerOptions).GetProperties().Select(property => property.Name).Where(name => name != "EqualityContract");

    [TestCaseSource(nameof(Options))]
    public void EveryOptionOfTheModuleIsPartOfItsKey(string name)
    {
        var changed = _options with { };
        var property = typeof(CompilerOptions).GetProperty(name)!;
        object? value = property.GetValue(_options) switch
        {
            bool flag => !flag,
            int number => number + 1,
            _ when name is nameof(CompilerOptions.Clang) => "ld.lld-19",
            // The core library is found by this option and comes with its path.
            _ when name is nameof(CompilerOptions.CoreLibrary) => null,
            IReadOnlyList<string> texts when name is nameof(CompilerOptions.Roots) or nameof(CompilerOptions.References) => (string[])[.. texts, _folder.File("Start.S")],
            IReadOnlyList<string> texts => (string[])[.. texts, "X=Y"],
            string text => text + "x",
            _ => "x",
        };
        property.SetValue(changed, value);
        Assert.That(Key(changed) == Key(_options), Is.EqualTo(s_ofImages.Contains(name) || name == nameof(CompilerOptions.CoreLibrary)));
    }

    [TestCase("Rvirt.Core.dll")]
    [TestCase("Rvirt.Tests.AotCases.dll")]
    [TestCase("Rvirt.Tests.AotCases.pdb")]
    public void AnAssemblyAndItsSourcePositionsCountByWhatIsInThem(string name)
    {
        var before = Key(_options);
        var time = File.GetLastWriteTimeUtc(_folder.File(name));
        File.SetLastWriteTimeUtc(_folder.File(name), DateTime.UnixEpoch);
        Assert.That(Key(_options), Is.EqualTo(before), "touched");
        var bytes = File.ReadAllBytes(_folder.File(name));
        bytes[^1] ^= 1;
        File.WriteAllBytes(_folder.File(name), bytes);
        File.SetLastWriteTimeUtc(_folder.File(name), time);
        Assert.That(Key(_options), Is.Not.EqualTo(before), "a bit of it");
        File.Delete(_folder.File(name));
        Assert.That(ModuleKey.Of(_options, _folder.File("core/System.Private.CoreLib.dll")), Path.GetExtension(name) == ".dll" ? Is.Null : Is.Not.EqualTo(before), "gone");
    }

    [Test]
    public void TheFrameworkCounts()
    {
        var before = Key(_options);
        _folder.Write("core/System.Runtime.dll", "another one"u8);
        Assert.That(Key(_options), Is.Not.EqualTo(before));
    }

    [Test]
    public void AModuleServesOtherImagesAndOtherAssembly()
    {
        Assert.That(Reused(_options, out var first), Is.False);
        _folder.Write("Start.S", "    .globl _start\n_start: li a0, 7\n    call stack_deep\n    .globl rvirt_panic\nrvirt_panic: j rvirt_panic\n"u8);
        Assert.That(Reused(_options, out var second), Is.True);
        Assert.That(second, Does.Contain(first.Split('\n')[0]).And.Contain("stack: "), "what is said of its stack");
        var kept = (File.ReadAllBytes(_options.Output), File.ReadAllText(_options.Symbols!));

        Directory.Delete(_options.ObjectCache!, recursive: true);
        Assert.That(Reused(_options, out _), Is.False);
        Assert.That((File.ReadAllBytes(_options.Output), File.ReadAllText(_options.Symbols!)), Is.EqualTo(kept), "the same image, with and without what earlier runs left");

        Assert.That(Reused(_options with { Output = _folder.File("other.elf"), IsPositionIndependent = true }, out _), Is.True);
    }

    [Test]
    public void AModuleWithoutItsObjectIsCompiled()
    {
        Reused(_options, out _);
        foreach (var file in Directory.GetFiles(_options.ObjectCache!, "*.o"))
        {
            File.Delete(file);
        }

        Assert.That(Reused(_options, out _), Is.False);
        Assert.That(Reused(_options, out _), Is.True);
    }

    [Test]
    public void LlvmAssemblyThatIsAskedForIsWritten()
    {
        Reused(_options, out _);
        Assert.That(Reused(_options with { EmitLlvm = _folder.File("llvm") }, out _), Is.False);
        Assert.That(File.Exists(_folder.File("llvm/image.ll")), Is.True);
    }

    [Test]
    public void AModuleThatFailsIsNotKept()
    {
        var options = _options with { StackLimit = 100 };
        for (var round = 1; round <= 2; round++)
        {
            var diagnostics = new DiagnosticBag();
            Assert.That(CompilerDriver.Run(options, diagnostics, TextWriter.Null), Is.False);
            Assert.That(diagnostics.All.Single().Code, Is.EqualTo(DiagnosticCode.StackUse));
        }
    }
}
