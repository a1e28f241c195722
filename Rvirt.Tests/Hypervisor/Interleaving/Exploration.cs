namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>What an explorer reached, as numbers that pass from one copy of the tests to another.</summary>
internal readonly struct Exploration(long[] counts)
{
    /// <summary>How many numbers.</summary>
    public const int Length = 5;

    /// <summary>Places of the numbers.</summary>
    public const int EpisodesAt = 0, TurnsAt = 1, PointsAt = 2, HandoversAt = 3, RequestsAt = 4;

    /// <summary>Seeds that ended as they should.</summary>
    public long Episodes => counts[EpisodesAt];

    /// <summary>Turns of harts.</summary>
    public long Turns => counts[TurnsAt];

    /// <summary>Places where another hart could have had its turn.</summary>
    public long Points => counts[PointsAt];

    /// <summary>Of those, where another had.</summary>
    public long Handovers => counts[HandoversAt];

    /// <summary>Pauses, resumes, restarts, ends and starts of the guest from outside.</summary>
    public long Requests => counts[RequestsAt];

    public override string ToString() => $"{Episodes} seeds, {Turns} turns, {Points} points, {Handovers} hand-overs, {Requests} requests";
}
