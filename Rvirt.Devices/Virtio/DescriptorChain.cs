using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.Virtio;

/// <summary>Reads a chain of descriptors that a guest made available, buffer by buffer, and checks each before it is handed out.</summary>
/// <remarks>
/// <para>Every descriptor is read once: what the guest changes afterwards has no effect. An indirect table is followed where it stands,
/// so that a caller sees buffers only. A chain that breaks a rule ends early, with the reason in <see cref="Fault"/>; what was handed
/// out before is not to be acted on.</para>
/// <para>Bounded: no table gives more descriptors than it has, and there is one table besides the queue's own.</para>
/// </remarks>
public unsafe ref struct DescriptorChain
{
    /// <summary>Most bytes of a chain (virtio 1.2 §2.7.5.2).</summary>
    public const ulong BytesMax = 1UL << 32;

    private readonly ref readonly GuestMemory _memory;
    private byte* _table;
    private ulong _total;
    private uint _tableSize;
    private uint _timeToLive;
    private uint _index;
    private uint _tableMax;
    private uint _writes;
    private bool _ended;
    private QueueFault _fault;

    /// <summary>Starts at a chain's head.</summary>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="table">Descriptor table of <paramref name="size"/> descriptors, all of it in the guest's RAM.</param>
    /// <param name="size">Number of descriptors.</param>
    /// <param name="head">The first descriptor, any value.</param>
    /// <param name="tableMax">Most descriptors of an indirect table; 0: indirect descriptors were not agreed on.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DescriptorChain(ref readonly GuestMemory memory, byte* table, uint size, uint head, uint tableMax)
    {
        _memory = ref memory;
        _table = table;
        _tableSize = size;
        _timeToLive = size;
        _index = head;
        _tableMax = tableMax;
    }

    /// <summary>Why the chain ended early; none where it did not.</summary>
    public readonly QueueFault Fault => _fault;

    /// <summary>Reads the next buffer.</summary>
    /// <returns>False behind the last one, or where a rule is broken: <see cref="Fault"/> says which.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MoveNext(out QueueBuffer buffer)
    {
        Unsafe.SkipInit(out buffer);
        if (_ended)
        {
            return false;
        }

        while (true)
        {
            // §2.7.5: a table has as many descriptors as its size says, and next names one of them.
            if (_index >= _tableSize)
            {
                return Fail(QueueFault.DescriptorIndex);
            }

            // §2.7.5.2: chains do not loop. §2.7.5: the size of a table is the longest a chain through it can be.
            if (_timeToLive-- == 0)
            {
                return Fail(QueueFault.Loop);
            }

            // SAFETY: the table was checked to be RAM, the index is below its size.
            var entry = _table + (_index * RingLayout.DescriptorBytes);
            var address = ReadOnce(entry);
            var rest = ReadOnce(entry + sizeof(ulong));
            var length = (uint)rest;
            var flags = (uint)(rest >> 32);
            if ((flags & RingLayout.Indirect) != 0)
            {
                // §2.7.5.3.2: whether the table is marked writable is ignored, and plain descriptors may stand before it.
                if (!TryEnter(address, length, flags))
                {
                    return Fail(QueueFault.Indirect);
                }

                continue;
            }

            // §2.7.5.2: no more than 2^32 bytes in all. §2.7.5: a buffer is the driver's memory, so RAM; an empty one is none.
            _total += length;
            if (length == 0 || _total > BytesMax || !_memory.TryTranslate(address, length, out buffer.HostAddress))
            {
                return Fail(QueueFault.Buffer);
            }

            // §2.7.4.2: what the device writes stands behind what it reads.
            if (_writes > (flags & RingLayout.Write))
            {
                return Fail(QueueFault.Order);
            }

            _writes = flags & RingLayout.Write;
            _ended = (flags & RingLayout.Next) == 0;
            _index = (ushort)(rest >> 48);
            buffer.Pointer = _memory.Pointer + (address - _memory.GuestBase);
            buffer.Length = length;
            buffer.Flags = flags & (RingLayout.Next | RingLayout.Write);
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryEnter(ulong address, uint length, uint flags)
    {
        // §2.7.5.3.1: tables only where agreed on, none in a table (the limit is 0 in either case), and no descriptor behind one.
        // §2.7.5.3: a table is a whole number of descriptors; a chain through it is no longer than the device has room for (§2.7.4.1).
        var entries = length / RingLayout.DescriptorBytes;
        if (entries > _tableMax || entries == 0 || length % RingLayout.DescriptorBytes != 0 || (flags & RingLayout.Next) != 0
            || !_memory.TryPointer(address, length, out _table))
        {
            return false;
        }

        _tableMax = 0;
        _tableSize = entries;
        _timeToLive = entries;
        _index = 0;
        return true;
    }

    private bool Fail(QueueFault fault)
    {
        _fault = fault;
        _ended = true;
        return false;
    }

    // Reads a doubleword, each byte of it once. An indirect table may lie anywhere (§2.7.5.3 asks for no alignment).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ReadOnce(byte* from) =>
        ((nuint)from & (sizeof(ulong) - 1)) == 0 ? Volatile.Read(ref *(ulong*)from) : ReadBytesOnce(from);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReadBytesOnce(byte* from)
    {
        var value = 0UL;
        for (var i = 0; i < sizeof(ulong); i++)
        {
            // SAFETY: eight bytes, which the caller has found to be RAM.
            value |= (ulong)Volatile.Read(ref from[i]) << (8 * i);
        }

        return value;
    }
}
