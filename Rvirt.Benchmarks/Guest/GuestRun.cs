using System.Collections.Generic;

namespace Rvirt.Benchmarks.Guest;

/// <summary>One way to run the benchmark guests, and what came out.</summary>
/// <param name="Name">native, stub, resident or sbi.</param>
/// <param name="Commands">QEMU's arguments, one set per guest.</param>
internal sealed record GuestRun(string Name, List<string> Commands)
{
    /// <summary>Figures by the names the guests print.</summary>
    public Dictionary<string, double> Figures { get; } = [];

    /// <summary>What went wrong.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>The figure of a row, where there is one.</summary>
    public double? Find(string name) => Figures.TryGetValue(name, out var value) ? value : null;
}
