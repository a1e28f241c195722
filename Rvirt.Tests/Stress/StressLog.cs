using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace Rvirt.Tests.Stress;

/// <summary>What stress-ng printed, and what of that is a failure.</summary>
/// <param name="Status">Its exit status.</param>
/// <param name="Text">All it printed, with <c>--metrics-brief</c>.</param>
internal sealed partial record StressLog(int Status, string Text)
{
    /// <summary>Rounds that each stressor did, by its name.</summary>
    public IReadOnlyDictionary<string, long> Rounds { get; } = Metric().Matches(Text)
        .ToDictionary(match => match.Groups[1].Value, match => long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));

    /// <summary>What is wrong with it; nothing where all stressors ran, checked what they did and found it right.</summary>
    /// <param name="of">The class that ran.</param>
    /// <remarks>The time may be shorter than a round of one of them, but not of all.</remarks>
    public IEnumerable<string> Complaints(StressClass of)
    {
        foreach (var line in Text.Split('\n').Where(line => Trouble().IsMatch(line)))
        {
            yield return line;
        }

        foreach (var (name, _) in of.Stressors.Where(stressor => !Rounds.ContainsKey(stressor.Name)))
        {
            yield return $"{name} did not run";
        }

        if (Rounds.Values.Sum() == 0)
        {
            yield return "none did a round";
        }

        foreach (var kind in new[] { "skipped", "failed", "metrics untrustworthy" })
        {
            if (!Text.Contains($"] {kind}: 0", System.StringComparison.Ordinal))
            {
                yield return $"it does not say that none was {kind}";
            }
        }

        if (Status != 0)
        {
            yield return $"its status is {Status}";
        }
    }

    // "stress-ng: metrc: [123] fork  12  0.10 ..."; the head of the table has no number there.
    [GeneratedRegex(@"^stress-ng: metrc: \[\d+\] ([a-z0-9-]+) +(\d+) ", RegexOptions.Multiline)]
    private static partial Regex Metric();

    // "stress-ng: fail:  [123] ..."
    [GeneratedRegex(@"^stress-ng: (?:fail|error): ")]
    private static partial Regex Trouble();
}
