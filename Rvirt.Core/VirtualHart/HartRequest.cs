using System;

namespace Rvirt.Core.VirtualHart;

/// <summary>What one virtual hart asks of another; carried by a host software interrupt.</summary>
[Flags]
public enum HartRequest
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Raise the guest's software interrupt.</summary>
    Interrupt = 1,

    /// <summary>Leave the guest: it was stopped from outside.</summary>
    Stop = 2,

    /// <summary>Look at the virtual PLIC again: another hart changed a device line.</summary>
    External = 4,

    /// <summary>Make the fences that are in the mailbox. It wakes nobody: a virtual hart that runs no instruction needs no fence before it does.</summary>
    Fence = 8,

    /// <summary>Serve the alarm of the guest's devices: the virtual hart that was to do it has stopped.</summary>
    Alarm = 16,
}
