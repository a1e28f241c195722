using System;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>The memory that a device reaches by itself.</summary>
public interface IDeviceMemory
{
    /// <summary>Whether a range is memory.</summary>
    bool IsRam(ulong address, ulong length);

    /// <summary>A range of it.</summary>
    Span<byte> Memory(ulong address, int length);
}
