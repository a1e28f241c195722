using System.Collections.Generic;

namespace Rvirt.Benchmarks.Guest;

/// <summary>A row of the table of several harts: what it is called, where its figure comes from, and its limit.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Source">The name that the guest prints for what was counted.</param>
/// <param name="Part">Which part of that.</param>
/// <param name="IsLimited">Whether it has a limit.</param>
internal sealed record HartRow(string Name, string Source, HartPart Part, bool IsLimited)
{
    /// <summary>The most that a call which sets the timer may add to a switch: what OpenSBI 1.1 took when the limits were set.</summary>
    public const double MostInstructionsOfATimerCall = 560;

    private const string Switch = "world switch at a slice's end";

    private const string Spin = "IPI to a busy sibling, awaited with pause";

    private const double MostInstructionsOfASwitch = 700;

    private const double MostTimesNative = 3;

    // A slice is two million: each of the four may have half of one.
    private const double MostOfAWait = 4e6;

    /// <summary>What the guest prints on a machine of several harts, in order.</summary>
    public static readonly string[] Apart =
    [
        "IPI to a busy hart",
        "IPI to a hart in wfi",
        "remote fence of a page, to a busy hart",
        "remote fence of a page, to 3 busy harts",
        "remote fence of all, to a busy hart",
        "remote fence of all, to 3 busy harts",
        "remote fence of all, to 3 harts in wfi",
    ];

    /// <summary>What it prints on one that two of its harts share, in order.</summary>
    public static readonly string[] Shared = [Switch, "IPI to a sibling on the same hart, in wfi", Spin];

    /// <summary>What Linux prints, four harts of which share one, in order.</summary>
    public static readonly string[] Linux = ["Linux: membarrier, which 3 harts answer"];

    /// <summary>All rows, in order.</summary>
    public static IEnumerable<HartRow> All
    {
        get
        {
            foreach (var name in Apart)
            {
                var busy = name.Contains("busy", System.StringComparison.Ordinal);
                yield return new(name, name, HartPart.Whole, busy);
                if (busy)
                {
                    yield return new($"{name}: the caller's part", name, HartPart.Caller, false);
                }
            }

            yield return new(Shared[1], Shared[1], HartPart.Whole, false);
            yield return new(Spin, Spin, HartPart.Printed, false);
            yield return new(Switch, Switch, HartPart.Around, false);
            yield return new($"{Switch}: putting one down and loading the other", Switch, HartPart.Passage, true);
            yield return new(Linux[0], Linux[0], HartPart.Printed, true);
        }
    }

    /// <summary>The most that it may be: thrice what it is natively or, for what there is natively not, a number.</summary>
    public double? Limit(double? native) =>
        !IsLimited ? null : Part switch
        {
            HartPart.Passage => MostInstructionsOfASwitch,
            HartPart.Printed => MostOfAWait,
            _ => MostTimesNative * native,
        };

    /// <summary>Its figure, of what the plugin counted and how often the guest says that was, or what else it says.</summary>
    public double Of(ulong[] counts, double times) => Part switch
    {
        HartPart.Whole => counts[0] / times,
        HartPart.Caller => counts[1] / times,
        HartPart.Printed => times,
        HartPart.Passage => (double)counts[3] / counts[2],
        _ => (double)counts[4] / counts[2],
    };
}
