using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Told of virtual harts that wait and are the business of a hart of the host (<see cref="Scheduler{THost}"/>).</summary>
// SAFETY: virtual harts stay in place.
internal unsafe interface IWaiting<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>A virtual hart waits.</summary>
    void Add(GuestHart<THost>* hart);
}
