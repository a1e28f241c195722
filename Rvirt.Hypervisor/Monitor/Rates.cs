namespace Rvirt.Hypervisor.Monitor;

/// <summary>Numbers a second.</summary>
internal static class Rates
{
    /// <summary>How many thousandths of a time a part of it is; none where there is no time.</summary>
    // No more bits than 64: where the part has that many the time has too.
    public static ulong PerThousand(ulong part, ulong ticks) =>
        part < ulong.MaxValue / 1000 ? part * 1000 / (ticks == 0 ? 1 : ticks) : part / ((ticks / 1000) | 1);

    /// <summary>How many of something there are a second; all of them in less than one.</summary>
    /// <param name="count">How many there were.</param>
    /// <param name="ticks">In which time.</param>
    /// <param name="frequency">Ticks of a second; zero is taken for one.</param>
    public static ulong PerSecond(ulong count, ulong ticks, ulong frequency)
    {
        if (ticks <= frequency)
        {
            return count;
        }

        // No more bits than 64: milliseconds are exact enough for more than a second.
        var milliseconds = ticks / (frequency / 1000 == 0 ? 1 : frequency / 1000);
        return count < ulong.MaxValue / 1000 ? count * 1000 / milliseconds : count / milliseconds * 1000;
    }
}
