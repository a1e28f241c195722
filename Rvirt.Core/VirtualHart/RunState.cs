namespace Rvirt.Core.VirtualHart;

/// <summary>Where a virtual hart is, for those who schedule it and those who ask something of it. Its guest sees <see cref="HartState"/> instead.</summary>
public enum RunState
{
    /// <summary>It does not run before somebody starts it: its guest does not run, or its hart is stopped.</summary>
    Parked = 0,

    /// <summary>It waits for an interrupt, loaded or not: no instruction of its guest follows before it is <see cref="Loaded"/> again.</summary>
    Blocked = 1,

    /// <summary>It is loaded nowhere, and goes on as soon as a hart takes it.</summary>
    Runnable = 2,

    /// <summary>A hart runs it: instructions of its guest can follow at any moment.</summary>
    Loaded = 3,
}
