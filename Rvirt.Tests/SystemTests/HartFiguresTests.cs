using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// What interrupts and fences from hart to hart, and world switches, cost stays within the limits of docs/performance.md, and within 2 % of its figures; what Linux waits is within its limit only, as it depends on when slices end.
/// Instructions are counted, and what a hart waits is not, so a busy machine changes nothing.
/// </summary>
[Category("System,Image")]
public sealed class HartFiguresTests
{
    private static readonly string[] _titles = ["native", "Rvirt, own stub", "Rvirt, resident", "Rvirt above OpenSBI", "the same with Sstc"];

    [Test]
    public void InterruptsFencesAndSwitchesKeepTheirLimitsAndTheirFigures()
    {
        _ = (Repository.Image(Firmware.Stub), Repository.Image(Firmware.Sbi));
        var (status, output) = Commands.Run("dotnet", [Repository.Benchmarks, "harts"], TimeSpan.FromMinutes(8));
        TestContext.Out.WriteLine(output);
        Assert.That(status, Is.Zero, output);
        var before = Figures(File.ReadAllText(Path.Combine(Repository.Top, "docs/performance.md")));
        var now = Figures(File.ReadAllText(Path.Combine(Repository.Top, "artifacts/bench/hart.md")));
        Assert.That(now.Keys, Is.EqualTo(before.Keys));
        Assert.That(now, Has.Count.EqualTo(67), "twelve rows of four columns, four of one hart that are natively not there, but in four ways, and Linux in three");
        Assert.That(
            now.Where(figure => !figure.Key.StartsWith("Linux", StringComparison.Ordinal) && figure.Value > before[figure.Key] * 1.02).Select(figure => $"{figure.Key}: {figure.Value}, and {before[figure.Key]} in docs/performance.md"), Is.Empty,
            "no figure is worse by more than 2 %");
    }

    private static Dictionary<string, double> Figures(string page) => _titles
        .SelectMany(title => GuestFiguresTests.Column(page, title, "| operation | native |").Select(row => (Name: $"{row.Key}, {title}", row.Value)))
        .ToDictionary(figure => figure.Name, figure => figure.Value);
}
