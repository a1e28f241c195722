using System;
using System.IO;
using System.Text;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>The one style as <c>dotnet format</c> sees it, which judges some rules that no build does, and what the build of the solution leaves out.</summary>
public sealed class StyleTests
{
    /// <summary>Whoever formats a file that they touched finds nothing else changed.</summary>
    [Test]
    public void Formatting_changes_nothing()
    {
        var (status, output) = Format(Path.Combine(Repository.Top, "rvirt.sln"));
        Assert.That(status, Is.Zero, output);
    }

    /// <summary>IDE0002, a name longer than it must be, is a rule that the build passes over.</summary>
    [TestCase("public const int Two = 1  +  1;", "WHITESPACE")]
    [TestCase("public static int Two => Plain.One + 1;", "IDE0002")]
    public void What_is_to_be_formatted_is_found(string member, string found)
    {
        using var folder = new TemporaryFolder();
        RulesTests.CopySettings(folder);
        var project = folder.Write("Rvirt.Mmu.csproj", Encoding.UTF8.GetBytes("<Project Sdk=\"Microsoft.NET.Sdk\" />"));
        folder.Write("Plain.cs", Encoding.UTF8.GetBytes($$"""
            namespace Rvirt.Mmu;

            /// <summary>A type.</summary>
            public static class Plain
            {
                /// <summary>A number.</summary>
                public const int One = 1;

                /// <summary>A number.</summary>
                {{member}}
            }

            """));
        var (restored, problem) = Commands.Run("dotnet", ["restore", project, "-nodeReuse:false"]);
        Assert.That(restored, Is.Zero, problem);
        var (status, output) = Format(project);
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain(found));
    }

    /// <summary>The tests that <c>make mutation</c> compiles by themselves, which the solution does not hold.</summary>
    [Test]
    public void The_tests_for_mutants_build_alone()
    {
        var (status, output) = Commands.Run(
            "dotnet", ["build", Path.Combine(Repository.Top, "Rvirt.Mutation"), "-c", "Release", "--nologo", "-nodeReuse:false"], TimeSpan.FromMinutes(4));
        Assert.That(status, Is.Zero, output);
    }

    private static (int Status, string Output) Format(string workspace)
        => Commands.Run("dotnet", ["format", workspace, "--verify-no-changes", "--severity", "error", "--no-restore"], TimeSpan.FromMinutes(8));
}
