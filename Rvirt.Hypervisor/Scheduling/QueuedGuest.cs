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

    /// <summary>Its harts that give way to siblings, as bits: one whose <see cref="QueuedHart.Before"/> is not empty.</summary>
    internal byte Giving;

    /// <summary>Its harts that wait, and that siblings gave way to, as bits.</summary>
    internal byte Awaited;

    /// <summary>Its harts that gave way and come next, as bits: those for which they did have run.</summary>
    internal byte Served;

    /// <summary>Whether any of its harts gives way, or is given way to: mostly none.</summary>
    internal readonly bool GivesWay => (Giving | Awaited | Served) != 0;

    /// <summary>How long those run, in ticks, that one of its harts gave way to last.</summary>
    internal ulong GivenSlice;

    /// <summary>Its harts that are loaded, as bits.</summary>
    internal byte Loaded;
}
