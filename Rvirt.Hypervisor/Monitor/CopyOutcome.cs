namespace Rvirt.Hypervisor.Monitor;

/// <summary>What came of a copy.</summary>
internal enum CopyOutcome
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>Another is not done yet.</summary>
    Busy,

    /// <summary>No RAM is kept for a snapshot of the guest.</summary>
    NoRoom,

    /// <summary>There is no snapshot of the guest.</summary>
    NoSnapshot,

    /// <summary>The guest does not run.</summary>
    NotRunning,

    /// <summary>The guest starts, stops or goes on at this moment.</summary>
    NotNow,

    /// <summary>Breakpoints are set in the guest.</summary>
    Breakpoints,

    /// <summary>A disk of the guest's can be written.</summary>
    Disk,

    /// <summary>A device of the guest's keeps state of its own.</summary>
    Device,

    /// <summary>A device of the host does not stop: the guest is lost.</summary>
    Stuck,

    /// <summary>A guest was to be a clone of itself.</summary>
    Same,

    /// <summary>The guest that is to be the clone runs.</summary>
    TargetRuns,

    /// <summary>It has another size of RAM.</summary>
    OtherMemory,

    /// <summary>It has another number of harts.</summary>
    OtherHarts,

    /// <summary>It has another device in a slot.</summary>
    OtherDevice,
}
