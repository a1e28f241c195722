using System;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Aot;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Llvm;
using Rvirt.Aot.Loading;
using Rvirt.Tests.Aot.Suite;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Images;

/// <summary>What the compiler writes is well formed LLVM assembly, whole programs of it.</summary>
public class LlvmModuleTests
{
    [Test]
    public void TheSuiteIsWellFormed() => Verify(Path.Combine(CompiledPrograms.LlvmOf(TargetRun.At("0").Image), "image.ll"));

    [Test]
    public void TheHypervisorIsWellFormed()
    {
        using var folder = new TemporaryFolder();
        var diagnostics = new DiagnosticBag();
        var directory = AppContext.BaseDirectory;
        string[] roots = [Path.Combine(directory, "Rvirt.Platform.Qemu.dll"), Path.Combine(directory, "Rvirt.Boot.dll")];
        var references = Directory.EnumerateFiles(directory, "Rvirt.*.dll").Except(roots).ToList();
        var loaded = ProgramLoader.Load(roots, references, CompiledPrograms.CoreLibrary!, diagnostics)!;
        var compiler = new ProgramCompiler(loaded, diagnostics);
        compiler.Run();
        Assert.That(diagnostics.All, Is.Empty);
        Verify(folder.Write("image.ll", Encoding.UTF8.GetBytes(LlvmWriter.Write(compiler.Module))));
    }

    private static void Verify(string module)
    {
        var (status, output) = Commands.Run("opt-19", ["-passes=verify", "-disable-output", module]);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Is.Empty);
    }
}
