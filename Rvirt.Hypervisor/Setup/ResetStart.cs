using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Goes through a board's drivers for the one that ends the machine, which errors at start-up do too.</summary>
// SAFETY: the hart is the caller's, who outlives this.
internal readonly unsafe struct ResetStart<THost>(THost* host, HostDevice device) : IDriverList
    where THost : unmanaged, IHypervisorHost
{
    /// <inheritdoc/>
    public void Uart<TUart>()
        where TUart : unmanaged, IHostUart
    {
    }

    /// <inheritdoc/>
    public void Plic<TPlic>()
        where TPlic : unmanaged, IHostPlic
    {
    }

    /// <inheritdoc/>
    public void Clock<TClock>()
        where TClock : unmanaged, IHostClock
    {
    }

    /// <inheritdoc/>
    public void Reset<TReset>()
        where TReset : unmanaged, IHostReset
    {
        if (HostDriver.Drives<TReset>(device))
        {
            host->UseReset<TReset>(device);
        }
    }

    /// <inheritdoc/>
    public void Network<TCard>()
        where TCard : unmanaged, IHostNetworkCard
    {
    }

    /// <inheritdoc/>
    public void Disk<TDisk>()
        where TDisk : unmanaged, IHostDisk
    {
    }
}
