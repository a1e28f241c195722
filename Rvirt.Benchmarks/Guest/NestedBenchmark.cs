using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Rvirt.Tool.Blobs;
using Spectre.Console;

namespace Rvirt.Benchmarks.Guest;

/// <summary>Runs the benchmark guests with Rvirt in Rvirt. There are no limits: each level multiplies what the one below costs.</summary>
internal static class NestedBenchmark
{
    private const string Folder = "artifacts/bench";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    /// <summary>Runs the bare guest one, two and three levels deep, and the Linux guest one and two.</summary>
    /// <param name="intoDocs">Whether to put the table into docs/nested.md.</param>
    /// <returns>The exit status: 0 when nothing failed.</returns>
    public static int Run(bool intoDocs)
    {
        Repository.Enter();
        if (!GuestBenchmark.Make("all") || !GuestBenchmark.Make("linux"))
        {
            return 1;
        }

        var bare = new GuestSpec("bench", $"{Folder}/bench.elf", null, "", 64 << 20, 1, [7]);
        var linux = new GuestSpec("bench", "artifacts/guest/Image", $"{Folder}/linux.cpio", GuestBenchmark.LinuxArguments, 256 << 20, 1, [7]);
        List<GuestRun> runs = [];
        for (var levels = 1; levels <= 3; levels++)
        {
            List<GuestSpec> guests = levels < 3 ? [bare, linux] : [bare];
            runs.Add(new GuestRun(levels.ToString(CultureInfo.InvariantCulture), [.. guests.Select(guest => Arguments(guest, levels))]));
        }

        var failed = false;
        foreach (var run in runs)
        {
            failed |= !GuestBenchmark.Measure(run, Limit);
        }

        Repository.Keep("nested", Markdown(runs), intoDocs, "docs/nested.md");
        return failed ? 1 : 0;
    }

    private static string Arguments(GuestSpec guest, int levels)
    {
        var kind = guest.Initrd is null ? "bare" : "linux";
        for (var level = levels; level > 1; level--)
        {
            // Its device stands in its first slot, wherever its host had it.
            guest = new GuestSpec("rvirt", "artifacts/images/rvirt-qemu-sbi.elf", Pack($"{kind}-{level}-of-{levels}", guest with { Devices = [0] }), "", guest.Memory + (64 << 20), 1, [7]);
        }

        return $"-bios none -m 768 -kernel artifacts/images/rvirt-qemu.elf -initrd {Pack($"{kind}-1-of-{levels}", guest)}";
    }

    private static string Pack(string name, GuestSpec guest)
    {
        var (source, blob) = ($"{Folder}/{name}.dts", $"{Folder}/{name}.dtb");
        File.WriteAllText(source, DeviceTreeSource.Write([guest]));
        DeviceTreeCompiler.Compile(source, blob);
        return blob;
    }

    private static string Markdown(List<GuestRun> runs)
    {
        var text = new StringBuilder();
        text.Append("| operation | one Rvirt | two | three | two to one | three to two |\n|---|---:|---:|---:|---:|---:|\n");
        foreach (var name in PeerRow.All.Select(row => row.Name))
        {
            var figures = runs.Select(run => run.Find(name)).ToArray();
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", figures.Select(GuestBenchmark.Number))} | {Ratio(1)} | {Ratio(2)} |\n");

            string Ratio(int level) => figures[level] / figures[level - 1] is { } ratio ? ratio.ToString("0.0", CultureInfo.InvariantCulture) : "";
        }

        text.Append("\nMeasured with `make bench BENCH=\"nested --docs\"`, which runs\n\n```sh\n");
        foreach (var arguments in runs.SelectMany(run => run.Commands))
        {
            text.Append(CultureInfo.InvariantCulture, $"{QemuRun.Command(arguments)}\n");
        }

        return text.Append("```\n").ToString();
    }
}
