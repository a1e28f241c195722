using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Spectre.Console;

namespace Rvirt.Benchmarks.Guest;

/// <summary>Where the hypervisor's instructions go in a run of a benchmark guest, by function, counted by a plugin of QEMU.</summary>
internal static class ProfileBenchmark
{
    private const int Rows = 40;

    /// <summary>Runs it.</summary>
    /// <param name="words">The guest, <c>rows</c> or <c>linux</c>, and how it is run: <c>stub</c>, <c>resident</c> or <c>sbi</c>; where left out, Linux as a resident guest.</param>
    /// <returns>The exit status.</returns>
    public static int Run(ReadOnlySpan<string> words)
    {
        var guest = words.Length > 0 ? words[0] : "linux";
        var mode = words.Length > 1 ? words[1] : "resident";
        if (FunctionCounter.OptionsOf(mode) is null || guest is not ("linux" or "rows"))
        {
            Console.Error.WriteLine("usage: profile [linux|rows] [stub|resident|sbi]");
            return 2;
        }

        Repository.Enter();
        if (!FunctionCounter.IsReady(mode))
        {
            return 1;
        }

        if (!GuestBenchmark.Make("profile") || !(guest == "linux" ? GuestBenchmark.TryMakeLinux() : GuestBenchmark.Make("all")))
        {
            AnsiConsole.MarkupLine("[red]the guest cannot be made; that with Linux needs make guest[/]");
            return 1;
        }

        var file = guest == "linux" ? "-m 768 -initrd artifacts/bench/linux.dtb" : "-m 512 -initrd artifacts/bench/bench.elf";
        if (FunctionCounter.Run(mode, file) is not { } functions)
        {
            return 1;
        }

        Show(functions);
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
                CultureInfo.InvariantCulture, $"{function.Instructions,12}  {100.0 * function.Instructions / all,5:0.0} %  {function.Calls,9}  {each,8}  {FunctionCounter.Short(function.Name)}"));
        }

        Console.WriteLine($"{all} instructions of the hypervisor in {functions.Count} functions");
    }
}
