using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Told of virtual harts that can go on (<see cref="CoreKick{THost}.Wake"/>).</summary>
// SAFETY: virtual harts stay in place.
internal unsafe interface IWoken<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>A virtual hart is runnable now, and nobody else has been told.</summary>
    void Add(GuestHart<THost>* hart);
}
