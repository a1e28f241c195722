namespace Rvirt.Hypervisor.Scheduling;

/// <summary>A hart of the host, as a <see cref="RunQueue"/> knows it.</summary>
internal struct QueuedCore
{
    /// <summary>The virtual hart that is loaded on it, plus one; 0 for none.</summary>
    internal int Loaded;

    /// <summary>Whether it takes virtual harts.</summary>
    internal bool Open;

    /// <summary>Whether it was told that a virtual hart waits, and has not come for one yet.</summary>
    internal bool Called;

    /// <summary>Whether a sibling that spins gave way to the virtual hart that is loaded.</summary>
    internal bool Given;

    /// <summary>The <c>time</c> at which it asks again.</summary>
    internal ulong SliceEnd;
}
