using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Machines;

/// <summary>The arguments of <c>dotnet</c> for the targets of the Makefile that run a .NET program of the working copy, from their settings.</summary>
public static class DotnetPlan
{
    /// <summary>What <c>make fuzz</c> can feed.</summary>
    public static readonly IReadOnlyList<string> FuzzTargets = ["all", "blob", "card", "decoder", "gem", "kernel", "network", "partitions", "tree", "virtio"];

    /// <summary>The classes of stressors that <c>make stress</c> can run.</summary>
    public static readonly IReadOnlyList<string> StressClasses = ["all", "tlb", "memory", "code", "signals", "processes", "locks", "switches", "vectors", "hotplug"];

    private const int Day = 24 * 3600;

    /// <summary>The operations of the benchmark guest, as its table calls them.</summary>
    public static readonly IReadOnlyList<string> TraceRows =
    [
        "csrr sscratch",
        "csrr sepc",
        "csrr scause",
        "csrr stval",
        "csrw sscratch",
        "csrrw sscratch swap",
        "sstatus.SIE set + clear",
        "sstatus.SUM set + clear",
        "sret to S",
        "null system call",
        "user page fault, per page",
        "first touch of a mapped 4 KiB page",
        "sfence.vma all",
        "sfence.vma all + 64 pages touched",
        "sfence.vma one page",
        "sfence.vma one page + touch",
        "satp switch + 64 pages, no fence",
        "satp switch + sfence.vma",
        "sfence.vma one page beside a large one",
        "PLIC register read",
        "UART register read",
        "virtio register read",
        "timer interrupt round trip",
        "timer interrupt round trip, Linux's entry",
        "SBI call: base, version",
    ];

    /// <summary><c>make desktop-linux</c>: the Debian guest on the reference machine.</summary>
    public static IReadOnlyList<string> Desktop(Setting settings, WorkingCopy copy) =>
    [
        copy.Program("Rvirt.Desktop", "Rvirt.Desktop"), "run",
        "--memory", "256", "--kernel", copy.OfGuest("Image"), "--initrd", copy.OfGuest("initrd"), "--disk", copy.OfGuest("disk.ext4"),
        $"--append={settings.Text("APPEND") ?? "console=ttyS0 rvirt.name=desktop"}", $"--until={settings.Text("UNTIL") ?? "login:"}",
        .. settings.Switch("NATIVE") ? (string[])["--native"] : [],
        .. settings.Switch("STRICT") ? (string[])["--strict"] : [],
    ];

    /// <summary><c>make lockstep</c>: random privileged programs.</summary>
    public static IReadOnlyList<string> Lockstep(Setting settings, WorkingCopy copy) =>
    [
        copy.Program("Rvirt.Tests", "Rvirt.Tests"), "lockstep",
        Text(settings.Number("N", 10_000_000L, 1, long.MaxValue, "instructions")), Text(settings.Number("SEED", 1L, 0, long.MaxValue, "the first program's seed")),
        Text(settings.Number("JOBS", Environment.ProcessorCount, 1, 1024, "programs at a time")),
        settings.Switch("SWITCH") ? "1" : "0", settings.Switch("VECTORS") ? "1" : "0", settings.Switch("SIBLINGS") ? "1" : "0",
    ];

    /// <summary><c>make debian-test</c>: a whole distribution, from its first boot to its last.</summary>
    public static IReadOnlyList<string> DistributionTest(Setting settings, WorkingCopy copy) =>
    [
        copy.Program("Rvirt.Tests", "Rvirt.Tests"), "debian", settings.Choice("FIRMWARE", "stub", "resident", "sbi"),
        Text(settings.Number("VCPUS", 1, 1, 8, "harts of the guest")), Text((long)(Sizes.ParseMemory("MEMORY", settings.Text("MEMORY") ?? "1G") >> 20)),
        Text(settings.Number("RUNS", 1, 1, 100, "boots with Rvirt and without, one after the other")),
    ];

    /// <summary><c>make fuzz</c>: bad input for what reads untrusted bytes.</summary>
    public static IReadOnlyList<string> Fuzz(Setting settings, WorkingCopy copy) =>
    [
        copy.Program("Rvirt.Fuzz", "Rvirt.Fuzz"), "run",
        "--target", settings.Choice("TARGET", [.. FuzzTargets]), "--seconds", Text(settings.Number("FOR", 0, 0, int.MaxValue, "seconds; 0 is without end")),
        "--corpus", "Rvirt.Fuzz/Corpus", "--output", "artifacts/fuzz",
    ];

    /// <summary><c>make stress</c>: stress-ng in a guest of several harts, on each of some numbers of harts of the host.</summary>
    public static IReadOnlyList<string> Stress(Setting settings, WorkingCopy copy)
    {
        var firmware = settings.Choice("FIRMWARE", "stub", "sbi", "resident");
        var native = settings.Switch("NATIVE");
        if (native && settings.Text("FIRMWARE") is not null)
        {
            throw new FormatException("NATIVE=1 has no Rvirt, and so no FIRMWARE");
        }

        if (native && settings.Text("HARTS") is not null)
        {
            throw new FormatException("NATIVE=1 has no harts but the guest's VCPUS, and so no HARTS");
        }

        var harts = settings.Number("VCPUS", 4, 1, GuestBlob.MaximumHarts, "harts of the guest");
        var hosts = Words.Split("HARTS", settings.Text("HARTS") ?? "4 2 1");
        if (hosts.Count is 0 or > HostDescription.MaximumHarts || hosts.FirstOrDefault(word => !int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var host) || host is < 1 or > HostDescription.MaximumHarts) is not null)
        {
            throw new FormatException($"HARTS is one or more numbers of the host's harts, each 1 to {HostDescription.MaximumHarts}, not {settings.Text("HARTS")}");
        }

        return
        [
            copy.Program("Rvirt.Tests", "Rvirt.Tests"), "stress", native ? "native" : firmware, Text(harts), native ? Text(harts) : string.Join(',', hosts),
            Text(Durations.Parse("FOR", settings.Text("FOR") ?? "6m", 30, 30 * Day)), settings.Choice("CLASS", [.. StressClasses]),
        ];
    }

    /// <summary><c>make ratios</c>: a guest under Rvirt and without, on the clock.</summary>
    public static IReadOnlyList<string> Ratios(Setting settings, WorkingCopy copy) =>
        [copy.Program("Rvirt.Tests", "Rvirt.Tests"), "ratios", Text(settings.Number("RUNS", 3, 1, 100, "boots of each machine, one after the other")), settings.Switch("DOCS") ? "1" : "0"];

    /// <summary><c>make mutation</c>: how much of a library its unit tests hold; in the folder of that project.</summary>
    public static IReadOnlyList<string> Mutation(Setting settings, WorkingCopy copy)
    {
        if (settings.Text("PROJECT") is null)
        {
            throw new FormatException("PROJECT is needed: Core or Mmu");
        }

        var project = settings.Choice("PROJECT", "Core", "Mmu");
        return
        [
            "stryker", "--project", $"Rvirt.{project}.csproj",
            .. Words.Split("FILES", settings.Text("FILES") ?? "**/*.cs").SelectMany(pattern => (string[])["--mutate", pattern]),
            "--output", Path.Combine(copy.Top, "artifacts/mutation", project),
        ];
    }

    /// <summary><c>make bench</c>: BENCH names one of the benchmarks and its options; TRACE in its place an operation, of which it shows the functions.</summary>
    public static IReadOnlyList<string> Bench(Setting settings, WorkingCopy copy)
    {
        IReadOnlyList<string> words;
        if (settings.Text("TRACE") is { } row)
        {
            if (!TraceRows.Contains(row))
            {
                throw new FormatException($"TRACE is one of these operations, not {row}: {string.Join("; ", TraceRows)}");
            }

            if (settings.Text("BENCH") is not null)
            {
                throw new FormatException("TRACE is a benchmark of its own: BENCH goes without it");
            }

            words = ["trace", row];
        }
        else
        {
            words = Words.Split("BENCH", settings.Text("BENCH") ?? "");
        }

        string[]? options = (words is [var name, ..] ? name : null) switch
        {
            null => [],
            "trace" when settings.Text("TRACE") is not null => null,
            "publish" or "nested" or "harts" => ["--docs"],
            "guest" => ["--docs", "--without-linux-above-sbi"],
            "profile" => ["linux", "rows", "stub", "resident", "sbi"],
            "desktop" or "size" => null,
            var other => throw new FormatException($"BENCH is guest, harts, profile, nested, desktop, publish or size, not {other}"),
        };
        if (options is not null && words.Skip(1).FirstOrDefault(word => !options.Contains(word)) is { } unknown)
        {
            throw new FormatException($"BENCH: {words[0]} has no option {unknown}");
        }

        return ["run", "--project", Path.Combine(copy.Top, "Rvirt.Benchmarks"), "-c", WorkingCopy.Configuration, "--", .. words];
    }

    /// <summary><c>make test</c>: all tests, or those of a filter.</summary>
    public static IReadOnlyList<string> Test(Setting settings, WorkingCopy copy) =>
    [
        "test", Path.Combine(copy.Top, "rvirt.sln"), "-c", WorkingCopy.Configuration, "--nologo", "-v", "q", "--logger", "trx", "--logger", "console;verbosity=normal",
        "--results-directory", Path.Combine(copy.Top, "artifacts/test-results"),
        .. settings.Text("FILTER") is { } filter ? (string[])["--filter", filter] : [],
        // A filter that finds nothing is a mistyped one.
        "--", "RunConfiguration.TreatNoTestsAsError=true",
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
