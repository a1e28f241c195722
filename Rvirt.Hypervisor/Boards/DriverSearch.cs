using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Hypervisor.Boards;

/// <summary>Goes through a board's drivers for the one that drives a name.</summary>
/// <param name="name">The name.</param>
internal struct DriverSearch(FdtProperty name) : IDriverList
{
    /// <summary>How many drive it: more than one only until that is refused.</summary>
    internal int Count;

    /// <summary>What it is for.</summary>
    internal HostDeviceKind Kind;

    /// <summary>How it finds registers.</summary>
    // SAFETY: a driver's own function, or null where none drives the name.
    internal unsafe delegate*<in FdtReader, FdtNode, out ulong, out ulong, bool> Locate;

    /// <inheritdoc/>
    public void Uart<TUart>()
        where TUart : unmanaged, IHostUart =>
        Consider<TUart>(HostDeviceKind.Uart);

    /// <inheritdoc/>
    public void Plic<TPlic>()
        where TPlic : unmanaged, IHostPlic =>
        Consider<TPlic>(HostDeviceKind.Plic);

    /// <inheritdoc/>
    public void Clock<TClock>()
        where TClock : unmanaged, IHostClock =>
        Consider<TClock>(HostDeviceKind.Clock);

    /// <inheritdoc/>
    public void Reset<TReset>()
        where TReset : unmanaged, IHostReset =>
        Consider<TReset>(HostDeviceKind.Reset);

    /// <inheritdoc/>
    public void Network<TCard>()
        where TCard : unmanaged, IHostNetworkCard =>
        Consider<TCard>(HostDeviceKind.Network);

    /// <inheritdoc/>
    public void Disk<TDisk>()
        where TDisk : unmanaged, IHostDisk =>
        Consider<TDisk>(HostDeviceKind.Disk);

    // SAFETY: the function has the driver's signature.
    private unsafe void Consider<TDriver>(HostDeviceKind kind)
        where TDriver : unmanaged, IHostDriver
    {
        if (HostDriver.Drives<TDriver>(name.Bytes))
        {
            Count++;
            Kind = kind;
            Locate = &TryLocate<TDriver>;
        }
    }

    [ColdPath]
    private static bool TryLocate<TDriver>(in FdtReader tree, FdtNode node, out ulong address, out ulong size)
        where TDriver : unmanaged, IHostDriver =>
        TDriver.TryLocate(tree, node, out address, out size);
}
