using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Rvirt.Fuzz.Targets;

namespace Rvirt.Fuzz.Commands;

/// <summary>
/// Fuzzing in the open: instruments a copy of the product's assemblies with SharpFuzz, and lets workers run on it. A worker that finds
/// something, or dies, leaves the input it was at.
/// </summary>
internal static class RunCommand
{
    /// <summary>How long one target runs before the next has its turn, where all do.</summary>
    private const double Turn = 30;

    private static readonly string[] Instrumented = ["Rvirt.Core.dll", "Rvirt.Devices.dll", "Rvirt.Platform.Unleashed.dll"];

    public static Command Create()
    {
        var target = FuzzOptions.Target();
        var seconds = FuzzOptions.Seconds();
        var corpus = FuzzOptions.Corpus();
        var output = FuzzOptions.Output();
        var command = new Command("run", "Fuzzes until a find, an interrupt, or the time is up") { target, seconds, corpus, output };
        command.SetAction(result => Run(
            result.GetValue(target)!, result.GetValue(seconds), result.GetValue(corpus)!.FullName, result.GetValue(output)!.FullName));
        return command;
    }

    private static int Run(string target, double seconds, string corpus, string output)
    {
        var program = Instrument(Path.Combine(output, "bin"));
        var targets = target == "all" ? new List<string>(FuzzTargets.Names) : [target];
        var clock = Stopwatch.StartNew();
        for (var turn = 0; ; turn++)
        {
            var left = seconds == 0 ? double.MaxValue : seconds - clock.Elapsed.TotalSeconds;
            if (left <= 0)
            {
                FuzzOptions.Say("time is up, nothing found");
                return 0;
            }

            var name = targets[turn % targets.Count];
            var length = targets.Count == 1 ? left : Math.Min(left, seconds == 0 ? Turn : Math.Min(Turn, seconds / targets.Count));
            var folder = Directory.CreateDirectory(Path.Combine(output, name)).FullName;
            if (Work(program, name, length, corpus, folder) != 0)
            {
                Report(name, folder);
                return 1;
            }
        }
    }

    private static string Instrument(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        foreach (var name in Instrumented)
        {
            var types = SharpFuzz.Fuzzer.Instrument(Path.Combine(folder, name), _ => true, SharpFuzz.Options.Value).Count();
            FuzzOptions.Say(string.Create(CultureInfo.InvariantCulture, $"instrumented {types} types of {name}"));
        }

        return Path.Combine(folder, "Rvirt.Fuzz.dll");
    }

    private static int Work(string program, string target, double seconds, string corpus, string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [])
        {
            ArgumentList =
            {
                program, "work", "--target", target, "--seconds", Math.Min(seconds, int.MaxValue).ToString(CultureInfo.InvariantCulture),
                "--corpus", corpus, "--output", folder,
            },
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) != "dotnet")
        {
            start.FileName = "dotnet";
        }

        using var worker = Process.Start(start)!;
        worker.WaitForExit();
        return worker.ExitCode;
    }

    private static void Report(string target, string folder)
    {
        var input = CurrentInput.Read(folder);
        var file = Path.Combine(folder, "crash-" + Convert.ToHexStringLower(SHA256.HashData(input))[..16]);
        File.WriteAllBytes(file, input);
        FuzzOptions.Say($"{target}: found something; the input is {Path.GetRelativePath(Environment.CurrentDirectory, file)}");
    }
}
