using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Xml.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>What the build's settings say is so: a library that breaks a rule does not build, and each has documentation.</summary>
public sealed class RulesTests
{
    /// <summary>The files that say how everything is built, as far as they are there.</summary>
    private static readonly string[] s_settings =
        [.. new[] { ".editorconfig", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json" }.Where(file => File.Exists(Path.Combine(Repository.Top, file)))];

    private const string Unruly = """
        using System;
        using System.Text;

        namespace Rvirt.Mmu
        {
            /// <summary>A type.</summary>
            public class Documented
            {
                /// <summary>See <see cref="NoSuchMember"/>.</summary>
                public void DeadReference() => Console.WriteLine();

                /// <summary>A method.</summary>
                /// <param name="first">One of two.</param>
                public void HalfDocumented(int first, int second) => Console.WriteLine(first + second);

                public void Undocumented() => Console.WriteLine();

                void WithoutAccess() => Console.WriteLine();

                /// <summary>A method.</summary>
                public void Ragged() => Console . WriteLine( );

                /// <summary>A method.</summary>
                public void Unclear(int first, int second)
                {
                    int sum = first + second * 2;
                    int[] all = new int[] { sum };
                    Console.WriteLine(all.Length);
                }

                private int _zero = 0;

                /// <summary>A property.</summary>
                public int Zero => _zero++;
            }
        }
        """;

    /// <summary>Gives a project in a folder the rules of the repository.</summary>
    internal static void CopySettings(TemporaryFolder folder)
    {
        foreach (var file in s_settings)
        {
            File.Copy(Path.Combine(Repository.Top, file), folder.File(file));
        }
    }

    [TestCase("Rvirt.Mmu")]
    [TestCase("Rvirt.Reference", Description = "one of the desktop that others reference")]
    [TestCase("Rvirt.Testing", Description = "the other one")]
    public void ALibraryThatBreaksARuleDoesNotBuild(string name)
    {
        using var folder = new TemporaryFolder();
        CopySettings(folder);
        folder.Write(name + ".csproj", Encoding.UTF8.GetBytes("<Project Sdk=\"Microsoft.NET.Sdk\" />"));
        folder.Write("Unruly.cs", Encoding.UTF8.GetBytes(Unruly));
        var (status, output) = Commands.Run("dotnet", ["build", folder.File(name + ".csproj"), "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false"]);
        Assert.Multiple(() =>
        {
            Assert.That(status, Is.Not.Zero, output);
            Assert.That(output, Does.Contain("error CS1591").And.Contain("Documented.Undocumented()"), "a public member without documentation");
            Assert.That(output, Does.Contain("error CS1573"), "a parameter without it, where another has it");
            Assert.That(output, Does.Contain("error CS1574"), "a reference that leads nowhere");
            Assert.That(output, Does.Contain("error IDE0040"), "no accessibility");
            Assert.That(output, Does.Contain("error IDE0055"), "whitespace of its own taste");
            Assert.That(output, Does.Contain("error IDE0161"), "a namespace with braces");
            Assert.That(output, Does.Contain("error IDE0005"), "a using that nothing needs");
            Assert.That(output, Does.Contain("error IDE0007"), "a type that is plain to see");
            Assert.That(output, Does.Contain("error IDE0048"), "which operation comes first");
            Assert.That(output, Does.Contain("error IDE0300"), "a list that is not written as one");
            Assert.That(output, Does.Contain("error CA1805"), "an analyzer's rule that is off by default");
        });
    }

    /// <summary>Every rule is an error, and what is off has its reason in the lines above: rules that follow each other share one.</summary>
    [Test]
    public void ARuleThatIsOffSaysWhy()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Top, ".editorconfig"));
        var off = Enumerable.Range(0, lines.Length).Where(line => lines[line].EndsWith("= none", StringComparison.Ordinal)).ToArray();
        Assert.That(lines, Does.Contain("dotnet_analyzer_diagnostic.category-Style.severity = error"));
        Assert.That(off, Is.Not.Empty);
        Assert.That(
            off.Where(line => !lines.Take(line).Reverse().SkipWhile(above => above.EndsWith("= none", StringComparison.Ordinal) || above.StartsWith('[')).First().StartsWith("# ", StringComparison.Ordinal)).Select(line => lines[line]), Is.Empty);
        Assert.That(lines.Where(line => line.Contains(".severity", StringComparison.Ordinal) && !line.EndsWith("= none", StringComparison.Ordinal) && !line.EndsWith("= error", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>Publishing does not judge; the next build does, though it finds nothing changed. What was judged is not compiled again to be published.</summary>
    [Test]
    public void WhatWasPublishedUnjudgedIsJudgedByTheNextBuild()
    {
        using var folder = new TemporaryFolder();
        CopySettings(folder);
        (int Status, string Output) Run(string verb) => Commands.Run("dotnet", [verb, folder.File("Rvirt.Mmu.csproj"), "-c", "Release", "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false"]);
        const string Source = "namespace Rvirt.Mmu;\n\n/// <summary>A type.</summary>\npublic static class Ragged\n{\n    /// <summary>A number.</summary>\n    public const int Two = 1  +  1;\n}\n";
        folder.Write("Rvirt.Mmu.csproj", Encoding.UTF8.GetBytes("<Project Sdk=\"Microsoft.NET.Sdk\" />"));
        folder.Write("Ragged.cs", Encoding.UTF8.GetBytes(Source));
        var published = Run("publish");
        var built = Run("build");
        folder.Write("Ragged.cs", Encoding.UTF8.GetBytes(Source.Replace("1  +  1", "1 + 1", StringComparison.Ordinal)));
        var mended = Run("build");
        var compiled = File.GetLastWriteTimeUtc(folder.File("obj/Release/net10.0/Rvirt.Mmu.dll"));
        var again = Run("publish");
        Assert.Multiple(() =>
        {
            Assert.That(published.Status, Is.Zero, published.Output);
            Assert.That(built.Status, Is.Not.Zero, built.Output);
            Assert.That(built.Output, Does.Contain("error IDE0055"));
            Assert.That(mended.Status, Is.Zero, mended.Output);
            Assert.That(again.Status, Is.Zero, again.Output);
            Assert.That(File.GetLastWriteTimeUtc(folder.File("obj/Release/net10.0/Rvirt.Mmu.dll")), Is.EqualTo(compiled), "compiled again to be published");
        });
    }

    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Packages))]
    public void EveryPublicTypeIsInTheDocumentation(string library)
    {
        var assembly = Assembly.Load(library);
        var documented = Members(XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")));
        Assert.That(
            assembly.GetExportedTypes().Where(type => !type.Name.StartsWith('<')).Select(type => "T:" + type.FullName!.Replace('+', '.')).Where(type => !documented.Contains(type)), Is.Empty);
    }

    private static HashSet<string> Members(XDocument document) => [.. document.Descendants("member").Select(member => member.Attribute("name")!.Value)];
}
