using System;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What one hart of the host asks of another, whatever that one runs.</summary>
[Flags]
internal enum CoreRequest
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Choose anew what to run.</summary>
    Reschedule = 1,
}
