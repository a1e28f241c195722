using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using NUnit.Framework;
using Rvirt.Aot;
using Rvirt.Aot.Cli;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Options;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.Aot;

/// <summary>Programs that several tests look at, each compiled once.</summary>
[SetUpFixture]
internal sealed class CompiledPrograms
{
    private static readonly Lazy<string> s_folder = new(() => Directory.CreateTempSubdirectory("rvirt-aot-").FullName);

    /// <summary>The assembly of cases.</summary>
    public static string Cases { get; } = typeof(Log).Assembly.Location;

    /// <summary>Types of the cases, but for one that .NET refuses too.</summary>
    public static IReadOnlyList<Type> CaseTypes { get; } = LoadableTypes();

    private static List<Type> LoadableTypes()
    {
        try
        {
            return [.. typeof(Log).Assembly.GetTypes()];
        }
        catch (ReflectionTypeLoadException e)
        {
            return [.. e.Types.OfType<Type>()];
        }
    }

    private static string Beside(string name) => Path.Combine(Path.GetDirectoryName(Cases)!, name);

    /// <summary>The assembly of cases and what it refers to.</summary>
    public static CompilerOptions Options { get; } = new() { Roots = [Cases], References = [Beside("Rvirt.Core.dll")], Output = "" };

    /// <summary>The cases linked for qemu-riscv64.</summary>
    /// <param name="optimization">0 or 2.</param>
    /// <returns>Path of the ELF; its LLVM assembly lies in the folder beside it, see <see cref="LlvmOf"/>.</returns>
    public static string Suite(string optimization)
    {
        var output = Path.Combine(s_folder.Value, $"suite-{optimization}.elf");
        var diagnostics = new DiagnosticBag();
        var log = new StringWriter();
        var succeeded = CompilerDriver.Run(
            Options with
            {
                Assembly = [Beside("Target/Start.S")],
                Defines = [$"SUITE_BUFFER_SIZE={AotCases.Target.Shell.BufferSize}"],
                Exports = ["suite_main", "rvirt_panic"],
                Optimization = optimization,
                Output = output,
                EmitLlvm = LlvmOf(output),
            },
            diagnostics,
            log);
        Assert.That(diagnostics.All, Is.Empty);
        Assert.That(succeeded, Is.True);
        return output;
    }

    private static readonly Lazy<LoadedProgram> s_loaded = new(() =>
        ProgramLoader.Load([Cases], [Beside("Rvirt.Core.dll")], CoreLibrary!, new DiagnosticBag())!);

    public static string? CoreLibrary { get; } = CoreLibraryLocator.Find(null);

    /// <summary>The assembly of cases, loaded.</summary>
    public static LoadedProgram Loaded => s_loaded.Value;

    /// <summary>Compiles one export of the cases to IR, and gives the errors.</summary>
    public static IReadOnlyList<Diagnostic> Diagnose(string export)
    {
        var diagnostics = new DiagnosticBag();
        new ProgramCompiler(Loaded, diagnostics).Run(export);
        return diagnostics.All;
    }

    /// <summary>Folder with the LLVM assembly of an image of <see cref="Suite"/>.</summary>
    public static string LlvmOf(string image) => Path.ChangeExtension(image, ".llvm");

    [OneTimeTearDown]
    public void RemoveFolder()
    {
        if (s_folder.IsValueCreated)
        {
            Directory.Delete(s_folder.Value, recursive: true);
        }
    }
}
