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

    private const string SbiWithTimer = "above OpenSBI, Sstc";

    private const string Kernel = "artifacts/guest/Image";

    private const string LinuxBlob = "artifacts/bench/linux-harts";

    private const string Plugin = "artifacts/bench/count.so";

    // What QEMU does under this: docs/performance.md.
    private const string Turns = "-nic none -netdev hubport,id=turns,hubid=0 -object filter-buffer,id=turn,netdev=turns,interval=20";

    // Where a world switch begins; it has a function of its own.
    private const string SwitchStart = ".WorldSwitch<Rvirt.Boot.Host.TargetHost>.Save";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs all there is.</summary>
    /// <param name="intoDocs">Whether to put the table into docs/performance.md.</param>
    /// <returns>The exit status: 0 when nothing failed and every limit is kept.</returns>
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

        var linux = File.Exists(Kernel);
        if (!linux)
        {
            AnsiConsole.MarkupLine("[yellow]no Debian guest in artifacts/guest: leaving out the row of Linux (make guest builds it)[/]");
        }

        List<GuestRun> runs =
        [
            new("native", [$"{Apart} -m 256 -kernel {Payload}"]),
            Under("own stub", "rvirt-qemu", "-bios none ", linux),
            Under("resident", "rvirt-qemu", "-bios none -append rvirt.mode=resident ", linux),
            Under(Sbi, "rvirt-qemu-sbi", "", linux),
            new(SbiWithTimer, [$"-cpu rv64,h=off {OnOneHart("rvirt-qemu-sbi", "")}"]),
        ];
        var failed = false;
        foreach (var run in runs)
        {
            foreach (var arguments in run.Commands)
            {
                failed |= !Measure(run, arguments);
            }
        }

        var markdown = Markdown(runs);
        AnsiConsole.WriteLine(markdown);
        Repository.Keep("hart", markdown, intoDocs);
        return failed || !KeepsLimits(runs) ? 1 : 0;
    }

    private static string Apart => $"-smp 7 {Turns} -plugin {Plugin} -d plugin";

    private static GuestRun Under(string name, string image, string firmware, bool linux)
    {
        List<string> commands = [$"{Apart} {Machine(image, firmware)} {Blob(7)}", OnOneHart(image, firmware)];
        if (linux)
        {
            commands.Add($"{Machine(image, firmware)} {Blob(LinuxBlob, new("bench", Kernel, "artifacts/bench/linux-harts.cpio", GuestBenchmark.LinuxArguments, 256 << 20, 4, []))}");
        }

        return new(name, commands);
    }

    // A machine of one hart, which two of the guest share.
    private static string OnOneHart(string image, string firmware) =>
        $"-plugin {Plugin},from={SymbolAddress($"artifacts/images/{image}.sym", SwitchStart)} -d plugin {Machine(image, firmware)} {Blob(2)}";

    private static string Machine(string image, string firmware) => $"-m 512 {firmware}-kernel artifacts/images/{image}.elf -initrd";

    private static string Blob(uint harts) => Blob($"artifacts/bench/harts-{harts}", new("bench", Payload, null, "", 64 << 20, harts, []));

    private static string Blob(string path, GuestSpec guest)
    {
        File.WriteAllText($"{path}.dts", DeviceTreeSource.Write([guest]));
        DeviceTreeCompiler.Compile($"{path}.dts", $"{path}.dtb");
        return $"{path}.dtb";
    }

    private static string SymbolAddress(string table, string end)
    {
        var line = File.ReadLines(table).SingleOrDefault(line => line.EndsWith(end, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"{table} has no function {end[1..]}");
        return line.Split(' ')[0].TrimStart('0');
    }

    private static bool Measure(GuestRun run, string arguments)
    {
        var counted = arguments.Contains(Plugin, StringComparison.Ordinal);
        var names = arguments.StartsWith(Apart, StringComparison.Ordinal) ? HartRow.Apart : counted ? HartRow.Shared : HartRow.Linux;
        AnsiConsole.MarkupLineInterpolated($"[grey]{run.Name}: {QemuRun.Command(arguments)}[/]");
        List<ulong[]> counts = [];
        var times = QemuRun.Run(arguments, Limit, out var problem, counts);
        problem ??= counts.Count != (counted ? names.Length : 0) || !names.All(times.ContainsKey) ? "other rows were measured than are known here" : null;
        if (problem is not null)
        {
            run.Problems.Add(problem);
            AnsiConsole.MarkupLineInterpolated($"[red]{run.Name}: {problem}[/]");
            return false;
        }

        foreach (var row in HartRow.All.Where(row => names.Contains(row.Source)))
        {
            run.Figures[row.Name] = row.Of(counted ? counts[Array.IndexOf(names, row.Source)] : [], times[row.Source]);
        }

        return true;
    }

    private static bool KeepsLimits(List<GuestRun> runs)
    {
        var kept = true;
        foreach (var run in runs.Skip(1))
        {
            foreach (var row in HartRow.All.Where(row => run.Find(row.Name) > LimitOf(row, run, runs[0])))
            {
                AnsiConsole.MarkupLineInterpolated($"[red]{run.Name}: {row.Name} does not keep its limit[/]");
                kept = false;
            }
        }

        return kept;
    }

    // A switch sets the timer, which is a call of other firmware where the hart has none of its own.
    private static double? LimitOf(HartRow row, GuestRun run, GuestRun native) =>
        row.Limit(native.Find(row.Name)) + (run.Name == Sbi && row.Part == HartPart.Passage ? HartRow.MostInstructionsOfATimerCall : 0);

    private static string Markdown(List<GuestRun> runs)
    {
        var text = new StringBuilder();
        text.Append("| operation | native | limit | Rvirt, own stub | Rvirt, resident | Rvirt above OpenSBI | the same with Sstc |\n|---|---:|---:|---:|---:|---:|---:|\n");
        foreach (var row in HartRow.All)
        {
            var native = runs[0].Find(row.Name);
            text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {Number(native)} | {Number(row.Limit(native))} |");
            foreach (var run in runs.Skip(1))
            {
                var figure = run.Find(row.Name);
                var mark = figure > LimitOf(row, run, runs[0]) ? "**" : "";
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
