using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>What the documents name is there: links, files, make targets and tests; and each document can be found from the README.</summary>
public partial class DocumentTests
{
    private static readonly Lazy<string[]> s_sources = new(() => [.. Directory.GetDirectories(Repository.Top, "Rvirt.*")
        .SelectMany(project => Directory.GetFiles(project, "*.cs", SearchOption.AllDirectories)).Where(source => !source.Contains("/obj/", StringComparison.Ordinal))]);

    private static readonly Lazy<HashSet<string>> s_identifiers = new(() => [.. s_sources.Value.SelectMany(file => Identifier().Matches(File.ReadAllText(file))).Select(match => match.Value)]);

    // What files of projects that pages show begin with: a board (docs/adding-a-board.md), a project of tests (docs/recipes.md).
    private static readonly string[] s_shown = ["Acme.", "Recipes/"];

    private static IEnumerable<string> Documents() =>
        Directory.GetFiles(Path.Combine(Repository.Top, "docs"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => Path.GetRelativePath(Repository.Top, file)).Concat(["CHANGELOG.md", "CONTRIBUTING.md", "README.md"]);

    [TestCaseSource(nameof(Documents))]
    public void EveryRelativeLinkLeadsSomewhere(string document)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Top, document))!;
        var dead = Link().Matches(Read(document)).Select(match => match.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal))
            .Where(target => !Leads(folder, target.Split('#')));
        Assert.That(dead, Is.Empty);

        bool Leads(string from, string[] parts)
        {
            var file = parts[0].Length == 0 ? Path.Combine(Repository.Top, document) : Path.GetFullPath(Path.Combine(from, parts[0]));
            return (File.Exists(file) || Directory.Exists(file)) && (parts.Length == 1 || Anchors(file).Contains(parts[1]));
        }
    }

    [TestCaseSource(nameof(Documents))]
    public void EveryMakeTargetExists(string document)
    {
        var targets = Target().Matches(Read("Makefile")).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.That(targets, Does.Contain("qemu").And.Contain("test"));
        var named = Make().Matches(Read(document)).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.That(named.Except(targets), Is.Empty);
    }

    /// <summary>Wherever it stands; in a table's column for tests all else has to be there as well, as a bare name says nothing of what it is.</summary>
    [TestCaseSource(nameof(Documents))]
    public void EveryFileAndTestNamedExists(string document)
    {
        var text = Read(document);
        Assert.That(MissingInCode(text).Concat(MissingInColumns(text)), Is.Empty);
    }

    [TestCase("Rvirt.Core/Traps/TrapHandler.cs", "Rvirt.Core/Traps/NoSuchFile.cs")]
    [TestCase("Rvirt.Platform.Qemu/MachineMode/board.inc", "Rvirt.Platform.Qemu/MachineMode/gone.inc")]
    [TestCase("Rvirt.Tests.AotCases/Layouts", "Rvirt.Tests.AotCases/NoSuchFolder")]
    [TestCase("docs/testing.md", "docs/no-such-page.md")]
    [TestCase("guests/hostile", "guests/no-such-guest")]
    [TestCase("samples/blinky", "samples/no-such-sample")]
    [TestCase(".ci/run", ".ci/no-such-script")]
    public void AFileIsFoundWhereverItIs(string name, string other) =>
        Assert.That(MissingInCode($"Text with `{name}` and `{other}`."), Is.EqualTo([other]));

    /// <summary>A folder that is added at the top is looked into as well.</summary>
    [Test]
    public void EachFolderWithFilesOfTheRepositoryIsOneOfPaths() => Assert.That(
        Directory.GetDirectories(Repository.Top).Select(folder => Path.GetFileName(folder))
            .Where(name => (name == ".ci" || !name.StartsWith('.')) && name != "artifacts" && !IsPath().IsMatch(name + "/file")), Is.Empty);

    /// <summary>Each way in which a document names a test.</summary>
    [TestCase("DocumentTests", "DocumentationTests")]
    [TestCase("Hostile.QemuTests", "Layers.QemuTests")]
    [TestCase("GuestBusTests.AnInterruptThatCannotBeRoutedIsRefused", "GuestBusTests.ADeviceWhoseInterruptCannotBeRoutedIsNotConnected")]
    [TestCase("DocumentTests.EveryFileAndTestNamedExists", "DocumentTests.Read")]
    [TestCase("CsrLockstepTests.EveryCsrInstruction...", "CsrLockstepTests.NoCsrInstruction...")]
    [TestCase("ShortAddressTests.DebianHasAllMemoryThatTheWindowReaches(16,2,0)", "ShortAddressTests.DebianHasAllMemoryThatTheWindowReaches(16,2,9)")]
    [TestCase("DebianGuestTests.HasRandomNumbersBeforeItsFirstProcess", "SeedTests.HasRandomNumbersBeforeItsFirstProcess")]
    [TestCase("TooLongACommandLine", "TooLongANameOfNoTest")]
    public void ATestIsFoundByItsNameAndNoOther(string name, string other)
    {
        Assert.That(new[] { name, other }.Where(TestNames.IsWrittenAsOne), Is.EqualTo([name, other]));
        Assert.That(new[] { name, other }.Where(TestNames.Exists), Is.EqualTo([name]));
    }

    /// <summary>What is written as a test is may be another name of the code; planted here in two halves, as this file is code too.</summary>
    [Test]
    public void ASentenceThatNothingIsCalledIsFound() =>
        Assert.That(MissingInCode("`TheReadmeLeadsToEveryDocument`, `KernelImageErrorText` and `" + "TheReadmeLeads" + "ToNoDocument`."), Is.EqualTo(["TheReadmeLeads" + "ToNoDocument"]));

    [TestCase("found by", "NoSuchTest", true)]
    [TestCase("found by", "Struct.NoSuchCase", true)]
    [TestCase("found by", "refuse_nothing", true)]
    [TestCase("tests that failed", "no-such-program", true)]
    [TestCase("found by", "SaysWhyInOneLine", false)]
    [TestCase("found by", "Struct.SmallIntegersThroughPointers", false)]
    [TestCase("found by", "Overlap.*", false)]
    [TestCase("found by", "refuse_iterator", false)]
    [TestCase("found by", "UnixSockets", false)]
    [TestCase("held by", "Rvirt.Aot", false)]
    [TestCase("tests that failed", "storm-timer", false)]
    [TestCase("tests that failed", "decoder", false)]
    [TestCase("what", "NoSuchTest", false)]
    public void AColumnForTestsNamesNothingElse(string head, string name, bool missing)
    {
        var page = $"Text.\n\n| bug | {head} |\n|---|---|\n| `Unsafe.Write` | `{name}` |\n\n| bug | also |\n|---|---|\n| `Gone` | `Gone` |\n";
        string[] expected = missing ? [name] : [];
        Assert.That(MissingInColumns(page), Is.EqualTo(expected));
    }

    /// <summary>A file that a page names in code, or in a pattern, is the end of the path of one that is there; those of the projects that a page has its reader write are not.</summary>
    [TestCaseSource(nameof(Documents))]
    public void EverySourceNamedExists(string document) => Assert.That(
        Source().Matches(Read(document)).Select(match => match.Groups[1].Value)
            .Where(name => !s_shown.Any(project => name.StartsWith(project, StringComparison.Ordinal)) && !s_sources.Value.Any(source => source.EndsWith("/" + name, StringComparison.Ordinal))), Is.Empty);

    /// <summary>A row of the pages on mutation testing names a file of the library, or of another where it has moved.</summary>
    [TestCase("docs/mutation-core.md", "Rvirt.Core")]
    [TestCase("docs/mutation-mmu.md", "Rvirt.Mmu")]
    public void EveryFileMeasuredExists(string document, string library)
    {
        var rows = Row().Matches(Read(document)).Select(match => match.Groups[1].Value).ToArray();
        Assert.That(rows, Is.Not.Empty);
        Assert.That(rows.Where(name => !File.Exists(Path.Combine(Repository.Top, library, name)) && !File.Exists(Path.Combine(Repository.Top, name))), Is.Empty);
    }

    [Test]
    public void TheReadmeLeadsToEveryDocument()
    {
        var found = new List<string> { "README.md" };
        for (var i = 0; i < found.Count; i++)
        {
            var folder = Path.GetDirectoryName(Path.Combine(Repository.Top, found[i]))!;
            found.AddRange(Link().Matches(Read(found[i])).Select(match => match.Groups[1].Value.Split('#')[0])
                .Select(target => Path.GetRelativePath(Repository.Top, Path.GetFullPath(Path.Combine(folder, target))))
                .Where(target => Documents().Contains(target) && !found.Contains(target)).Distinct());
        }

        Assert.That(found, Is.EquivalentTo(Documents()), "by one link after another");
    }

    [Test]
    public void MakeHelpTellsOfEveryTarget()
    {
        var makefile = Read("Makefile");
        foreach (Match target in Target().Matches(makefile))
        {
            if (target.Groups[1].Value is not "help")
            {
                Assert.That(makefile, Does.Match($@"@echo 'make {target.Groups[1].Value}\b"), "a line in make help");
            }
        }
    }

    private static bool IsThere(string path) => File.Exists(Path.Combine(Repository.Top, path)) || Directory.Exists(Path.Combine(Repository.Top, path));

    private static IEnumerable<string> MissingInCode(string text) => Code().Matches(text).Select(match => match.Groups[1].Value)
        .Where(name => (IsPath().IsMatch(name) && !IsThere(name)) || (TestNames.IsWrittenAsOne(name) && !TestNames.Exists(name) && !s_identifiers.Value.Contains(name)));

    // Files and make targets have tests of their own.
    private static IEnumerable<string> MissingInColumns(string text) => TestNames.InColumns(text)
        .Where(name => !name.Contains('/') && !name.StartsWith("make ", StringComparison.Ordinal) && !IsThere(name) && !TestNames.Exists(name));

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Top, file));

    private static HashSet<string> Anchors(string file) => Heading().Matches(File.ReadAllText(file))
        .Select(match => Regex.Replace(match.Groups[1].Value.ToLowerInvariant().Replace(' ', '-'), "[^a-z0-9_-]", "")).ToHashSet();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^([a-z][a-z-]*):", RegexOptions.Multiline)]
    private static partial Regex Target();

    // In running text only in backticks; in blocks of commands at the start of a line or behind blanks.
    [GeneratedRegex(@"(?:`|^    (?:[^`\n]*  )?)make ([a-z][a-z-]*)", RegexOptions.Multiline)]
    private static partial Regex Make();

    [GeneratedRegex(@"(?:`|\*\*/)([A-Za-z][A-Za-z0-9_./-]*\.cs)\b")]
    private static partial Regex Source();

    [GeneratedRegex(@"^\| ([A-Za-z][A-Za-z0-9_./-]*\.cs) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex Code();

    // Of each folder at the top that is no build's.
    [GeneratedRegex(@"\b[A-Za-z_]\w*\b")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^(Rvirt(\.[A-Za-z]+)+|docs|guests|samples|\.ci)/[A-Za-z0-9_./-]*[A-Za-z0-9]$")]
    private static partial Regex IsPath();
}
