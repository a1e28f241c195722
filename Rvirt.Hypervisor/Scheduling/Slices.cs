namespace Rvirt.Hypervisor.Scheduling;

/// <summary>How long a virtual hart runs while others wait, in ticks of <c>time</c>.</summary>
internal readonly struct Slices
{
    private const ulong Microsecond = 1_000_000;

    /// <summary>Of a guest none of whose harts waits.</summary>
    internal readonly ulong Long;

    /// <summary>Of a guest that has more harts to run than it is given: they wait for each other more than for the length of a slice.</summary>
    internal readonly ulong Short;

    /// <summary>After how much of its slice one looks whether a hart spins for which siblings wait.</summary>
    internal readonly ulong Look;

    /// <summary>As often as that the time that siblings of a hart that spins are given is doubled: from <see cref="Look"/> to <see cref="Short"/>.</summary>
    internal const int MostDoublings = 3;

    /// <summary>By how much a guest has to lag for one of its harts that wakes to take another guest's place at once.</summary>
    internal readonly ulong Lag;

    /// <summary>More than any slice: what a hart was kept from the queue for counts as this, be it its host that stood still.</summary>
    internal readonly ulong Longest => Long * 16;

    /// <summary>6 ms, 2 ms, a quarter of one, and 1 ms.</summary>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    internal Slices(ulong timebase)
    {
        // At least a tick: a slice of none would end before it began.
        Long = (timebase * 6000 / Microsecond) + 1;
        Short = (timebase * 2000 / Microsecond) + 1;
        Look = (timebase * 250 / Microsecond) + 1;
        Lag = timebase * 1000 / Microsecond;
    }
}
