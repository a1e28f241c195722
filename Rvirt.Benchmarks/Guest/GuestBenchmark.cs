using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using Rvirt.Tool.Blobs;
using Spectre.Console;

namespace Rvirt.Benchmarks.Guest;

/// <summary>Runs the benchmark guests natively, under both images, and in both ways that Rvirt's own machine-mode part has, and compares.</summary>
internal static class GuestBenchmark
{
    /// <summary>The command line of the Linux guest.</summary>
    public const string LinuxArguments = "console=ttyS0 quiet randomize_kstack_offset=off";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Runs all there is.</summary>
    /// <param name="intoDocs">Whether to put the table into docs/performance.md.</param>
    /// <param name="linuxAboveSbi">Whether Linux runs above OpenSBI too, which takes as long as all the rest.</param>
    /// <returns>The exit status: 0 when nothing failed and the image with the stub keeps every limit.</returns>
    public static int Run(bool intoDocs, bool linuxAboveSbi)
    {
        Repository.Enter();
        if (!QemuRun.IsInstalled())
        {
            AnsiConsole.MarkupLine("[red]qemu-system-riscv64 is missing: run make setup[/]");
            return 1;
        }

        if (!Make("all"))
        {
            return 1;
        }

        var linux = TryMakeLinux();
        if (!linux)
        {
            AnsiConsole.MarkupLine("[yellow]no Debian guest in artifacts/guest: leaving out the rows of Linux (make guest builds it)[/]");
        }

        var runs = Plan(linux, linuxAboveSbi);
        var failed = false;
        foreach (var run in runs)
        {
            failed |= !Measure(run, Limit);
        }

        Show(runs);
        Repository.Keep("guest", Markdown(runs), intoDocs);
        return failed || !KeepsLimits(runs, linux) ? 1 : 0;
    }

    /// <summary>Runs each command of a run and takes its figures.</summary>
    /// <returns>Whether all of them ended well.</returns>
    public static bool Measure(GuestRun run, TimeSpan limit)
    {
        foreach (var arguments in run.Commands)
        {
            AnsiConsole.MarkupLineInterpolated($"[grey]{run.Name}: {QemuRun.Command(arguments)}[/]");
            var figures = QemuRun.Run(arguments, limit, out var problem);
            foreach (var (name, value) in figures)
            {
                run.Figures[name] = value;
            }

            if (problem is not null)
            {
                run.Problems.Add(problem);
                AnsiConsole.MarkupLineInterpolated($"[red]{run.Name}: {problem}[/]");
            }
        }

        return run.Problems.Count == 0;
    }

    private static List<GuestRun> Plan(bool linux, bool linuxAboveSbi)
    {
        const string Payload = "artifacts/bench/bench.elf";
        var runs = new List<GuestRun> { new("native", [$"-m 256 -kernel {Payload}"]) };
        if (linux)
        {
            runs[0].Commands.Add($"-m 256 -kernel artifacts/guest/Image -initrd artifacts/bench/linux.cpio -append '{LinuxArguments}'");
        }

        (string Name, string File, string Firmware)[] images =
        [
            ("stub", "rvirt-qemu.elf", "-bios none "),
            ("resident", "rvirt-qemu.elf", "-bios none -append rvirt.mode=resident "),
            ("sbi", "rvirt-qemu-sbi.elf", ""),
        ];
        foreach (var (name, file, firmware) in images)
        {
            var image = $"artifacts/images/{file}";
            if (!File.Exists(image))
            {
                AnsiConsole.MarkupLineInterpolated($"[yellow]{image} is missing: run make image[/]");
                continue;
            }

            var run = new GuestRun(name, [$"{firmware}-m 512 -kernel {image} -initrd {Payload}"]);
            if (linux && (linuxAboveSbi || name != "sbi"))
            {
                run.Commands.Add($"{firmware}-m 768 -kernel {image} -initrd artifacts/bench/linux.dtb");
            }

            runs.Add(run);
        }

        return runs;
    }

    /// <summary>Builds the guest with Linux, <c>artifacts/bench/linux.dtb</c>, where the kernel and the programs of the Debian guest are there.</summary>
    /// <returns>False where they are not.</returns>
    public static bool TryMakeLinux()
    {
        if (!File.Exists("artifacts/guest/Image") || !File.Exists("artifacts/guest/initrd") || !Make("linux"))
        {
            return false;
        }

        BuildBlob(LinuxArguments);
        return true;
    }

    private static void BuildBlob(string arguments)
    {
        var guest = new GuestSpec("bench", "artifacts/guest/Image", "artifacts/bench/linux.cpio", arguments, 256 << 20, 1, [7]);
        File.WriteAllText("artifacts/bench/linux.dts", DeviceTreeSource.Write([guest]));
        DeviceTreeCompiler.Compile("artifacts/bench/linux.dts", "artifacts/bench/linux.dtb");
    }

    /// <summary>Builds a benchmark guest.</summary>
    public static bool Make(string target)
    {
        using var process = Process.Start(new ProcessStartInfo("make", ["-s", "-C", "guests/bench", target]))
            ?? throw new InvalidOperationException("make did not start");
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static bool KeepsLimits(List<GuestRun> runs, bool linux)
    {
        var stub = runs.Find(run => run.Name == "stub");
        var kept = stub is not null;
        foreach (var row in PeerRow.All)
        {
            if (row.Limit(runs[0].Find(row.Name)) is not { } limit || (!linux && row.IsLinux))
            {
                continue;
            }

            if (stub?.Find(row.Name) is not { } figure || figure > limit)
            {
                AnsiConsole.MarkupLineInterpolated($"[red]{row.Name} does not keep its limit of {Number(limit)}[/]");
                kept = false;
            }
        }

        return kept;
    }

    private static void Show(List<GuestRun> runs)
    {
        var table = new Table().AddColumn("operation").AddColumn("RVirt").AddColumn("kindest").AddColumn("limit");
        runs.ForEach(run => table.AddColumn(run.Name));
        foreach (var row in PeerRow.All)
        {
            var limit = row.Limit(runs[0].Find(row.Name));
            var cells = new List<string> { row.Name, Number(row.Peer), Number(row.PeerKindest), Number(limit) };
            foreach (var run in runs)
            {
                var figure = run.Find(row.Name);
                var colour = run.Name == "native" || limit is null || figure is null ? "default" : figure <= limit ? "green" : "red";
                cells.Add($"[{colour}]{Number(figure)}[/]");
            }

            table.AddRow([.. cells]);
        }

        table.Columns.GetRange(1).ForEach(column => column.RightAligned());
        AnsiConsole.Write(table);
    }

    private static string Markdown(List<GuestRun> runs)
    {
        var text = new StringBuilder();
        text.Append("| operation | RVirt | RVirt, kindest | limit |");
        runs.ForEach(run => text.Append(CultureInfo.InvariantCulture, $" {Title(run)} |"));
        text.Append("\n|---|---:|---:|---:|");
        runs.ForEach(_ => text.Append("---:|"));
        text.Append('\n');
        foreach (var row in PeerRow.All)
        {
            var limit = row.Limit(runs[0].Find(row.Name));
            text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {Number(row.Peer)} | {Number(row.PeerKindest)} | {Number(limit)} |");
            foreach (var run in runs)
            {
                var figure = run.Find(row.Name);
                var over = run.Name != "native" && figure > limit;
                text.Append(CultureInfo.InvariantCulture, $" {(over ? "**" : "")}{Number(figure)}{(over ? "**" : "")} |");
            }

            text.Append('\n');
        }

        text.Append("\nMeasured with:\n\n```sh\n");
        foreach (var run in runs)
        {
            run.Commands.ForEach(arguments => text.Append(CultureInfo.InvariantCulture, $"{QemuRun.Command(arguments)}\n"));
        }

        return text.Append("```\n").ToString();
    }

    private static string Title(GuestRun run) => run.Name switch
    {
        "stub" => "Rvirt, own stub",
        "resident" => "Rvirt, resident",
        "sbi" => "Rvirt above OpenSBI",
        _ => run.Name,
    };

    /// <summary>A figure as tables show it.</summary>
    public static string Number(double? value) => value switch
    {
        null or 0 => "",
        < 1000 => value.Value.ToString("0.##", CultureInfo.InvariantCulture),
        < 1e6 => Math.Round(value.Value).ToString("0", CultureInfo.InvariantCulture),
        _ => (value.Value / 1e6).ToString("0.00 M", CultureInfo.InvariantCulture),
    };

    private static List<TableColumn> GetRange(this IReadOnlyList<TableColumn> columns, int first)
    {
        var result = new List<TableColumn>();
        for (var i = first; i < columns.Count; i++)
        {
            result.Add(columns[i]);
        }

        return result;
    }
}
