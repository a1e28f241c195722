using System;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using Rvirt.Fuzz.Engine;
using Rvirt.Fuzz.Targets;

namespace Rvirt.Fuzz.Commands;

/// <summary>Feeds one target in this process, which stands on instrumented assemblies, and keeps inputs that reach new code.</summary>
internal static class WorkerCommand
{
    private const double SecondsPerLine = 5;
    private const int PatienceSeconds = 120;
    private const int Found = 2;
    private const int Stuck = 3;

    public static Command Create()
    {
        var target = FuzzOptions.Target();
        var seconds = FuzzOptions.Seconds();
        var corpus = FuzzOptions.Corpus();
        var output = FuzzOptions.Output();
        var command = new Command("work", "Feeds one target; started by run") { target, seconds, corpus, output };
        command.Hidden = true;
        command.SetAction(result => Work(
            result.GetValue(target)!, result.GetValue(seconds), result.GetValue(corpus)!.FullName, result.GetValue(output)!.FullName));
        return command;
    }

    private static int Work(string name, double seconds, string corpus, string folder)
    {
        var grown = Directory.CreateDirectory(Path.Combine(folder, "corpus")).FullName;
        var seeds = FuzzLoop.Seeds(corpus, name).Concat(FuzzLoop.Seeds(folder, "corpus"));
        using var current = new CurrentInput(folder);
        var coverage = new Coverage();
        var loop = new FuzzLoop(FuzzTargets.Get(name), seeds, new Random(), coverage, current.Write);
        var watched = 0L;
        using var watch = new Timer(
            _ =>
            {
                if (loop.Runs == Interlocked.Exchange(ref watched, loop.Runs))
                {
                    FuzzOptions.Say($"{name}: an input takes longer than {PatienceSeconds} s");
                    Environment.Exit(Stuck);
                }
            },
            null,
            TimeSpan.FromSeconds(PatienceSeconds),
            TimeSpan.FromSeconds(PatienceSeconds));
        var clock = Stopwatch.StartNew();
        var line = SecondsPerLine;
        var kept = loop.Corpus.Count;
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            try
            {
                loop.Step();
            }
            catch (FuzzFind find)
            {
                FuzzOptions.Say($"{name}: {find.InnerException}");
                return Found;
            }

            for (; kept < loop.Corpus.Count; kept++)
            {
                var input = loop.Corpus[kept];
                File.WriteAllBytes(Path.Combine(grown, Convert.ToHexStringLower(SHA256.HashData(input))[..16]), input);
            }

            if (clock.Elapsed.TotalSeconds >= line)
            {
                line += SecondsPerLine;
                Progress(name, loop, coverage, clock.Elapsed.TotalSeconds);
            }
        }

        Progress(name, loop, coverage, clock.Elapsed.TotalSeconds);
        return 0;
    }

    private static void Progress(string name, FuzzLoop loop, Coverage coverage, double seconds) => FuzzOptions.Say(string.Create(
        CultureInfo.InvariantCulture, $"{name}: {loop.Runs} inputs, {loop.Runs / seconds:F0} a second, {coverage.Edges} branches, corpus of {loop.Corpus.Count}"));
}
