using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;

namespace Rvirt.Platform.Unleashed;

/// <summary>SiFive's HiFive Unleashed (FU540-C000), and QEMU's <c>sifive_u</c>.</summary>
public readonly struct HiFiveUnleashed : IPlatform
{
    /// <inheritdoc/>
    public ReadOnlySpan<byte> Name => "HiFive Unleashed"u8;

    /// <summary>What is known of the FU540's errata, and safe where they are not there, as on QEMU.</summary>
    public static BoardQuirks Quirks => BoardQuirks.WholeFences | BoardQuirks.WholePagePmp;

    /// <inheritdoc/>
    public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "sifive,hifive-unleashed-a00"u8);

    /// <inheritdoc/>
    public void Drivers<TList>(ref TList drivers)
        where TList : struct, IDriverList
    {
        drivers.Uart<HostSiFiveUart>();
        drivers.Plic<HostSiFivePlic>();
        drivers.Reset<HostGpioRestart>();
        drivers.Network<HostCadenceGem>();
        drivers.Disk<HostSpiSdCard>();
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Advice(Remedy remedy) => remedy switch
    {
        Remedy.MoreMemory => ", on QEMU with -m"u8,
        Remedy.MoreHarts => ", on QEMU with -smp, up to 5"u8,
        Remedy.Kernel => ", on QEMU with -initrd KERNEL"u8,
        _ => default,
    };
}
