using System;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>What a fake disk keeps its sectors in.</summary>
public interface IDisk
{
    /// <summary>Bytes, a multiple of 512.</summary>
    long Length { get; }

    /// <summary>Reads inside the disk.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="destination">Where what is read goes, all of it.</param>
    void Read(long offset, Span<byte> destination);

    /// <summary>Writes inside the disk.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="source">What is written, all of it.</param>
    void Write(long offset, ReadOnlySpan<byte> source);
}
