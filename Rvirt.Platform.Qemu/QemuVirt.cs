using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.Machine;

namespace Rvirt.Platform.Qemu;

/// <summary>QEMU's <c>virt</c> board. Its guests see the same board, so that payloads built for it run unchanged.</summary>
public readonly struct QemuVirt : IPlatform
{
    /// <inheritdoc/>
    public ReadOnlySpan<byte> Name => "QEMU virt"u8;

    /// <inheritdoc/>
    public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "riscv-virtio"u8);

    /// <inheritdoc/>
    public ulong GuestMemory => GuestMachineMap.Memory;

    /// <inheritdoc/>
    public GuestDevices DescribeGuest(int harts) => GuestDevices.QemuVirt(harts);
}
