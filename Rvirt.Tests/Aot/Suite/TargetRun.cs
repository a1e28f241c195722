using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Suite;

/// <summary>The suite's results on riscv64 at one optimisation level: compiled once, run once under qemu-riscv64.</summary>
internal sealed class TargetRun
{
    private static readonly Dictionary<string, Lazy<TargetRun>> s_runs = new[] { "0", "2" }
        .ToDictionary(level => level, level => new Lazy<TargetRun>(() => new TargetRun(level)));

    private readonly Dictionary<string, string> _places = [];

    private TargetRun(string optimization)
    {
        Image = CompiledPrograms.Suite(optimization);
        using var output = new MemoryStream();
        var (status, errors) = Commands.Pipe(
            "qemu-riscv64", [Image, DesktopRun.Seed.ToString(CultureInfo.InvariantCulture)], null, output, TimeSpan.FromSeconds(60));
        Assert.That(status, Is.Zero, $"the suite compiled with -O{optimization} and run with seed {DesktopRun.Seed} ended badly: {errors}");
        var results = new Dictionary<string, IReadOnlyList<Round>>();
        foreach (var line in Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, rest) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..]);
            results.Add(name, rest.Split(';')[..^1].Select(Round.Parse).ToList());
        }
        Results = results;
        Symbolize();
    }

    public string Image { get; }

    public IReadOnlyDictionary<string, IReadOnlyList<Round>> Results { get; }

    public static TargetRun At(string optimization) => s_runs[optimization].Value;

    /// <summary>C# file and line of an address, in the innermost function that has one.</summary>
    public string PlaceOf(string address) => _places[address];

    private void Symbolize()
    {
        var addresses = Results.Values.SelectMany(rounds => rounds).Where(round => round.Kind is not null).Select(round => round.Place).Distinct().ToList();
        using var output = new MemoryStream();
        var input = new MemoryStream(Encoding.ASCII.GetBytes(string.Concat(addresses.Select(address => $"0x{address}\n"))));
        var (status, errors) = Commands.Pipe("llvm-symbolizer-19", ["-e", Image, "--inlines"], input, output);
        Assert.That(status, Is.Zero, errors);
        var answers = Encoding.UTF8.GetString(output.ToArray()).Split("\n\n");
        for (var i = 0; i < addresses.Count; i++)
        {
            // Frames are pairs of lines, innermost first: function, then file:line:column.
            var place = answers[i].Split('\n').Where((_, index) => index % 2 == 1).FirstOrDefault(line => line.Contains(".cs:", StringComparison.Ordinal)) ?? "?";
            _places.Add(addresses[i], place == "?" ? place : Path.GetFileName(place[..place.LastIndexOf(':')]));
        }
    }
}
