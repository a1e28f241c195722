using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What a guest was at a moment, in memory that was set aside for it. The console's hart alone uses it.</summary>
// SAFETY: GuestSetup sets the pointers once, to memory that is never given back.
internal unsafe struct GuestSnapshot<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Whether it is of any moment.</summary>
    internal bool IsTaken;

    /// <summary>As many bytes as the guest has RAM.</summary>
    internal byte* Ram;

    /// <summary>As many as its devices have beside their record.</summary>
    internal byte* Storage;

    /// <summary>Its virtual harts, which run nowhere.</summary>
    internal VCpu* Harts;

    /// <summary>Its devices, which no device of the host knows.</summary>
    internal GuestBus<THost> Bus;
}
