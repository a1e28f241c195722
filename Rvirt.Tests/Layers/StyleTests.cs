using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>The one style as <c>dotnet format</c> sees it, which judges some rules that no build does, and what the build of the solution leaves out.</summary>
public sealed partial class StyleTests
{
    /// <summary>Whoever formats a file that they touched finds nothing else changed.</summary>
    [Test]
    public void FormattingChangesNothing()
    {
        var (status, output) = Format(Path.Combine(Repository.Top, "rvirt.sln"));
        Assert.That(status, Is.Zero, output);
    }

    /// <summary>IDE0002, a name longer than it must be, is a rule that the build passes over.</summary>
    [TestCase("public const int Two = 1  +  1;", "WHITESPACE")]
    [TestCase("public static int Two => Plain.One + 1;", "IDE0002")]
    public void WhatIsToBeFormattedIsFound(string member, string found)
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
    public void TheTestsForMutantsBuildAlone()
    {
        var (status, output) = Commands.Run(
            "dotnet", ["build", Path.Combine(Repository.Top, "Rvirt.Mutation"), "-c", "Release", "--nologo", "-nodeReuse:false"], TimeSpan.FromMinutes(4));
        Assert.That(status, Is.Zero, output);
    }

    /// <summary>What no analyzer has a rule for: where the arrow of a member that is an expression stands, the suffixes of numbers, how tests are called.</summary>
    [Test]
    public void AllFilesAndTestsAreOfOneStyle()
    {
        var (status, output) = Commands.Run("git", ["-C", Repository.Top, "ls-files", "-z", "*.cs"]);
        Assert.That(status, Is.Zero, output);
        var files = output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(file => Path.Combine(Repository.Top, file)).Where(File.Exists).ToList();
        Assert.That(files, Has.Count.GreaterThan(1000));
        Assert.That(files.SelectMany(file => Dialects(File.ReadAllText(file)).Select(found => $"{Path.GetFileName(file)}: {found}")), Is.Empty);
        Assert.That(TestNames.OfAnotherStyle(), Is.Empty);
    }

    [TestCase("    int A() =>\n        1UL + 0x1fu + 2L + 1f + a.b1U;\n")]
    [TestCase("    int A()\n        => 1;\n", "=>")]
    [TestCase("    int a = 10" + "ul + 0x1F" + "Ul + 0b1_0" + "U;\n", "10" + "ul", "0x1F" + "Ul", "0b1_0" + "U")]
    public void AnotherStyleIsSeen(string text, params string[] found) => Assert.That(Dialects(text), Is.EqualTo(found));

    private static IEnumerable<string> Dialects(string text) => OtherArrow().Matches(text).Concat(OtherSuffix().Matches(text)).Select(match => match.Value.Trim());

    [GeneratedRegex(@"^ *=>", RegexOptions.Multiline)]
    private static partial Regex OtherArrow();

    // A u for 32 bits, UL and L for 64, where an l looks like a 1.
    [GeneratedRegex(@"(?<![\w.])(?:0[xX][0-9A-Fa-f_]+|0[bB][01_]+|[0-9][0-9_]*)(?:U|l|ul|Ul|uL|lu|LU)\b")]
    private static partial Regex OtherSuffix();

    /// <summary>What is built from packages alone, and so is in no solution.</summary>
    [Test]
    public void FormattingSamplesChangesNothing()
    {
        var (status, output) = Commands.Run("dotnet", ["format", "whitespace", Path.Combine(Repository.Top, "samples"), "--folder", "--verify-no-changes"]);
        Assert.That(status, Is.Zero, output);
    }

    private static (int Status, string Output) Format(string workspace) =>
        Commands.Run("dotnet", ["format", workspace, "--verify-no-changes", "--severity", "error", "--no-restore"], TimeSpan.FromMinutes(8));
}
