using System;
using System.Collections.Generic;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>One request of a virtqueue: buffers the device reads, then buffers it writes.</summary>
/// <param name="memory">Where the buffers lie.</param>
/// <param name="head">Number of the first descriptor.</param>
public sealed class VirtioChain(IDeviceMemory memory, ushort head)
{
    private readonly List<(ulong Address, int Length)> _readable = [];
    private readonly List<(ulong Address, int Length)> _writable = [];

    /// <summary>Number of the first descriptor.</summary>
    public ushort Head => head;

    /// <summary>Buffers the device may read.</summary>
    public IReadOnlyList<(ulong Address, int Length)> Readable => _readable;

    /// <summary>Buffers the device may write.</summary>
    public IReadOnlyList<(ulong Address, int Length)> Writable => _writable;

    /// <summary>Whether the buffers are in a table of their own (Virtio 1.2 §2.7.5.3).</summary>
    public bool IsIndirect { get; internal set; }

    /// <summary>Bytes the device may read.</summary>
    public int ReadableLength { get; private set; }

    /// <summary>Bytes the device may write.</summary>
    public int WritableLength { get; private set; }

    /// <summary>Adds a buffer in RAM.</summary>
    /// <param name="address">Physical address of its first byte.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="writable">Whether it is for the device to write.</param>
    /// <returns>False where the order is wrong: readable after writable (Virtio 1.2 §2.7.4.2).</returns>
    public bool Add(ulong address, int length, bool writable)
    {
        if (writable)
        {
            _writable.Add((address, length));
            WritableLength += length;
            return true;
        }

        _readable.Add((address, length));
        ReadableLength += length;
        return _writable.Count == 0;
    }

    /// <summary>Copies what the driver sent, from an offset.</summary>
    /// <param name="offset">Bytes of the readable buffers to leave out.</param>
    /// <param name="destination">Where they go.</param>
    /// <returns>Bytes copied: fewer than asked at the end.</returns>
    public int Read(int offset, Span<byte> destination)
    {
        var done = 0;
        foreach (var part in Parts(_readable, offset, destination.Length))
        {
            memory.Memory(part.Address, part.Length).CopyTo(destination[done..]);
            done += part.Length;
        }

        return done;
    }

    /// <summary>Copies bytes to the driver's buffers, from an offset.</summary>
    /// <param name="offset">Bytes of the writable buffers to leave out.</param>
    /// <param name="source">The bytes.</param>
    /// <returns>Bytes copied: fewer than given at the end.</returns>
    public int Write(int offset, ReadOnlySpan<byte> source)
    {
        var done = 0;
        foreach (var part in Parts(_writable, offset, source.Length))
        {
            source.Slice(done, part.Length).CopyTo(memory.Memory(part.Address, part.Length));
            done += part.Length;
        }

        return done;
    }

    private static IEnumerable<(ulong Address, int Length)> Parts(List<(ulong Address, int Length)> buffers, int offset, int length)
    {
        foreach (var (address, size) in buffers)
        {
            if (offset >= size)
            {
                offset -= size;
                continue;
            }

            var part = Math.Min(size - offset, length);
            if (part == 0)
            {
                yield break;
            }

            yield return (address + (ulong)offset, part);
            length -= part;
            offset = 0;
        }
    }
}
