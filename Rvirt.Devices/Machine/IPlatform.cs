using System;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Devices.Machine;

/// <summary>A board that the hypervisor runs on. An image can hold several, and finds out from the host's device tree which one it is on.</summary>
public interface IPlatform
{
    /// <summary>The board's name, for messages.</summary>
    ReadOnlySpan<byte> Name { get; }

    /// <summary>Whether a device tree describes this board.</summary>
    bool Matches(in FdtReader tree);

    /// <summary>Guest physical address of a guest's RAM.</summary>
    ulong GuestMemory { get; }

    /// <summary>The devices of a guest, its virtio slots still empty.</summary>
    /// <param name="harts">Number of virtual harts.</param>
    GuestDevices DescribeGuest(int harts);
}
