namespace Rvirt.Core.VirtualHart;

/// <summary>Hart states by their SBI numbers (SBI 2.0 §9).</summary>
public enum HartState : byte
{
    /// <summary>The hart runs.</summary>
    Started = 0,

    /// <summary>The hart is off until another starts it.</summary>
    Stopped = 1,

    /// <summary>Another hart asked for a start that has not happened yet.</summary>
    StartPending = 2,

    /// <summary>The hart sleeps until an interrupt.</summary>
    Suspended = 4,
}
