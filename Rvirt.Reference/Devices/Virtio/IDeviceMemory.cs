using System;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>The memory that a device reaches by itself.</summary>
public interface IDeviceMemory
{
    /// <summary>Whether a range is memory.</summary>
    /// <param name="address">Physical address of its first byte.</param>
    /// <param name="length">Its bytes.</param>
    bool IsRam(ulong address, ulong length);

    /// <summary>A range of it.</summary>
    /// <param name="address">Physical address of its first byte.</param>
    /// <param name="length">Its bytes, all of them memory.</param>
    Span<byte> Memory(ulong address, int length);
}
