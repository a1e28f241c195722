using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// What interrupts and fences from hart to hart, and world switches, cost stays within the limits of docs/performance.md, and within 2 % of its figures.
/// Instructions are counted, and what a hart waits is not, so a busy machine changes nothing.
/// </summary>
[Category("System,Image")]
public sealed class HartFiguresTests
{
    [Test]
    public void Interrupts_fences_and_switches_keep_their_limits_and_their_figures()
    {
        _ = (Repository.Image(Firmware.Stub), Repository.Image(Firmware.Sbi));
        var (status, output) = Commands.Run("dotnet", [Repository.Benchmarks, "harts"], TimeSpan.FromMinutes(8));
        TestContext.Out.WriteLine(output);
        Assert.That(status, Is.Zero, output);
        var before = Figures(File.ReadAllText(Path.Combine(Repository.Top, "docs/performance.md")));
        var now = Figures(File.ReadAllText(Path.Combine(Repository.Top, "artifacts/bench/hart.md")));
        Assert.That(now.Keys, Is.EqualTo(before.Keys));
        Assert.That(now, Has.Count.EqualTo(57), "twelve rows of four columns, and three that are natively not there");
        Assert.That(
            now.Where(figure => figure.Value > before[figure.Key] * 1.02).Select(figure => $"{figure.Key}: {figure.Value}, and {before[figure.Key]} in docs/performance.md"), Is.Empty,
            "no figure is worse by more than 2 %");
    }

    private static Dictionary<string, double> Figures(string page)
    {
        var rows = page.Split('\n').SkipWhile(line => !line.StartsWith("| operation | native |", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|')).Select(Cells).ToList();
        var figures = new Dictionary<string, double>();
        foreach (var row in rows.Skip(2))
        {
            foreach (var (title, text) in rows[0].Zip(row).Skip(1).Where(cell => cell.First != "limit" && cell.Second.Length != 0))
            {
                figures.Add($"{row[0]}, {title}", double.Parse(text, CultureInfo.InvariantCulture));
            }
        }

        return figures;
    }

    private static List<string> Cells(string line) => [.. line.Split('|')[1..^1].Select(cell => cell.Trim(' ', '*'))];
}
