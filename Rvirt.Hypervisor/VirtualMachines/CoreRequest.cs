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

    /// <summary>Answer the monitor's <see cref="Inspection{THost}"/>.</summary>
    Report = 2,

    /// <summary>Let the monitor go on; of the console's hart.</summary>
    Monitor = 4,

    /// <summary>Note traps down from now on, or not, as <see cref="HostMachine{THost}.NotesTraps"/> says.</summary>
    Trace = 8,

    /// <summary>Go on with the copy of a guest; of the console's hart.</summary>
    Copy = 16,

    /// <summary>Do nothing more: the hypervisor has panicked on another hart.</summary>
    Halt = 32,
}
