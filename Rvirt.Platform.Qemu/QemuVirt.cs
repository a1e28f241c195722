using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;

namespace Rvirt.Platform.Qemu;

/// <summary>QEMU's <c>virt</c> board.</summary>
public readonly struct QemuVirt : IPlatform
{
    /// <inheritdoc/>
    public ReadOnlySpan<byte> Name => "QEMU virt"u8;

    /// <inheritdoc/>
    public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "riscv-virtio"u8);

    /// <inheritdoc/>
    public void Drivers<TList>(ref TList drivers)
        where TList : struct, IDriverList
    {
        drivers.Uart<HostUart16550>();
        drivers.Plic<HostSiFivePlic>();
        drivers.Plic<HostAplic>();
        drivers.Clock<HostGoldfishRtc>();
        drivers.Reset<HostSiFiveTest>();
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Advice(Remedy remedy) => remedy switch
    {
        Remedy.MoreMemory => ", on QEMU with -m"u8,
        Remedy.MoreHarts => ", on QEMU with -smp"u8,
        Remedy.Kernel => ", on QEMU with -initrd KERNEL"u8,
        Remedy.Plic => ", on QEMU leave out aia=aplic-imsic"u8,
        _ => default,
    };
}
