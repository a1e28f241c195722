namespace Rvirt.Core.VirtualHart;

/// <summary>Hart states by their SBI numbers (SBI 2.0 §9).</summary>
/// <remarks>Suspend-pending (5) and resume-pending (6) are never seen: a hart suspends and resumes in one step, as far as others can tell.</remarks>
public enum HartState
{
    /// <summary>The hart runs.</summary>
    Started = 0,

    /// <summary>The hart is off until another starts it.</summary>
    Stopped = 1,

    /// <summary>Another hart asked for a start that has not happened yet.</summary>
    StartPending = 2,

    /// <summary>The hart asked to be stopped, and no instruction follows; it cannot be started yet.</summary>
    StopPending = 3,

    /// <summary>The hart sleeps until an interrupt.</summary>
    Suspended = 4,
}
