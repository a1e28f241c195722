using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Policy;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Refusals;

/// <summary><c>docs/csharp-subset.md</c> says what the compiler does.</summary>
public class SubsetDocumentTests
{
    private static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Top, "docs/csharp-subset.md"));

    private static IEnumerable<string> NamesBetween(string start, string end)
    {
        var from = Text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        var part = Text[from..Text.IndexOf(end, from, StringComparison.Ordinal)];
        return Regex.Matches(part, "`([A-Za-z0-9.]+)`").Select(match => match.Groups[1].Value);
    }

    [Test]
    public void ExplainsEveryCode() => Assert.That(
        Regex.Matches(Text, @"^\| RVA(\d{4}) \| (\w+) \| .+ \| .+ \|$", RegexOptions.Multiline)
            .Select(row => $"{int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture)} {row.Groups[2].Value}"),
        Is.EqualTo(Enum.GetValues<DiagnosticCode>().Select(code => $"{(int)code} {code}")));

    [Test]
    public void ListsTheTypesOfTheFramework() => Assert.That(
        NamesBetween("<!-- allowed types -->", "but not members"), Is.EquivalentTo(CoreLibraryPolicy.AllowedTypes));

    [Test]
    public void ListsTheMembersThatAreRefused() => Assert.That(
        NamesBetween("<!-- refused members -->", "<!-- end -->"), Is.EquivalentTo(CoreLibraryPolicy.RefusedMembers));

    [Test]
    public void NamesOnlyFilesThatExist() => Assert.Multiple(() =>
    {
        foreach (var path in Regex.Matches(Text, @"`(Rvirt\.[A-Za-z.]+(?:/[A-Za-z.]+)+)`").Select(match => match.Groups[1].Value))
        {
            Assert.That(Path.Exists(Path.Combine(Repository.Top, path)), Is.True, path);
        }
    });
}
