using System;
using System.IO;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NUnit.Framework;

namespace Rvirt.Tests.Packages;

/// <summary>A program that a page shows. Who runs one is alone, for it takes the console, which is one for all.</summary>
internal static class ShownProgram
{
    /// <summary>Compiles it as it stands, without a warning, and runs it.</summary>
    /// <returns>What it printed.</returns>
    public static string Run(string code)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var program = CSharpCompilation.Create("Page", [CSharpSyntaxTree.ParseText(code)], references, new CSharpCompilationOptions(OutputKind.ConsoleApplication, optimizationLevel: OptimizationLevel.Release));
        using var image = new MemoryStream();
        Assert.That(program.Emit(image).Diagnostics, Is.Empty);

        var console = Console.Out;
        using var printed = new StringWriter();
        try
        {
            Console.SetOut(printed);
            var entry = Assembly.Load(image.ToArray()).EntryPoint!;
            entry.Invoke(null, entry.GetParameters().Length == 0 ? [] : [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
        }

        return printed.ToString();
    }
}
