using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>The reference machine as a board of the hypervisor.</summary>
public readonly struct ReferenceBoard : IPlatform
{
    /// <inheritdoc/>
    public ReadOnlySpan<byte> Name => "reference machine"u8;

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
    public ReadOnlySpan<byte> Advice(Remedy remedy) => default;
}
