using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace Rvirt.Benchmarks.Guest;

/// <summary>Runs a benchmark guest on QEMU with the plugin that counts what of the hypervisor is executed (<c>guests/bench/profile.c</c>).</summary>
internal static partial class FunctionCounter
{
    private const string Plugin = "artifacts/bench/profile.so";

    // Where the image runs too: in its window, on a host with Sv57 as QEMU's.
    private const string Window = "ff00000080000000";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    /// <summary>The image's name and QEMU's options for a way to run guests: <c>stub</c>, <c>resident</c> or <c>sbi</c>; null for another word.</summary>
    public static (string Image, string Options)? OptionsOf(string mode) => mode switch
    {
        "stub" => ("rvirt-qemu", "-bios none"),
        "resident" => ("rvirt-qemu", "-bios none -append rvirt.mode=resident"),
        "sbi" => ("rvirt-qemu-sbi", ""),
        _ => null,
    };

    /// <summary>Whether QEMU and the image are there; says what is not.</summary>
    public static bool IsReady(string mode)
    {
        var image = Image(mode);
        if (QemuRun.IsInstalled() && File.Exists(image + ".elf"))
        {
            return true;
        }

        AnsiConsole.MarkupLineInterpolated($"[red]qemu-system-riscv64 or {image}.elf is missing: run make setup and make image[/]");
        return false;
    }

    /// <summary>Runs it.</summary>
    /// <param name="mode">How guests are run.</param>
    /// <param name="guest">The options of QEMU that bring the guest.</param>
    /// <param name="marks">Further arguments of the plugin, each behind a comma.</param>
    /// <param name="each">Is given each line of the console.</param>
    /// <returns>How often functions of the hypervisor were executed, between marks perhaps none; null where that went wrong, which was said.</returns>
    public static IReadOnlyList<FunctionProfile.Function>? Run(string mode, string guest, string marks = "", Action<string>? each = null)
    {
        var image = Image(mode);
        var arguments = $"{OptionsOf(mode)!.Value.Options} -kernel {image}.elf {guest} -plugin {Plugin},at={FunctionProfile.Start:x},at={Window}{marks} -d plugin";
        AnsiConsole.MarkupLineInterpolated($"[grey]{QemuRun.Command(arguments)}[/]");
        var counts = new Dictionary<ulong, ulong>();
        QemuRun.Run(arguments, s_limit, out var problem, each: line =>
        {
            each?.Invoke(line);
            if (Count().Match(line) is { Success: true } count)
            {
                counts[Number(count.Groups[1])] = Number(count.Groups[2]);
            }
        });
        if (problem is not null || (counts.Count == 0 && marks.Length == 0))
        {
            AnsiConsole.MarkupLineInterpolated($"[red]{problem ?? "nothing of the hypervisor was counted"}[/]");
            return null;
        }

        return FunctionProfile.Sum(File.ReadLines(image + ".sym"), counts);
    }

    /// <summary>A function's name without the namespaces.</summary>
    public static string Short(string name) => Namespaces().Replace(name, "");

    private static string Image(string mode) => $"artifacts/images/{OptionsOf(mode)!.Value.Image}";

    private static ulong Number(Group group) => ulong.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^rvirt-profile: (\d+) (\d+)\s*$")]
    private static partial Regex Count();

    [GeneratedRegex(@"\b(Rvirt|System)\.([A-Z]\w*\.)*(?=[A-Z]\w*[.<,>])")]
    private static partial Regex Namespaces();
}
