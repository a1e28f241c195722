using Rvirt.Devices.HostDrivers;

namespace Rvirt.Hypervisor.Boards;

/// <summary>Where a board names its drivers, by their types: the library's, and those that it brings itself.</summary>
/// <remarks>It may name several of a kind. No two may drive devices of one name; which of them is used, the device tree says.</remarks>
public interface IDriverList
{
    /// <summary>Names a driver of UARTs, for the console.</summary>
    void Uart<TUart>()
        where TUart : unmanaged, IHostUart;

    /// <summary>Names a driver of interrupt controllers.</summary>
    void Plic<TPlic>()
        where TPlic : unmanaged, IHostPlic;

    /// <summary>Names a driver of real-time clocks.</summary>
    void Clock<TClock>()
        where TClock : unmanaged, IHostClock;

    /// <summary>Names a driver of devices that end the machine.</summary>
    void Reset<TReset>()
        where TReset : unmanaged, IHostReset;

    /// <summary>Names a driver of network cards, for the wire of the guests' network. A virtio card needs none.</summary>
    void Network<TCard>()
        where TCard : unmanaged, IHostNetworkCard;

    /// <summary>Names a driver of disks, for the guests' partitions. A virtio disk needs none.</summary>
    void Disk<TDisk>()
        where TDisk : unmanaged, IHostDisk;
}
