using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace Rvirt.Benchmarks.Publishing;

/// <summary>
/// What <c>dotnet publish</c> of the board takes, in a copy of the sources in which all else is built. Seconds tell something only on a machine
/// with nothing else to do, so no test holds them.
/// </summary>
internal static partial class PublishBenchmark
{
    private const string Board = "Rvirt.Platform.Qemu";
    private const int Rounds = 2;

    /// <summary>What <c>make image</c> does where no project file changed, with one node of MSBuild and no server that outlives it: all that is done is counted.</summary>
    private const string Command = $"dotnet publish {Board} -c Release --nologo -v q --no-restore -m:1 -nodeReuse:false -p:UseSharedCompilation=false";

    /// <summary>A row: what was done before, and what publishing may take then.</summary>
    private sealed record Row(string Name, Limit? Limit, Action Prepare);

    /// <summary>The most seconds that publishing may take, and by which measure.</summary>
    private sealed record Limit(double Seconds, string Of, Func<(double Clock, double Processor), double> Judged);

    private static readonly Row[] s_rows =
    [
        new("nothing built, packages restored", null, DeleteAll),
        new("no image built, libraries and compiler are", Work(10), DeleteImages),
        new("nothing changed", null, () => { }),
        new("an assembly file changed", Wait(2), () => Edit("Rvirt.Boot/Assembly", "*.S", text => text + "# changed\n")),
        new("a C# file changed", Wait(8), () => Edit("Rvirt.Core/Traps", "*.cs", text => "// changed\n" + text)),
    ];

    // What all processors do, however many share it.
    private static Limit Work(double seconds) => new(seconds, "processor time", time => time.Processor);

    // Somebody waits for it: the clock, or the processor time where that is less, as other work holds the clock up.
    private static Limit Wait(double seconds) => new(seconds, "the lesser", time => Math.Min(time.Clock, time.Processor));

    /// <summary>Publishes after each kind of change.</summary>
    /// <param name="intoDocs">Whether to put the table into docs/performance.md.</param>
    /// <returns>The exit status: 0 when each keeps its limit, by the limit's own measure.</returns>
    public static int Run(bool intoDocs)
    {
        Repository.Enter();
        var top = Directory.GetCurrentDirectory();
        var folder = Directory.CreateTempSubdirectory("rvirt-publish").FullName;
        try
        {
            if (Time($"git ls-files -zco --exclude-standard | tar -c --ignore-failed-read --null -T - | tar -x -C '{folder}'") is null)
            {
                return 1;
            }

            Directory.SetCurrentDirectory(folder);
            var best = new Dictionary<Row, (double Clock, double Processor)>();
            if (Time($"dotnet restore {Board} -v q --nologo && {Command}") is null)
            {
                return 1;
            }

            foreach (var row in Enumerable.Repeat(s_rows, Rounds).SelectMany(rows => rows))
            {
                row.Prepare();
                if (Time(Command) is not { } time)
                {
                    return 1;
                }

                AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"publish, {row.Name}: {time.Clock:F1} s, {time.Processor:F1} s of processor time"));
                best[row] = best.TryGetValue(row, out var known) ? (Math.Min(known.Clock, time.Clock), Math.Min(known.Processor, time.Processor)) : time;
            }

            Directory.SetCurrentDirectory(top);
            Repository.Keep("build", Markdown(best), intoDocs);
            var late = best.Where(row => row.Key.Limit is { } limit && limit.Judged(row.Value) > limit.Seconds).ToList();
            foreach (var (row, _) in late)
            {
                AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]publish, {row.Name}: does not keep its limit of {row.Limit?.Seconds} s ({row.Limit?.Of})[/]");
            }

            return late.Count == 0 ? 0 : 1;
        }
        finally
        {
            Directory.SetCurrentDirectory(top);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void DeleteAll()
    {
        DeleteImages();
        foreach (var built in Directory.GetDirectories(".", "Rvirt.*").SelectMany(project => new[] { Path.Combine(project, "bin"), Path.Combine(project, "obj", "Release") }).Where(Directory.Exists))
        {
            Directory.Delete(built, recursive: true);
        }
    }

    private static void DeleteImages()
    {
        Directory.CreateDirectory("artifacts/images").Delete(recursive: true);
        // Objects of earlier runs, and the images that are copied from there.
        foreach (var made in Directory.GetDirectories($"{Board}/obj", "rvirt-*", SearchOption.AllDirectories))
        {
            Directory.Delete(made, recursive: true);
        }
    }

    private static void Edit(string folder, string pattern, Func<string, string> change)
    {
        var file = Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).First();
        File.WriteAllText(file, change(File.ReadAllText(file)));
    }

    private static string Markdown(Dictionary<Row, (double Clock, double Processor)> figures)
    {
        var text = new StringBuilder("| before `dotnet publish` | limit, s | of | processor time, s | on the clock, s |\n|---|---:|---|---:|---:|\n");
        foreach (var (row, (clock, processor)) in figures)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Limit?.Seconds} | {row.Limit?.Of} | {processor:F1} | {clock:F1} |\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"""

            The least of {Rounds} rounds, measured with `make bench BENCH="publish --docs"`, of

            ```sh
            {Command}
            ```

            """).ToString();
    }

    /// <summary>Runs a line of bash; null when it fails.</summary>
    private static (double Clock, double Processor)? Time(string command)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command + " && times"]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("bash did not start");
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        // The second line of times: user and system time of the children.
        var times = Times().Matches(output);
        if (process.ExitCode != 0 || times.Count != 4)
        {
            Console.Error.WriteLine(output);
            return null;
        }

        return (watch.Elapsed.TotalSeconds, times.Skip(2).Sum(time => (60 * Number(time.Groups[1])) + Number(time.Groups[2])));
    }

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+)m([\d.]+)s")]
    private static partial Regex Times();
}
