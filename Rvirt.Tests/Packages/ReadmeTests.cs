using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>The code that a package's page shows compiles as it stands, and prints what the page says.</summary>
// Alone: takes the console, which is one for all.
[NonParallelizable]
public sealed partial class ReadmeTests
{
    private static IEnumerable<string> Programs() => Directory.GetDirectories(Repository.Top, "Rvirt.*").Select(folder => Path.Combine(folder, "README.md"))
        .Where(File.Exists).Where(file => File.ReadAllText(file).Contains("```csharp", StringComparison.Ordinal)).Select(file => Path.GetRelativePath(Repository.Top, file)).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Programs))]
    public void TheProgramPrintsWhatThePageSays(string page)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Top, page));
        var (code, expected) = (Code().Match(text).Groups[1].Value, Output().Match(text).Groups[1].Value);
        Assert.That(ShownProgram.Run(code), Is.EqualTo(expected));
    }

    [Test]
    public void WhatRunsOnADesktopShowsAProgram() => Assert.That(Programs(), Is.SupersetOf(["Rvirt.Core/README.md", "Rvirt.Mmu/README.md", "Rvirt.Reference/README.md", "Rvirt.Testing/README.md"]));

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"```text\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Output();
}
