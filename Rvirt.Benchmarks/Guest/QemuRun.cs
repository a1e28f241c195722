using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace Rvirt.Benchmarks.Guest;

/// <summary>One run of QEMU whose guest prints figures.</summary>
internal static partial class QemuRun
{
    /// <summary>Every run's machine: no H, no Sstc, and a clock that counts instructions.</summary>
    private const string Machine = "-M virt -cpu rv64,h=off,sstc=off -nographic -icount shift=0,sleep=off -device virtio-rng-device";

    /// <summary>The whole command, as a person types it.</summary>
    public static string Command(string arguments) => $"qemu-system-riscv64 {Machine} {arguments}";

    /// <summary>Runs QEMU until it ends and reads the figures off its console.</summary>
    /// <param name="arguments">What follows the machine's options; split at blanks, single quotes hold together.</param>
    /// <param name="limit">When to give up.</param>
    /// <param name="problem">What went wrong, or null. The figures printed until then count.</param>
    /// <param name="counts">Where the plugin's counts go, one for each of its lines, where the run has that plugin.</param>
    /// <param name="each">Is given each line, where it is not null.</param>
    public static Dictionary<string, double> Run(string arguments, TimeSpan limit, out string? problem, List<ulong[]>? counts = null, Action<string>? each = null)
    {
        var figures = new Dictionary<string, double>();
        var console = new StringBuilder();
        var start = new ProcessStartInfo("qemu-system-riscv64") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (Match part in Part().Matches($"{Machine} {arguments}"))
        {
            start.ArgumentList.Add(part.Groups[1].Success ? part.Groups[1].Value : part.Value);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("QEMU did not start");
        process.StandardInput.Close();
        var done = false;
        var tooLong = false;
        void Line(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
            {
                return;
            }

            lock (console)
            {
                console.AppendLine(line.Data);
                each?.Invoke(line.Data);
                var match = Figure().Match(line.Data);
                if (match.Success)
                {
                    figures[match.Groups["name"].Value] = double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture);
                }

                if (counts is not null && Count().Match(line.Data) is { Success: true } count)
                {
                    counts.Add([.. count.Groups[1].Value.Split(' ').Select(number => ulong.Parse(number, CultureInfo.InvariantCulture))]);
                }

                tooLong |= line.Data.Contains("rvirt-count: a turn is too long", StringComparison.Ordinal);
                done |= line.Data.Contains("rvirt-bench: done", StringComparison.Ordinal);
            }
        }

        process.OutputDataReceived += Line;
        process.ErrorDataReceived += Line;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExit(limit);
        if (!ended)
        {
            process.Kill();
        }

        process.WaitForExit();
        lock (console)
        {
            problem = !ended ? $"did not end within {limit.TotalSeconds:0} s"
                : process.ExitCode != 0 ? $"QEMU ended with status {process.ExitCode}"
                : !done ? "the guest did not finish"
                : tooLong ? "a hart's turn was longer than the plugin has room for"
                : null;
            if (problem is not null)
            {
                var text = console.ToString();
                problem += "; the end of its console:\n" + text[Math.Max(0, text.Length - 1500)..];
            }

            return figures;
        }
    }

    /// <summary>Whether QEMU is there.</summary>
    public static bool IsInstalled()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("qemu-system-riscv64", "--version") { RedirectStandardOutput = true });
            return process is not null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [GeneratedRegex(@"'([^']*)'|[^\s']+")]
    private static partial Regex Part();

    // Other output may be on the line in front of it, such as the name of the guest.
    [GeneratedRegex(@"(?<name>(csrr|csrw|csrrw|sstatus|sret|null|user|first|sfence|satp|PLIC|UART|virtio|timer|SBI|IPI|remote|world|Linux:)[ -~]*?) {2,}(?<value>\d+\.\d\d)\s*$")]
    private static partial Regex Figure();

    [GeneratedRegex(@"^rvirt-count: (\d+( \d+)+)\s*$")]
    private static partial Regex Count();
}
