using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Stress;

/// <summary><c>make stress</c>: Debian's stress-ng in a guest of several harts, on as many harts of the host and on fewer, with a line for each class that ran.</summary>
internal static class StressCommand
{
    // Classes take turns in times of no more than this, so that a long run mixes them.
    private const int LongestTurn = 60;
    private const int HashedFiles = 8;

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">What lies under the guest, its harts, the host's in turn with commas, seconds, and a class or <c>all</c>.</param>
    /// <returns>The exit status: 1 where something failed.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var firmware = Enum.Parse<Firmware>(arguments[0], ignoreCase: true);
        var harts = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var hosts = arguments[2].Split(',').Select(host => int.Parse(host, CultureInfo.InvariantCulture)).ToArray();
        var seconds = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        var classes = arguments[4] == "all" ? StressClass.All : [StressClass.Of(arguments[4])];

        var each = Math.Max(1, seconds / hosts.Length / classes.Count);
        var turns = ((each - 1) / LongestTurn) + 1;
        var failures = new List<string>();
        long rounds = 0;
        foreach (var host in hosts)
        {
            rounds += new Round(firmware, harts, host, classes, turns, each / turns, failures).Run();
        }

        Say($"{classes.Count} classes on {hosts.Length} machines, {rounds} rounds of stressors: {(failures.Count == 0 ? "all well" : $"{failures.Count} failed: {string.Join(", ", failures)}")}");
        return failures.Count == 0 ? 0 : 1;
    }

    private static void Say(string text) => Console.WriteLine("stress: " + text);

    /// <summary>One machine from its start to its end.</summary>
    private sealed class Round(Firmware firmware, int harts, int host, IReadOnlyList<StressClass> classes, int turns, int seconds, List<string> failures)
    {
        private readonly string _place = firmware == Firmware.Native ? $"{harts} harts, no Rvirt" : $"{harts} harts on {host} ({firmware})";
        private StressGuest? _guest;
        private long _rounds;

        /// <summary>Runs it, and notes down what failed.</summary>
        /// <returns>How many rounds stressors did.</returns>
        public long Run()
        {
            try
            {
                // The limit only ends what hangs without end; a wait of each step ends it before.
                if (!Step("boot", () => Begin(TimeSpan.FromSeconds(3600 + ((double)turns * seconds * classes.Count)))))
                {
                    return 0;
                }

                for (var turn = 0; turn < turns; turn++)
                {
                    foreach (var of in classes)
                    {
                        if (!Step(of.Name, () => Stress(of)))
                        {
                            return _rounds;
                        }
                    }

                    if (!Step("hash", () => (_guest!.Hash(HashedFiles), $"{HashedFiles} files of 8 MiB, twice")) || !Step("monitor", () => (_guest!.AskHypervisor(), "")))
                    {
                        return _rounds;
                    }
                }

                Step("power-off", () => (_guest!.PowerOff(), ""));
                return _rounds;
            }
            finally
            {
                _guest?.Dispose();
            }
        }

        private (IReadOnlyList<string> Complaints, string Did) Begin(TimeSpan limit)
        {
            _guest = StressGuest.Boot(firmware, harts, firmware == Firmware.Native ? harts : host, KernelLog.SlowClocks, limit);
            return ([], "to SSH");
        }

        private (IReadOnlyList<string> Complaints, string Did) Stress(StressClass of)
        {
            var (complaints, rounds) = _guest!.Run(of, seconds);
            _rounds += rounds.Values.Sum();
            return (complaints, string.Join(' ', rounds.Select(one => $"{one.Key} {one.Value}")));
        }

        /// <returns>Whether to go on: the guest still answers.</returns>
        private bool Step(string name, Func<(IReadOnlyList<string> Complaints, string Did)> what)
        {
            IReadOnlyList<string> complaints;
            var did = "";
            var answers = true;
            var before = _guest?.Age ?? TimeSpan.Zero;
            try
            {
                (complaints, did) = what();
            }
            catch (Exception problem) when (problem is AssertionException or TimeoutException)
            {
                complaints = [problem.Message];
                answers = false;
            }

            var took = ((_guest?.Age ?? before) - before).TotalSeconds;
            Say(string.Create(CultureInfo.InvariantCulture, $"{_place}: {name}: {(complaints.Count == 0 ? "well" : "FAILED")}, {took:F0} s{(did.Length > 0 ? ": " : "")}{did}"));
            if (complaints.Count > 0)
            {
                failures.Add($"{name} of {_place}");
                foreach (var complaint in complaints)
                {
                    Say("  " + complaint);
                }

                Say("  the end of the kernel's log:\n" + (answers ? _guest?.KernelTail() : KernelLog.Tail(_guest?.Story ?? "", 80)));
                Say($"  again: make stress {(firmware == Firmware.Native ? "NATIVE=1" : $"FIRMWARE={firmware.ToString().ToLowerInvariant()} HARTS={host}")} VCPUS={harts}{(classes.Any(of => of.Name == name) ? $" CLASS={name}" : "")}");
            }

            return answers;
        }
    }
}
