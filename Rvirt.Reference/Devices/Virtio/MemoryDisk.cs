using System;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>A disk in memory.</summary>
/// <param name="content">Its sectors, a multiple of 512 bytes, in which it reads and writes.</param>
public sealed class MemoryDisk(byte[] content) : IDisk
{
    /// <summary>The sectors.</summary>
    public byte[] Content => content;

    /// <inheritdoc/>
    public long Length => content.Length;

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination) => content.AsSpan((int)offset, destination.Length).CopyTo(destination);

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source) => source.CopyTo(content.AsSpan((int)offset, source.Length));
}
