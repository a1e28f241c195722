using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Rvirt.Tool.Blobs;
using Spectre.Console;

namespace Rvirt.Benchmarks.Guest;

/// <summary>Runs the benchmark guest of several harts natively and under the images, with a plugin of QEMU that counts what harts execute.</summary>
internal static class HartBenchmark
{
    private const string Payload = "artifacts/bench/harts.elf";

    private const string Sbi = "above OpenSBI";

    private const string Plugin = "artifacts/bench/count.so";

    // What QEMU does under this: docs/performance.md.
    private const string Turns = "-nic none -netdev hubport,id=turns,hubid=0 -object filter-buffer,id=turn,netdev=turns,interval=20";

    // Where a world switch begins; it has a function of its own.
    private const string SwitchStart = ".WorldSwitch<Rvirt.Boot.Host.TargetHost>.Save";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs all there is.</summary>
    /// <param name="intoDocs">Whether to put the table into docs/performance.md.</param>
    /// <returns>The exit status: 0 when nothing failed and every limit is kept; that of a switch by Rvirt without other firmware.</returns>
    public static int Run(bool intoDocs)
    {
        Repository.Enter();
        if (!QemuRun.IsInstalled())
        {
            AnsiConsole.MarkupLine("[red]qemu-system-riscv64 is missing: run make setup[/]");
            return 1;
        }

        if (!GuestBenchmark.Make("harts"))
        {
            return 1;
        }

        var native = new GuestRun("native", [$"{Apart} -m 256 -kernel {Payload}"]);
        List<GuestRun> runs =
        [
            native,
            Under("own stub", "rvirt-qemu", "-bios none "),
            Under("resident", "rvirt-qemu", "-bios none -append rvirt.mode=resident "),
            Under(Sbi, "rvirt-qemu-sbi", ""),
        ];
        var failed = false;
        foreach (var run in runs)
        {
            failed |= !Measure(run, run.Commands[0], HartRow.Apart) || (run != native && !Measure(run, run.Commands[1], HartRow.Shared));
        }

        var markdown = Markdown(runs);
        AnsiConsole.WriteLine(markdown);
        Repository.Keep("hart", markdown, intoDocs);
        return failed || !KeepsLimits(runs) ? 1 : 0;
    }

    private static string Apart => $"-smp 7 {Turns} -plugin {Plugin} -d plugin";

    private static GuestRun Under(string name, string image, string firmware)
    {
        var start = SymbolAddress($"artifacts/images/{image}.sym", SwitchStart);
        var machine = $"-m 512 {firmware}-kernel artifacts/images/{image}.elf -initrd";
        return new(name, [$"{Apart} {machine} {Blob(7)}", $"-plugin {Plugin},from={start} -d plugin {machine} {Blob(2)}"]);
    }

    private static string Blob(uint harts)
    {
        var (source, blob) = ($"artifacts/bench/harts-{harts}.dts", $"artifacts/bench/harts-{harts}.dtb");
        File.WriteAllText(source, DeviceTreeSource.Write([new("bench", Payload, null, "", 64 << 20, harts, [])]));
        DeviceTreeCompiler.Compile(source, blob);
        return blob;
    }

    private static string SymbolAddress(string table, string end)
    {
        var line = File.ReadLines(table).SingleOrDefault(line => line.EndsWith(end, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"{table} has no function {end[1..]}");
        return line.Split(' ')[0].TrimStart('0');
    }

    private static bool Measure(GuestRun run, string arguments, string[] names)
    {
        AnsiConsole.MarkupLineInterpolated($"[grey]{run.Name}: {QemuRun.Command(arguments)}[/]");
        List<ulong[]> counts = [];
        var times = QemuRun.Run(arguments, Limit, out var problem, counts);
        problem ??= counts.Count != names.Length || !names.All(times.ContainsKey) ? "other rows were measured than are known here" : null;
        if (problem is not null)
        {
            run.Problems.Add(problem);
            AnsiConsole.MarkupLineInterpolated($"[red]{run.Name}: {problem}[/]");
            return false;
        }

        foreach (var row in HartRow.All.Where(row => names.Contains(row.Source)))
        {
            run.Figures[row.Name] = row.Of(counts[Array.IndexOf(names, row.Source)], times[row.Source]);
        }

        return true;
    }

    private static bool KeepsLimits(List<GuestRun> runs)
    {
        var kept = true;
        foreach (var run in runs.Skip(1))
        {
            // A switch sets the timer, which is a call of other firmware.
            foreach (var row in HartRow.All.Where(row => (run.Name != Sbi || row.Part != HartPart.Passage) && row.Limit(runs[0].Find(row.Name)) is { } limit && !(run.Find(row.Name) <= limit)))
            {
                AnsiConsole.MarkupLineInterpolated($"[red]{run.Name}: {row.Name} does not keep its limit[/]");
                kept = false;
            }
        }

        return kept;
    }

    private static string Markdown(List<GuestRun> runs)
    {
        var text = new StringBuilder();
        text.Append("| operation | native | limit | Rvirt, own stub | Rvirt, resident | Rvirt above OpenSBI |\n|---|---:|---:|---:|---:|---:|\n");
        foreach (var row in HartRow.All)
        {
            var native = runs[0].Find(row.Name);
            var limit = row.Limit(native);
            text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {Number(native)} | {Number(limit)} |");
            foreach (var figure in runs.Skip(1).Select(run => run.Find(row.Name)))
            {
                var mark = figure > limit ? "**" : "";
                text.Append(CultureInfo.InvariantCulture, $" {mark}{Number(figure)}{mark} |");
            }

            text.Append('\n');
        }

        text.Append("\nMeasured with `make bench BENCH=\"harts --docs\"`, which runs\n\n```sh\n");
        foreach (var arguments in runs.SelectMany(run => run.Commands))
        {
            text.Append(CultureInfo.InvariantCulture, $"{QemuRun.Command(arguments)}\n");
        }

        return text.Append("```\n").ToString();
    }

    private static string Number(double? value) => value is null ? "" : Math.Round(value.Value).ToString(CultureInfo.InvariantCulture);
}
