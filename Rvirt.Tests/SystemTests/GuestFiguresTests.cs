using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// What operations cost a guest stays within the limits of docs/performance.md, and within 2 % of its figures. Instructions are counted, so a busy machine changes nothing.
/// Linux above OpenSBI is left out, for its time. A whole boot is held to 10 %: it begins with another seed each time and waits for ticks, and alike ones differ by 4 %.
/// </summary>
[Category("System,Image")]
public sealed class GuestFiguresTests
{
    private const string Boot = "Linux: boot to power-down, ms";

    [Test]
    public void OperationsKeepTheirLimitsAndFigures()
    {
        _ = (Repository.Image(Firmware.Stub), Repository.Kernel, Repository.Initrd);
        var (status, output) = Commands.Run("dotnet", [Repository.Benchmarks, "guest", "--without-linux-above-sbi"], TimeSpan.FromMinutes(8));
        TestContext.Out.WriteLine(output);
        Assert.That(status, Is.Zero, output);
        var page = File.ReadAllText(Path.Combine(Repository.Top, "docs/performance.md"));
        var now = File.ReadAllText(Path.Combine(Repository.Top, "artifacts/bench/guest.md"));
        Assert.That(now, Does.Contain("null system call").And.Contain("Linux: getpid"));
        Assert.Multiple(() =>
        {
            foreach (var (title, withLinux) in new[] { ("Rvirt, own stub", true), ("Rvirt, resident", true), ("Rvirt above OpenSBI", false) })
            {
                var (before, after) = (Column(page, title), Column(now, title));
                Assert.That(after.Keys, Is.EqualTo(before.Keys.Where(row => withLinux || !row.StartsWith("Linux: ", StringComparison.Ordinal))), title);
                Assert.That(after.ContainsKey(Boot), Is.EqualTo(withLinux), title);
                Assert.That(
                    after.Where(row => row.Value > before[row.Key] * (row.Key == Boot ? 1.1 : 1.02)).Select(row => $"{row.Key}: {row.Value}, and {before[row.Key]} in docs/performance.md"), Is.Empty,
                    $"{title}: no row is worse by more than 2 %, a boot by 10 %");
            }
        });
    }

    // What each operation costs, by the table of a page whose columns are ways to run it. Where there is no figure, there is no row.
    internal static Dictionary<string, double> Column(string page, string title, string head = "| operation | R")
    {
        var rows = page.Split('\n').SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|')).ToList();
        var place = Array.IndexOf(rows[0], $" {title} ");
        return rows.Skip(2).Where(row => row[place].Trim().Length != 0).ToDictionary(row => row[1].Trim(), row => Figure(row[place].Trim(' ', '*')));
    }

    private static double Figure(string text) => text.EndsWith(" M", StringComparison.Ordinal)
        ? 1e6 * double.Parse(text[..^2], CultureInfo.InvariantCulture)
        : double.Parse(text, CultureInfo.InvariantCulture);
}
