using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Spectre.Console;

namespace Rvirt.Benchmarks.Desktop;

/// <summary>Times the libraries on this machine with BenchmarkDotNet, and fails where one allocates memory: in an image it could not.</summary>
internal static class DesktopBenchmark
{
    private const string ToDocs = "--docs";

    /// <summary>Runs them.</summary>
    /// <param name="arguments">Of BenchmarkDotNet; <c>--docs</c> puts the table into docs/performance.md.</param>
    /// <returns>The exit status: 0 where each ran and allocated nothing.</returns>
    public static int Run(string[] arguments)
    {
        Repository.Enter();
        var passed = arguments.Where(argument => argument != ToDocs).ToArray();
        var config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .WithArtifactsPath("artifacts/bench/BenchmarkDotNet");
        var reports = BenchmarkSwitcher.FromTypes([typeof(DesktopBenchmarks), typeof(MemoryBenchmarks)])
            .Run(passed.Length == 0 ? ["--filter", "*"] : passed, config)
            .SelectMany(summary => summary.Reports)
            .ToList();
        if (reports.Count == 0)
        {
            AnsiConsole.MarkupLine("[red]no benchmark ran[/]");
            return 1;
        }

        Repository.Keep("desktop", Markdown(reports), Array.IndexOf(arguments, ToDocs) >= 0);
        var status = 0;
        foreach (var report in reports)
        {
            if (Problem(report) is { } problem)
            {
                AnsiConsole.MarkupLineInterpolated($"[red]{Name(report)}: {problem}[/]");
                status = 1;
            }
        }

        if (status == 0)
        {
            AnsiConsole.MarkupLineInterpolated($"[green]{reports.Count} operations, 0 B allocated in each[/]");
        }

        return status;
    }

    private static string? Problem(BenchmarkReport report) => Allocated(report) switch
    {
        null => "did not run",
        0 => null,
        var bytes => $"allocates {bytes} B",
    };

    private static long? Allocated(BenchmarkReport report) =>
        report.Success ? report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) : null;

    private static string Name(BenchmarkReport report) => report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\'');

    private static string Markdown(List<BenchmarkReport> reports)
    {
        var text = new StringBuilder("| operation | ns | error, ns | allocated, B |\n|---|---:|---:|---:|\n");
        foreach (var report in reports)
        {
            var statistics = report.ResultStatistics;
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {Name(report)} | {statistics?.Mean:F1} | {statistics?.StandardError:F1} | {Allocated(report)} |\n");
        }

        return text.Append("\nMeasured with `dotnet run --project Rvirt.Benchmarks -c Release -- desktop --docs`.\n").ToString();
    }
}
