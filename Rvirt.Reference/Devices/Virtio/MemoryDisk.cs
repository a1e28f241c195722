using System;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>A disk in memory.</summary>
public sealed class MemoryDisk(byte[] content) : IDisk
{
    /// <summary>The sectors.</summary>
    public byte[] Content => content;

    public long Length => content.Length;

    public void Read(long offset, Span<byte> destination) => content.AsSpan((int)offset, destination.Length).CopyTo(destination);

    public void Write(long offset, ReadOnlySpan<byte> source) => source.CopyTo(content.AsSpan((int)offset, source.Length));
}
