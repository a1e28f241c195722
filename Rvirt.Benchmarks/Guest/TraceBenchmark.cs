using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Rvirt.Tool.Machines;
using Spectre.Console;

namespace Rvirt.Benchmarks.Guest;

/// <summary>Where the hypervisor's instructions of one operation go, by function: a row of the table of <c>make bench BENCH=guest</c>.</summary>
internal static partial class TraceBenchmark
{
    private const string Folder = "artifacts/bench";

    // What an operation has less of than this is a timer's, or a start's.
    private const double Least = 0.005;

    /// <summary>The rows that can be asked for: those of the guest without an operating system.</summary>
    public static IReadOnlyList<string> Names => DotnetPlan.TraceRows;

    /// <summary>Runs it.</summary>
    /// <param name="words">The row's name, and how guests are run, <c>stub</c>, <c>resident</c> or <c>sbi</c>; where left out, the first two.</param>
    /// <returns>The exit status.</returns>
    public static int Run(ReadOnlySpan<string> words)
    {
        var name = words.Length > 0 ? words[0] : "";
        string[] modes = words.Length > 1 ? [words[1]] : ["stub", "resident"];
        if (!Names.Contains(name) || FunctionCounter.OptionsOf(modes[0]) is null)
        {
            Console.Error.WriteLine($"usage: trace ROW [stub|resident|sbi], where ROW is one of:\n    {string.Join("\n    ", Names)}");
            return 2;
        }

        Repository.Enter();
        Environment.SetEnvironmentVariable("ROW", name);
        if (!GuestBenchmark.Make("trace"))
        {
            AnsiConsole.MarkupLine("[red]the guest cannot be made[/]");
            return 1;
        }

        var symbols = File.ReadLines($"{Folder}/trace.sym").Select(line => line.Split(' ')).Where(words => words.Length == 3).ToDictionary(words => words[2], words => words[0]);
        var marks = $",begin={symbols["timed_begin"]},end={symbols["timed_end"]}";
        return modes.All(mode => FunctionCounter.IsReady(mode) && Trace(name, mode, marks)) ? 0 : 1;
    }

    private static bool Trace(string name, string mode, string marks)
    {
        double? times = null, figure = null;
        var functions = FunctionCounter.Run(mode, $"-m 512 -initrd {Folder}/trace.elf", marks, line =>
        {
            if (Times().Match(line) is { Success: true } match)
            {
                times = double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            }

            if (line.StartsWith(name + "  ", StringComparison.Ordinal) && double.TryParse(line[name.Length..], CultureInfo.InvariantCulture, out var value))
            {
                figure = value;
            }
        });
        if (functions is null)
        {
            return false;
        }

        if (times is not { } count || figure is null)
        {
            AnsiConsole.MarkupLineInterpolated($"[red]{name}: absent on this machine[/]");
            return false;
        }

        Console.WriteLine($"\n{name}, {mode}: each of {count:0} times");
        Console.WriteLine("instructions     calls  function");
        foreach (var function in functions.Where(function => function.Instructions / count >= Least))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{function.Instructions / count,12:0.00}  {function.Calls / count,8:0.00}  {FunctionCounter.Short(function.Name)}"));
        }

        var all = functions.Sum(function => (double)function.Instructions) / count;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{all,12:0.00}  of the hypervisor, of {figure:0.00} in all, by the clock"));
        return true;
    }

    [GeneratedRegex(@"^rvirt-trace: +(\d+)\.00\s*$")]
    private static partial Regex Times();
}
