using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Ratios;

/// <summary>How long each row took on each machine, in every run.</summary>
internal sealed class RatioFigures
{
    private readonly Dictionary<(Firmware Machine, string Row), List<double>> _seconds = [];

    /// <summary>What is compared with a guest without Rvirt, in order, and what the table calls it.</summary>
    public static IReadOnlyList<(Firmware Machine, string Name)> Compared { get; } =
        [(Firmware.Resident, "resident"), (Firmware.Stub, "deprivileged"), (Firmware.Sbi, "deprivileged, above OpenSBI")];

    /// <summary>How many runs there were of the row that has the fewest.</summary>
    public int Runs => _seconds.Values.Min(all => all.Count);

    /// <summary>Notes one run of a row down.</summary>
    public void Add(Firmware machine, string row, double seconds)
    {
        if (!_seconds.TryGetValue((machine, row), out var all))
        {
            _seconds[(machine, row)] = all = [];
        }

        all.Add(seconds);
    }

    /// <summary>The run in the middle, or between the two that are.</summary>
    public double Median(Firmware machine, string row)
    {
        var all = _seconds[(machine, row)].Order().ToArray();
        return (all[(all.Length - 1) / 2] + all[all.Length / 2]) / 2;
    }

    /// <summary>How many times as long as without Rvirt: the medians' ratio; and the least and the most that any two runs have.</summary>
    public (double Median, double Least, double Most) Ratio(Firmware machine, string row)
    {
        var (own, native) = (_seconds[(machine, row)], _seconds[(Firmware.Native, row)]);
        return (Median(machine, row) / Median(Firmware.Native, row), own.Min() / native.Max(), own.Max() / native.Min());
    }

    /// <summary>The table.</summary>
    /// <param name="command">What makes it.</param>
    public string Markdown(string command)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| | without Rvirt, s | {string.Join(" | ", Compared.Select(machine => machine.Name))} |\n|---|---:|{string.Concat(Compared.Select(_ => "---:|"))}\n");
        foreach (var row in RatioRow.Names)
        {
            var ratios = Compared.Select(machine => Ratio(machine.Machine, row)).Select(ratio => string.Create(CultureInfo.InvariantCulture, $"{ratio.Median:F2} ({ratio.Least:F2} to {ratio.Most:F2})"));
            text.Append(CultureInfo.InvariantCulture, $"| {row} | {Median(Firmware.Native, row):F2} | {string.Join(" | ", ratios)} |\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"\nMedians of {Runs} runs; in parentheses the least and the most that two of the runs make.\nMeasured with `{command}`.\n").ToString();
    }
}
