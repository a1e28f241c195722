using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Aot;
using Rvirt.Aot.Cli;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Policy;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Refusals;

/// <summary>With a stack limit, an image's deepest path of calls is known, and nothing calls itself.</summary>
public class StackUseTests
{
    private const string Class = "Rvirt.Tests.AotCases.Refusals.StackPrograms";

    private static (StackUse.Depth Depth, IReadOnlyList<Diagnostic> Errors) Measure(string export, int limit, IReadOnlyDictionary<string, int> frames)
    {
        var diagnostics = new DiagnosticBag();
        var compiler = new ProgramCompiler(CompiledPrograms.Loaded, diagnostics);
        compiler.Run(export);
        Assert.That(diagnostics.All, Is.Empty);
        return (new StackUse(new CallGraph(compiler.Module), frames, diagnostics).Check(compiler.Module, limit), diagnostics.All);
    }

    private static Dictionary<string, int> Frames { get; } = new()
    {
        ["stack_deep"] = 100,
        [$"{Class}.Large"] = 2000,
        [$"{Class}.Fill"] = 30,
        [$"{Class}.Small"] = 50,
    };

    [Test]
    public void TheDeepestPathCounts()
    {
        var (depth, errors) = Measure("stack_deep", 2130, Frames);
        Assert.That(errors, Is.Empty);
        Assert.That(depth.Bytes, Is.EqualTo(2130));
        Assert.That(depth.Path, Is.EqualTo([$"{Class}.Deep", $"{Class}.Large", $"{Class}.Fill"]));
    }

    [Test]
    public void MoreThanTheLimitIsAnError()
    {
        var error = Measure("stack_deep", 2129, Frames).Errors.Single();
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.StackUse));
        Assert.That(error.Message, Does.Contain("2130 bytes").And.Contain("limit is 2129"));
        Assert.That(error.Chain, Has.Count.EqualTo(3));
    }

    [Test]
    public void RecursionIsAnErrorAtTheCall()
    {
        var error = Measure("stack_recursive", int.MaxValue, Frames).Errors.Single();
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.Recursion));
        Assert.That(File.ReadLines(error.Location!.File).ElementAt(error.Location.Line - 1), Does.EndWith("// recursion"));
        Assert.That(error.Chain, Is.EqualTo([$"{Class}.Recursive", $"{Class}.First", $"{Class}.Second", $"{Class}.First"]));
    }

    [Test]
    public void CallsThroughPointersAreFollowed() => Assert.That(
        Measure("stack_recursive_by_pointer", int.MaxValue, Frames).Errors.Select(error => error.Code), Does.Contain(DiagnosticCode.Recursion));

    [Test]
    public void TheCompilerTakesTheFramesFromTheGeneratedCode()
    {
        using var folder = new TemporaryFolder();
        var diagnostics = new DiagnosticBag();
        var succeeded = CompilerDriver.Run(
            CompiledPrograms.Options with { Exports = ["stack_deep"], StackLimit = 1999, Output = folder.File("deep.elf") }, diagnostics, TextWriter.Null);
        Assert.That(succeeded, Is.False);
        var error = diagnostics.All.Single();
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.StackUse));
        Assert.That(error.Message, Does.Match("can use 2[0-9]{3} bytes"));
        Assert.That(File.Exists(folder.File("deep.elf")), Is.False);
    }
}
