namespace Rvirt.Hypervisor.Scheduling;

/// <summary>A guest in a <see cref="RunQueue"/>.</summary>
internal struct QueuedGuest
{
    /// <summary>What it has run, the more the smaller its share; compared by difference, as it wraps.</summary>
    internal ulong Time;

    /// <summary>The time of that of its harts that was the next to run last: where one that wakes is put.</summary>
    internal ulong HartTime;

    /// <summary>Its share; 0 for a guest that does not exist.</summary>
    internal uint Share;

    /// <summary>Its harts that wait for one of the host, as bits.</summary>
    internal byte Waiting;

    /// <summary>Its harts that are loaded, as bits.</summary>
    internal byte Loaded;
}
