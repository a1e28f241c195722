using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace Rvirt.Benchmarks.Guest;

/// <summary>Where the hypervisor's instructions go in a run of a benchmark guest, by function, counted by a plugin of QEMU.</summary>
internal static partial class ProfileBenchmark
{
    private const string Plugin = "artifacts/bench/profile.so";

    // Where the image runs too: in its window, on a host with Sv57 as QEMU's.
    private const string Window = "ff00000080000000";

    private const int Rows = 40;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Runs it.</summary>
    /// <param name="words">The guest, <c>rows</c> or <c>linux</c>, and how it is run: <c>stub</c>, <c>resident</c> or <c>sbi</c>; where left out, Linux as a resident guest.</param>
    /// <returns>The exit status.</returns>
    public static int Run(ReadOnlySpan<string> words)
    {
        var guest = words.Length > 0 ? words[0] : "linux";
        var mode = words.Length > 1 ? words[1] : "resident";
        (string Image, string Options)? machine = mode switch
        {
            "stub" => ("rvirt-qemu", "-bios none"),
            "resident" => ("rvirt-qemu", "-bios none -append rvirt.mode=resident"),
            "sbi" => ("rvirt-qemu-sbi", ""),
            _ => null,
        };
        if (machine is not { } chosen || guest is not ("linux" or "rows"))
        {
            Console.Error.WriteLine("usage: profile [linux|rows] [stub|resident|sbi]");
            return 2;
        }

        Repository.Enter();
        var image = $"artifacts/images/{chosen.Image}";
        if (!QemuRun.IsInstalled() || !File.Exists(image + ".elf"))
        {
            AnsiConsole.MarkupLineInterpolated($"[red]qemu-system-riscv64 or {image}.elf is missing: run make setup and make image[/]");
            return 1;
        }

        if (!GuestBenchmark.Make("profile") || !(guest == "linux" ? GuestBenchmark.TryMakeLinux() : GuestBenchmark.Make("all")))
        {
            AnsiConsole.MarkupLine("[red]the guest cannot be made; that with Linux needs make guest[/]");
            return 1;
        }

        var file = guest == "linux" ? "-m 768 -initrd artifacts/bench/linux.dtb" : "-m 512 -initrd artifacts/bench/bench.elf";
        var arguments = $"{chosen.Options} -kernel {image}.elf {file} -plugin {Plugin},at={FunctionProfile.Start:x},at={Window} -d plugin";
        AnsiConsole.MarkupLineInterpolated($"[grey]{QemuRun.Command(arguments)}[/]");
        var counts = new Dictionary<ulong, ulong>();
        QemuRun.Run(arguments, Limit, out var problem, each: line =>
        {
            if (Count().Match(line) is { Success: true } count)
            {
                counts[Number(count.Groups[1])] = Number(count.Groups[2]);
            }
        });
        if (problem is not null || counts.Count == 0)
        {
            AnsiConsole.MarkupLineInterpolated($"[red]{problem ?? "nothing of the hypervisor was counted"}[/]");
            return 1;
        }

        Show(FunctionProfile.Sum(File.ReadLines(image + ".sym"), counts));
        return 0;
    }

    private static void Show(IReadOnlyList<FunctionProfile.Function> functions)
    {
        var all = functions.Aggregate(0UL, (sum, function) => sum + function.Instructions);
        Console.WriteLine("instructions   share      calls      each  function");
        foreach (var function in functions.Take(Rows))
        {
            var each = function.Calls == 0 ? "" : ((double)function.Instructions / function.Calls).ToString("0.0", CultureInfo.InvariantCulture);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{function.Instructions,12}  {100.0 * function.Instructions / all,5:0.0} %  {function.Calls,9}  {each,8}  {Short(function.Name)}"));
        }

        Console.WriteLine($"{all} instructions of the hypervisor in {functions.Count} functions");
    }

    /// <summary>A name without the namespaces.</summary>
    private static string Short(string name) => Namespaces().Replace(name, "");

    private static ulong Number(Group group) => ulong.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^rvirt-profile: (\d+) (\d+)\s*$")]
    private static partial Regex Count();

    [GeneratedRegex(@"\b(Rvirt|System)\.([A-Z]\w*\.)*(?=[A-Z]\w*[.<,>])")]
    private static partial Regex Namespaces();
}
