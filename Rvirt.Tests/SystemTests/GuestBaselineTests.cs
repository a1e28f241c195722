using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// The figures of docs/performance.md against those of a day that stays: <see cref="GuestFiguresTests"/> holds each change to the page, and the page goes with
/// the changes, so that many small steps would be seen by nobody.
/// </summary>
public sealed class GuestBaselineTests
{
    [TestCase("Rvirt, own stub")]
    [TestCase("Rvirt above OpenSBI")]
    public void NoRowIsWorseThanItWasByMoreThanTwoPercent(string title)
    {
        var before = Baseline(title);
        var now = GuestFiguresTests.Column(File.ReadAllText(Path.Combine(Repository.Top, "docs/performance.md")), title);
        Assert.That(before, Has.Count.EqualTo(28), "the table stays whole");
        Assert.That(now.Keys, Is.SupersetOf(before.Keys), "a row under another name would be held to nothing");
        Assert.That(Worse(before, now), Is.Empty);
    }

    /// <summary>A row that became worse by little in each of many steps is seen.</summary>
    [Test]
    public void ARowThatCreptUpIsSeen()
    {
        var before = Baseline("Rvirt, own stub");
        var now = before.ToDictionary(row => row.Key, row => row.Key == "null system call" ? row.Value * 1.021 : row.Value);
        Assert.That(Worse(before, now), Has.One.StartsWith("null system call: "));
    }

    private static IEnumerable<string> Worse(Dictionary<string, double> before, Dictionary<string, double> now) => before
        .Select(row => (row.Key, Limit: row.Value * 1.02))
        .Where(row => now[row.Key] > row.Limit).Select(row => $"{row.Key}: {now[row.Key]}, and {row.Limit:0.##} at the most");

    private static Dictionary<string, double> Baseline(string title) =>
        GuestFiguresTests.Column(File.ReadAllText(Path.Combine(Repository.Top, "Rvirt.Tests/SystemTests/GuestBaseline.md")), title);
}
