using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.Virtio.Served;

/// <summary>A whole chain of a guest's, read and checked once: buffers that the device reads, then those that it writes.</summary>
internal unsafe struct RequestChain
{
    /// <summary>Most buffers.</summary>
    public const int BuffersMax = 64;

    /// <summary>The descriptor it starts at.</summary>
    public ushort Head;

    /// <summary>Bytes that the device may read.</summary>
    public ulong Readable;

    /// <summary>Bytes that the device may write.</summary>
    public ulong Writable;

    private int _count;
    private BufferArray _buffers;

    [InlineArray(BuffersMax)]
    private struct BufferArray
    {
        private QueueBuffer _first;
    }

    /// <summary>Reads the chain that is available next.</summary>
    /// <returns>What is wrong with it.</returns>
    public QueueFault Collect(in SplitQueue queue, in GuestMemory memory)
    {
        Head = queue.ReadHead();
        _count = 0;
        Readable = 0;
        Writable = 0;
        var chain = queue.Chain(memory, Head, BuffersMax);
        while (chain.MoveNext(out var buffer))
        {
            if (_count == BuffersMax)
            {
                return QueueFault.TooLong;
            }

            _buffers[_count++] = buffer;
            if (buffer.IsWritable)
            {
                Writable += buffer.Length;
            }
            else
            {
                Readable += buffer.Length;
            }
        }

        return chain.Fault;
    }

    /// <summary>Reads what is asked of a disk (§5.2.6), of which there has to be room for the status. Each number is a copy of ours: the guest may be changing its own.</summary>
    /// <param name="type">A <see cref="BlockRequest"/>, or any value.</param>
    /// <param name="sector">The first sector, any value.</param>
    /// <param name="data">Bytes to move, where it is a read or a write; else 0.</param>
    /// <returns>False where it has no whole header.</returns>
    public readonly bool TryReadRequest(out uint type, out ulong sector, out ulong data)
    {
        var header = stackalloc ulong[2];
        var isWhole = Readable >= BlockRequest.HeaderBytes;
        if (isWhole)
        {
            Read(0, header, BlockRequest.HeaderBytes);
        }

        type = (uint)header[0];
        sector = header[1];
        data = !isWhole ? 0 : type == BlockRequest.Read ? Writable - 1 : type == BlockRequest.Write ? Readable - BlockRequest.HeaderBytes : 0;
        return isWhole;
    }

    /// <summary>Copies what the device reads into memory of ours.</summary>
    /// <param name="skip">How many bytes to pass over.</param>
    /// <param name="ours">Where to.</param>
    /// <param name="length">How many bytes; no more than there are.</param>
    // SAFETY: the caller has room for as many bytes.
    public readonly void Read(ulong skip, void* ours, ulong length) => Copy(false, skip, (byte*)ours, length);

    /// <summary>Copies memory of ours into what the device writes.</summary>
    /// <param name="skip">How many bytes to pass over.</param>
    /// <param name="ours">Where from.</param>
    /// <param name="length">How many bytes; no more than there is room for.</param>
    // SAFETY: the caller has as many bytes.
    public readonly void Write(ulong skip, void* ours, ulong length) => Copy(true, skip, (byte*)ours, length);

    /// <summary>Fills in the status, the last byte that the device writes (§5.2.6), of which there has to be one.</summary>
    /// <param name="status">The status.</param>
    /// <param name="data">Bytes that were written before it, from the first on.</param>
    /// <returns>How many bytes in a row were written, from the first on (§2.7.8.2).</returns>
    public readonly uint Finish(byte status, ulong data)
    {
        Write(Writable - 1, &status, 1);
        return data + 1 == Writable ? (uint)(data + 1) : 0;
    }

    private readonly void Copy(bool writable, ulong skip, byte* ours, ulong length)
    {
        for (var i = 0; i < _count && length != 0; i++)
        {
            var buffer = _buffers[i];
            if (buffer.IsWritable != writable)
            {
                continue;
            }

            if (skip >= buffer.Length)
            {
                skip -= buffer.Length;
                continue;
            }

            var part = Math.Min(buffer.Length - skip, length);
            // SAFETY: inside the buffer, which the chain reader found to be RAM, and inside what the caller has room for.
            Unsafe.CopyBlockUnaligned(writable ? buffer.Pointer + skip : ours, writable ? ours : buffer.Pointer + skip, (uint)part);
            ours += part;
            length -= part;
            skip = 0;
        }
    }
}
