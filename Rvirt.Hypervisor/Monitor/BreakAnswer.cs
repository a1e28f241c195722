namespace Rvirt.Hypervisor.Monitor;

/// <summary>What came of a breakpoint that was to be set or taken back.</summary>
internal enum BreakAnswer
{
    /// <summary>It is done, or was before.</summary>
    Done,

    /// <summary>The guest is not paused.</summary>
    NotPaused,

    /// <summary>The guest has no RAM there, or no instruction begins at an odd address.</summary>
    NoMemory,

    /// <summary>There is no room for another one.</summary>
    Full,

    /// <summary>There is none.</summary>
    Unknown,
}
