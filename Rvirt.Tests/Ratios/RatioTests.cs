using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Ratios;

/// <summary>What <c>make ratios</c> computes, draws and asks of its guests; how long they take is no verdict.</summary>
public sealed partial class RatioTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    [Test]
    public void ARatioIsThatOfTheMediansAndItsSpreadThatOfAnyTwoRuns()
    {
        var figures = Figures((_, _) => [1.0]);
        figures.Add(Firmware.Native, RatioRow.Boot, 4.0);
        figures.Add(Firmware.Native, RatioRow.Boot, 2.0);
        figures.Add(Firmware.Stub, RatioRow.Boot, 9.0);
        Assert.That(figures.Median(Firmware.Native, RatioRow.Boot), Is.EqualTo(2.0), "of 1, 2 and 4");
        Assert.That(figures.Median(Firmware.Stub, RatioRow.Boot), Is.EqualTo(5.0), "of 1 and 9");
        Assert.That(figures.Ratio(Firmware.Stub, RatioRow.Boot), Is.EqualTo((2.5, 0.25, 9.0)));
        Assert.That(figures.Runs, Is.EqualTo(1));
    }

    [Test]
    public void TheTableHasARowForEachThingAndAColumnForEachMachine()
    {
        var lines = Figures((machine, _) => [machine == Firmware.Native ? 2.0 : 3.0]).Markdown("make this").Split('\n');
        Assert.That(lines[0], Is.EqualTo("| | without Rvirt, s | resident | deprivileged | deprivileged, above OpenSBI |"));
        Assert.That(lines[2], Is.EqualTo("| boot to SSH | 2.00 | 1.50 (1.50 to 1.50) | 1.50 (1.50 to 1.50) | 1.50 (1.50 to 1.50) |"));
        Assert.That(lines.Skip(2).TakeWhile(line => line.Length > 0).Count(), Is.EqualTo(RatioRow.All.Count + 1));
        Assert.That(lines, Has.Some.Contains("1 runs").And.Some.Contains("`make this`"));
    }

    [Test]
    public void ABarIsAsLongAsItsRatio()
    {
        var figures = Figures((machine, row) => [machine switch { Firmware.Native => 1, Firmware.Resident => 1.25, Firmware.Stub => row == RatioRow.Boot ? 2 : 1.5, _ => 3 }]);
        using var file = new MemoryStream();
        RatioPicture.Write(figures, file);
        file.Position = 0;
        var bars = XDocument.Load(file).Descendants(s_svg + "rect").Where(box => box.Element(s_svg + "title") is not null)
            .ToDictionary(box => box.Element(s_svg + "title")!.Value, box => (double)box.Attribute("width")!);
        Assert.That(bars, Has.Count.EqualTo((3 * (RatioRow.All.Count + 1)) + 1), "one for each ratio, and the line");
        Assert.That(bars["boot to SSH, resident: 1.25"], Is.EqualTo(150));
        Assert.That(bars["boot to SSH, deprivileged: 2.00"], Is.EqualTo(240));
        Assert.That(bars["boot to SSH, deprivileged, above OpenSBI: 3.00"], Is.EqualTo(360));
    }

    /// <summary>What the documents show was made at one time.</summary>
    [Test]
    public void ThePictureAndTheTableOfTheDocumentsHaveTheSameRatios()
    {
        var table = Place().Match(File.ReadAllText(Path.Combine(Repository.Top, "docs/performance.md"))).Groups[1].Value;
        var rows = table.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| |", StringComparison.Ordinal)).Select(line => line.Trim('|', ' ').Split(" | ")).ToArray();
        Assert.That(rows.Select(row => row[0]), Is.EqualTo(RatioRow.Names));
        var expected = rows.SelectMany(row => RatioFigures.Compared.Select((machine, i) => $"{row[0]}, {machine.Name}: {row[2 + i].Split(' ')[0]}"));
        var drawn = XDocument.Load(Path.Combine(Repository.Top, RatioCommand.Picture)).Descendants(s_svg + "rect").Select(box => box.Element(s_svg + "title")?.Value).OfType<string>();
        Assert.That(drawn, Is.EqualTo(expected.Append("without Rvirt")));
    }

    /// <summary>In this machine's bash, which is the guest's: what needs neither the guest's disk nor its compiler.</summary>
    [TestCase("hash")]
    [TestCase("start 200")]
    [TestCase("receive")]
    [TestCase("send")]
    public void ARowPrintsATime(string beginning)
    {
        using var peer = new RatioPeer();
        var row = RatioRow.All.Single(row => row.Name.StartsWith(beginning, StringComparison.Ordinal));
        var command = row.Command(peer.Port).Replace("cd /root", "cd /", StringComparison.Ordinal).Replace("10.0.2.2", "127.0.0.1", StringComparison.Ordinal);
        var (status, output) = Commands.Run("bash", ["-c", command], TimeSpan.FromMinutes(5));
        Assert.That(status, Is.Zero, output);
        Assert.That(long.Parse(output, CultureInfo.InvariantCulture), Is.Positive);
    }

    /// <summary>Whether it has begun to wait, waits, or is between two waits.</summary>
    [Test]
    public void APeerEndsWhateverItIsAt()
    {
        for (var i = 0; i < 500; i++)
        {
            using var peer = new RatioPeer();
            if (i % 2 == 0)
            {
                using var client = new TcpClient("127.0.0.1", peer.Port);
            }
        }
    }

    [Test]
    public void AllThatWasAskedForComes()
    {
        using var peer = new RatioPeer();
        var (status, output) = Commands.Run("bash", ["-c", $"exec 3<> /dev/tcp/127.0.0.1/{peer.Port}; printf r >&3; wc -c <&3"], TimeSpan.FromMinutes(5));
        Assert.That((status, output.Trim()), Is.EqualTo((0, $"{RatioRow.Megabytes << 20}")));
    }

    [Test]
    public void TheProgramIsCAndEachFunctionAnother()
    {
        using var folder = new TemporaryFolder();
        var text = RatioProgram.Text(RatioRow.Functions);
        var source = folder.Write("program.c", text);
        var (status, output) = Commands.Run("clang-19", ["--target=riscv64-linux-gnu", "-fsyntax-only", "-Wall", "-Werror", source]);
        Assert.That(status, Is.Zero, output);
        var functions = System.Text.Encoding.ASCII.GetString(text).Split("unsigned long step")[1..];
        Assert.That(functions, Has.Length.EqualTo(RatioRow.Functions).And.Unique);
    }

    private static RatioFigures Figures(Func<Firmware, string, IEnumerable<double>> seconds)
    {
        var figures = new RatioFigures();
        foreach (var machine in RatioFigures.Compared.Select(machine => machine.Machine).Append(Firmware.Native))
        {
            foreach (var row in RatioRow.Names)
            {
                foreach (var time in seconds(machine, row))
                {
                    figures.Add(machine, row, time);
                }
            }
        }

        return figures;
    }

    [GeneratedRegex("<!-- ratios figures: begin -->(.*)<!-- ratios figures: end -->", RegexOptions.Singleline)]
    private static partial Regex Place();
}
