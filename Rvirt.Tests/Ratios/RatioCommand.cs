using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Ratios;

/// <summary>
/// <c>make ratios</c>: how long a Debian guest takes under Rvirt for what people do with one, as many times as the same guest straight on QEMU, on the clock.
/// The machines take turns, so that what else this machine does falls on all of them.
/// </summary>
internal static class RatioCommand
{
    /// <summary>Where the picture goes, below the top.</summary>
    public const string Picture = "docs/pictures/ratios.svg";

    private const string Compiler = "usr/libexec/gcc/riscv64-linux-gnu/14/cc1";
    private const string Libraries = "usr/lib/riscv64-linux-gnu";

    private const string KeptPicture = "artifacts/bench/ratios.svg";

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">How many runs, and 1 for table and picture to go into the documents.</param>
    /// <returns>The exit status: 1 where a guest failed.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var runs = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        var intoDocs = arguments[1] == "1";
        try
        {
            var figures = new RatioFigures();
            Firmware[] machines = [Firmware.Native, .. RatioFigures.Compared.Select(machine => machine.Machine)];
            for (var run = 1; run <= runs; run++)
            {
                foreach (var machine in machines)
                {
                    Say($"run {run} of {runs}: {machine}");
                    Measure(machine, figures);
                }
            }

            Directory.SetCurrentDirectory(Repository.Top);
            var table = figures.Markdown($"make ratios RUNS={runs} DOCS=1");
            Rvirt.Benchmarks.Repository.Keep("ratios", table, intoDocs);
            Draw(figures, KeptPicture);
            if (intoDocs)
            {
                Draw(figures, Picture);
            }

            Console.Write(table);
            Say($"{(intoDocs ? Picture : KeptPicture)} shows it");
            return 0;
        }
        catch (Exception problem) when (problem is AssertionException or TimeoutException or IOException or InvalidOperationException)
        {
            Console.Error.WriteLine($"ratios: {problem.Message}");
            return 1;
        }
    }

    private static void Measure(Firmware firmware, RatioFigures figures)
    {
        using var machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromMinutes(30), guestMemory: 1024);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 600);
        figures.Add(firmware, RatioRow.Boot, machine.Qemu.Age.TotalSeconds);
        var guest = machine.Guests[0];
        Install(guest);
        using var peer = new RatioPeer();
        foreach (var row in RatioRow.All)
        {
            figures.Add(firmware, row.Name, long.Parse(guest.Run(row.Command(peer.Port), 600), CultureInfo.InvariantCulture) / 1e6);
        }

        guest.RunToTheEnd("poweroff");
        Assert.That(machine.Qemu.WaitForExit(240), Is.Zero, machine.Qemu.Describe);
    }

    // The compiler alone, with its libraries, as the packages have them.
    private static void Install(Ssh guest)
    {
        using var folder = new TemporaryFolder();
        foreach (var package in Packages())
        {
            Run("dpkg-deb", "-x", package, folder.File(""));
        }

        using var files = new MemoryStream();
        var (status, errors) = Commands.Pipe("tar", ["-C", folder.File("usr"), "-c", Path.GetRelativePath("usr", Compiler), Path.GetRelativePath("usr", Libraries)], null, files);
        Assert.That(status, Is.Zero, errors);
        files.Position = 0;
        guest.Run("mkdir -p /root/cc/usr && tar x -C /root/cc/usr", 240, files);
        using var script = new MemoryStream(Encoding.ASCII.GetBytes($"#!/bin/sh\nLD_LIBRARY_PATH=/root/cc/{Libraries} exec /root/cc/{Compiler} \"$@\"\n"));
        guest.Run("cat > /root/cc/cc1 && chmod 755 /root/cc/cc1", input: script);
        using var program = new MemoryStream(RatioProgram.Text(RatioRow.Functions));
        guest.Run("cat > /root/program.c", input: program);
    }

    private static IEnumerable<string> Packages()
    {
        var output = Run("env", "-u", "SUITE", Path.Combine(Repository.Top, "guests/fetch.sh"), "--compile");
        return output.Split('\n').Select(line => line.Split(' ')).Where(words => words is ["root", ..]).Select(words => words[3]);
    }

    private static string Run(string program, params string[] arguments)
    {
        var (status, output) = Commands.Run(program, arguments, TimeSpan.FromMinutes(10));
        Assert.That(status, Is.Zero, output);
        return output;
    }

    private static void Say(string text) => Console.WriteLine($"ratios: {text}");

    private static void Draw(RatioFigures figures, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var file = File.Create(path + ".new"))
        {
            RatioPicture.Write(figures, file);
        }

        File.Move(path + ".new", path, overwrite: true);
    }
}
