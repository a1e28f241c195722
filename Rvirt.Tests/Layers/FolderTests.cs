using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>Each folder of the product, and of what tries it, begins with a page: what it is, its rules, its locks, what it does not promise.</summary>
public sealed partial class FolderTests
{
    private static readonly string[] s_heads = ["**What.** ", "**Rules.** ", "**Locks.** ", "**Not promised.** "];

    // What tests and the desktop have of their own.
    private static readonly HashSet<string> s_beside =
        [.. new[] { typeof(FolderTests), typeof(Rvirt.Desktop.Hypervisor.DesktopMachine) }.SelectMany(type => type.Assembly.GetTypes()).Select(type => type.Name)];

    // What judges the product, or measures it, stands on it and on what it has of its own.
    private static readonly string[] s_trials = ["Rvirt.Benchmarks", "Rvirt.Desktop", "Rvirt.Fuzz", "Rvirt.Mutation"];

    private static readonly string[] s_kinds = ["*.cs", "*.S", "*.inc", "*.ld", "*.py"];

    private static IEnumerable<string> Folders() => ProductSources.Packages.Concat(ProductSources.Programs).Concat(s_trials)
        .SelectMany(project => s_kinds.SelectMany(kind => ProductSources.Files(project, kind)))
        .Select(file => Path.GetRelativePath(Repository.Top, Path.GetDirectoryName(file)!)).Distinct().Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Folders))]
    public void AFolderBeginsWithAPage(string folder)
    {
        var page = Path.Combine(Repository.Top, folder, "README.md");
        Assert.That(File.Exists(page), "README.md of the folder");
        var lines = File.ReadAllLines(page);
        Assert.That(lines[0], Is.EqualTo("# " + folder.Split('/')[^1]));
        Assert.That(lines.Select(line => s_heads.FirstOrDefault(head => line.StartsWith(head, StringComparison.Ordinal))).OfType<string>(), Is.EqualTo(s_heads));
        Assert.That(lines.Where(line => s_heads.Contains(line.TrimEnd() + " ")), Is.Empty, "a head alone says nothing");
    }

    /// <summary>What a page names is there, so that it is found.</summary>
    [TestCaseSource(nameof(Folders))]
    public void WhatItNamesExists(string folder)
    {
        var names = Name().Matches(File.ReadAllText(Path.Combine(Repository.Top, folder, "README.md"))).SelectMany(match => match.Groups[1].Value.Split('.')).Distinct();
        Assert.That(names.Where(name => !Exists(name, folder)), Is.Empty);
    }

    // What others test with knows the product, not the other way round.
    private static bool Exists(string name, string folder) => (IsTrial(folder) ? ProductSources.World : ProductSources.Program).GetSymbolsWithName(name, SymbolFilter.TypeAndMember)
        .Any(symbol => IsForTests(folder) || symbol.Locations.Any(place => place.SourceTree is { } tree && !IsForTests(tree.FilePath)));

    private static bool IsForTests(string path) => IsTrial(path) || ProductSources.ForTests.Contains(path.Split('/')[0]);

    private static bool IsTrial(string path) => s_trials.Contains(path.Split('/')[0]);

    /// <summary>The page that leads through the rooms: what it names is there, and the map has its twenty concepts.</summary>
    [Test]
    public void WhatTheArchitectureNamesExists()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Top, "docs", "architecture.md"));
        var names = Name().Matches(page).SelectMany(match => match.Groups[1].Value.Split('.')).Distinct();
        Assert.That(names.Where(name => !Exists(name, "docs") && !s_beside.Contains(name)), Is.Empty);
        Assert.That(Concept().Matches(page).Select(match => match.Groups[1].Value).Distinct().Count(), Is.GreaterThanOrEqualTo(20));
    }

    [Test]
    public void AllFoldersAreSeen() => Assert.That(Folders(), Is.SupersetOf(["Rvirt.Core/Traps", "Rvirt.Mmu", "Rvirt.Devices/Virtio/Mediated", "Rvirt.Boot/Target", "Rvirt.Boot/Assembly", "Rvirt.Boot/MachineMode", "Rvirt.Platform.Qemu/MachineMode", "Rvirt.Aot", "Rvirt.Tool/Blobs", "Rvirt.Reference", "Rvirt.Reference/Harts", "Rvirt.Testing/Devices", "Rvirt.Testing/Traps", "Rvirt.Boot/Linker", "Rvirt.Boot/Debugger", "Rvirt.Desktop/Hypervisor", "Rvirt.Fuzz/Targets", "Rvirt.Benchmarks/Desktop/Operations"]));

    // A row of the map: a concept, and the files that have it.
    [GeneratedRegex(@"^\| ([a-z][^|]+) \| `Rvirt\.[^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex Concept();

    // A type, or a member of one; not the name of a project, a file or another program.
    [GeneratedRegex(@"`((?!Rvirt\.)[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]+)?)`")]
    private static partial Regex Name();
}
