using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;

namespace Rvirt.Platform.Generic;

/// <summary>Whatever machine there is: the last of an image's boards, with all of the library's drivers. What its tree names and none of them drives, guests do without.</summary>
public readonly struct GenericBoard : IPlatform
{
    /// <inheritdoc/>
    public ReadOnlySpan<byte> Name => "generic board"u8;

    /// <summary>All of them: nobody knows the harts, and what one of them needs does no harm to another.</summary>
    public static BoardQuirks Quirks => BoardQuirks.WholeFences | BoardQuirks.WholePagePmp;

    /// <inheritdoc/>
    public bool Matches(in FdtReader tree) => true;

    /// <inheritdoc/>
    public void Drivers<TList>(ref TList drivers)
        where TList : struct, IDriverList
    {
        drivers.Uart<HostUart16550>();
        drivers.Uart<HostSiFiveUart>();
        drivers.Plic<HostSiFivePlic>();
        drivers.Plic<HostAplic>();
        drivers.Clock<HostGoldfishRtc>();
        drivers.Reset<HostSiFiveTest>();
        drivers.Reset<HostGpioRestart>();
        drivers.Disk<HostSpiSdCard>();
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
}
