using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Rvirt.Benchmarks.Guest;

/// <summary>How often instructions were executed, by the functions that they are part of.</summary>
internal static class FunctionProfile
{
    /// <summary>Where images are linked to.</summary>
    public const ulong Start = 0x8000_0000;

    /// <summary>A function.</summary>
    /// <param name="Name">Its name, or all that stand at its address.</param>
    /// <param name="Calls">How often its first instruction was executed.</param>
    /// <param name="Instructions">How many of it were.</param>
    public sealed record Function(string Name, ulong Calls, ulong Instructions);

    /// <summary>Sums counts up, the largest first.</summary>
    /// <param name="symbols">Lines of an address, 16 hexadecimal digits, a blank and a name, in any order; those below <see cref="Start"/> are no code.</param>
    /// <param name="counts">Executions of instructions, by their distance from <see cref="Start"/>.</param>
    public static IReadOnlyList<Function> Sum(IEnumerable<string> symbols, IReadOnlyDictionary<ulong, ulong> counts)
    {
        var places = symbols
            .Select(line => (Address: ulong.Parse(line.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture), Name: line[17..]))
            .Where(symbol => symbol.Address >= Start)
            .GroupBy(symbol => symbol.Address - Start, symbol => symbol.Name)
            .OrderBy(group => group.Key)
            .Select(group => (Offset: group.Key, Name: string.Join(", ", group.Order(StringComparer.Ordinal))))
            .ToArray();
        var starts = places.Select(place => place.Offset).ToArray();
        return
        [
            .. counts
                .GroupBy(count => Place(starts, count.Key), count => count.Value)
                .Select(group => new Function(
                    group.Key < 0 ? "(before all functions)" : places[group.Key].Name,
                    group.Key < 0 ? 0 : counts.GetValueOrDefault(starts[group.Key]),
                    group.Aggregate(0UL, (sum, value) => sum + value)))
                .OrderByDescending(function => function.Instructions)
                .ThenBy(function => function.Name, StringComparer.Ordinal),
        ];
    }

    // The last that begins at or before it.
    private static int Place(ulong[] starts, ulong offset)
    {
        var place = Array.BinarySearch(starts, offset);
        return place >= 0 ? place : ~place - 1;
    }
}
