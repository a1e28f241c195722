using System.Runtime.InteropServices;

namespace Rvirt.Core.VirtualHart;

/// <summary>How often a virtual hart left its guest, by cause. Guests read them by their place (<see cref="Sbi.SbiCounters"/>): new ones go to the end.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TrapCounters
{
    /// <summary>Privileged instructions emulated.</summary>
    public ulong Emulated;

    /// <summary>SBI calls.</summary>
    public ulong SbiCalls;

    /// <summary>Page faults taken by the host.</summary>
    public ulong PageFaults;

    /// <summary>Accesses to device registers.</summary>
    internal ulong Mmio;

    /// <summary>Exceptions given to the guest.</summary>
    internal ulong Exceptions;

    /// <summary>Interrupts given to the guest.</summary>
    internal ulong Interrupts;

    /// <summary>Host interrupts served.</summary>
    public ulong HostInterrupts;

    /// <summary>SBI calls that set the timer.</summary>
    internal ulong TimersSet;
}
