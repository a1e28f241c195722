using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>The libraries as a stranger tests with them: the project that docs/recipes.md shows, in a folder of its own, with packages alone.</summary>
[Category("System")]
public sealed partial class RecipeTests
{
    private static readonly string s_page = Path.Combine(Repository.Top, "docs/recipes.md");

    /// <summary>What others made comes from where this repository's own restore put it: the same versions, which the page names.</summary>
    private static string Cache => Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");

    /// <summary>Every file of the page, by the commands of the page, from an empty folder to its tests' results.</summary>
    [Test]
    public void EveryRecipeRunsFromPackagesAlone()
    {
        var page = File.ReadAllText(s_page);
        using var folder = new TemporaryFolder();
        folder.Write("nuget.config", Encoding.UTF8.GetBytes($"""
            <configuration>
              <packageSources><clear /><add key="here" value="{PackageFolder.Path}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="others" value="{Cache}" /></fallbackPackageFolders>
            </configuration>
            """));
        Directory.CreateDirectory(folder.File("Recipes"));
        var files = ShownFile().Matches(page);
        foreach (var file in files.Cast<Match>())
        {
            folder.Write(file.Groups[1].Value, Encoding.UTF8.GetBytes(file.Groups[2].Value));
        }

        var commands = Command().Matches(page).Select(match => match.Groups[1].Value).ToArray();
        Assert.That(commands, Has.Length.EqualTo(3));
        var output = "";
        foreach (var command in commands)
        {
            (var status, output) = Commands.Run(
                "env",
                [
                    "-C", folder.File(""), $"NUGET_PACKAGES={folder.File("cache")}", "MSBUILDDISABLENODEREUSE=1", "UseSharedCompilation=false", "dotnet",
                    .. command.Split(' '), .. command.StartsWith("test", StringComparison.Ordinal) ? ["--logger", "trx;LogFileName=results.trx"] : Array.Empty<string>(),
                ],
                TimeSpan.FromMinutes(3));
            Assert.That(status, Is.Zero, output);
        }

        var results = XDocument.Load(folder.File("Recipes/TestResults/results.trx")).Descendants().Where(element => element.Name.LocalName == "UnitTestResult").ToArray();
        Assert.That(results.Select(result => result.Attribute("outcome")!.Value), Is.All.EqualTo("Passed"), output);
        var classes = files.Select(file => Path.GetFileNameWithoutExtension(file.Groups[1].Value)).Where(name => name.EndsWith("Tests", StringComparison.Ordinal)).ToArray();
        Assert.That(classes, Is.EquivalentTo(["DecodeTests", "CsrTests", "DeviceTests", "WalkTests", "ProgramTests"]));
        Assert.That(results, Has.Length.EqualTo(Count(page, "[Test]") + Count(page, "[TestCase(")));
        Assert.That(
            Directory.GetDirectories(folder.File("cache"), "rvirt.*").Select(Path.GetFileName),
            Is.EquivalentTo(["rvirt.core", "rvirt.mmu", "rvirt.devices", "rvirt.hypervisor", "rvirt.reference", "rvirt.testing"]), "from the folder, into a cache that was empty");
    }

    [Test]
    public void ATestOfACSRHasTenLinesAtMost()
    {
        var test = ShownFile().Matches(File.ReadAllText(s_page)).Single(file => file.Groups[1].Value == "Recipes/CsrTests.cs").Groups[2].Value;
        Assert.That(test.Split('\n').SkipWhile(line => line.Trim() != "[Test]").TakeWhile(line => line != "    }").Count() + 1, Is.InRange(5, 10));
    }

    /// <summary>Those that need the working copy, in this process.</summary>
    [Test]
    // Alone: takes the console, which is one for all.
    [NonParallelizable]
    public void TheWholeHypervisorRunsInAProcess()
    {
        var programs = Program().Matches(File.ReadAllText(s_page));
        Assert.That(programs, Has.Count.EqualTo(1));
        Assert.That(ShownProgram.Run(programs[0].Groups[1].Value), Is.EqualTo(programs[0].Groups[2].Value));
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    [GeneratedRegex(@"^`(Recipes/[^`]+)`:\n\n```\w+\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex ShownFile();

    [GeneratedRegex("^    dotnet (.*)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"^```csharp\n((?:(?!^```).)*)^```\n\nIt prints:\n\n```text\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Program();
}
