using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.Virtio;

/// <summary>The device's side of a split queue in a guest's RAM (virtio 1.2 §2.7), for any back end.</summary>
/// <remarks>
/// <para>Use: <see cref="TryPlace"/>; then, as often as there may be chains, <see cref="ReadAvailable"/> and <see cref="TryCount"/>, and
/// for each one <see cref="ReadHead"/>, <see cref="Chain"/> and <see cref="Take"/>; each chain that is done goes back with
/// <see cref="Use"/>, and <see cref="PublishUsed"/> shows the guest all that went back before.</para>
/// <para>Rules: what the guest writes is read once for each decision; indices run freely and are masked by the size; no method waits
/// or loops on what the guest says. Fences between rings and device are the caller's, who knows what stands behind them.</para>
/// <para>Not promised: that two chains are different, or that a head is not given twice. A back end keeps what it needs of a chain.</para>
/// <para>The owner holds a lock.</para>
/// </remarks>
public unsafe struct SplitQueue
{
    private byte* _descriptors;
    private byte* _available;
    private byte* _used;
    private uint _size;
    private ushort _taken;
    private ushort _given;
    private bool _namesEvents;
    private bool _hasTables;

    /// <summary>Size in descriptors; 0: the queue has no place.</summary>
    public readonly uint Size => _size;

    /// <summary>Whether either side names the index at which it wants to be told, rather than a flag.</summary>
    public readonly bool NamesEvents => _namesEvents;

    /// <summary>The used index: chains given back so far.</summary>
    public readonly ushort UsedIndex => _given;

    /// <summary>Takes the guest's rings, empty.</summary>
    /// <param name="memory">The guest's RAM, which stays as long as the queue is used.</param>
    /// <param name="place">Where they are, any values.</param>
    /// <param name="sizeMax">Largest size the device has.</param>
    /// <param name="features">What was agreed on: <see cref="VirtioFeature.EventIndex"/>, <see cref="VirtioFeature.IndirectDescriptors"/>.</param>
    /// <returns>False where no queue can be there (<see cref="QueueFault.Layout"/>): it has no place then.</returns>
    public bool TryPlace(in GuestMemory memory, in QueuePlace place, uint sizeMax, ulong features)
    {
        this = default;
        var size = place.Size;
        // §2.7: the size is a power of two, no more than the device has (§4.2.3.2). §2.7.1: the parts are aligned to 16, 2 and 4 bytes.
        if (size == 0 || size > sizeMax || (size & (size - 1)) != 0
            || (place.Descriptors & 15) != 0 || (place.Available & 1) != 0 || (place.Used & 3) != 0)
        {
            return false;
        }

        // §2.7: each part lies in one piece in the guest's memory.
        if (!memory.TryPointer(place.Descriptors, size * RingLayout.DescriptorBytes, out var descriptors)
            || !memory.TryPointer(place.Available, RingLayout.AvailableBytes(size), out var available)
            || !memory.TryPointer(place.Used, RingLayout.UsedBytes(size), out var used))
        {
            return false;
        }

        _descriptors = descriptors;
        _available = available;
        _used = used;
        _size = size;
        _namesEvents = (features & VirtioFeature.EventIndex) != 0;
        _hasTables = (features & VirtioFeature.IndirectDescriptors) != 0;
        return true;
    }

    /// <summary>Finds the rings in other RAM, of which each byte lies that much further, and which is as long.</summary>
    // SAFETY: what TryPlace found to be RAM there is RAM here.
    internal void Move(nint distance)
    {
        if (_size != 0)
        {
            _descriptors += distance;
            _available += distance;
            _used += distance;
        }
    }

    /// <summary>Reads how far the guest has made chains available.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ushort ReadAvailable() => Volatile.Read(ref *(ushort*)(_available + RingLayout.IndexOffset));

    /// <summary>Counts the chains that are available and not taken.</summary>
    /// <param name="available">What <see cref="ReadAvailable"/> gave.</param>
    /// <param name="count">Their number.</param>
    /// <returns>False where the index is one no driver reaches: <see cref="QueueFault.AvailableIndex"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryCount(ushort available, out uint count)
    {
        // §2.7: a queue holds as many buffers as its size at most; §2.7.6.1: the index never goes back.
        count = (ushort)(available - _taken);
        return count <= _size;
    }

    /// <summary>Reads which descriptor the next available chain starts at, any value.</summary>
    // SAFETY: TryPlace found the ring to be RAM that stays; the index is masked by its size. So in what follows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ushort ReadHead() => Volatile.Read(ref *(ushort*)(_available + RingLayout.EntriesOffset + (2 * (_taken & (_size - 1)))));

    /// <summary>Reads a chain from its start.</summary>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="head">What <see cref="ReadHead"/> gave.</param>
    /// <param name="tableMax">Most descriptors of an indirect table that are read.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly DescriptorChain Chain(in GuestMemory memory, ushort head, uint tableMax) =>
        new(in memory, _descriptors, _size, head, _hasTables ? tableMax : 0);

    /// <summary>Takes the chain whose head was read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take() => _taken++;

    /// <summary>With events: asks to be told of the chain behind an index. What the guest made available meanwhile is not told: look again, behind a fence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void AskAt(ushort available) =>
        Volatile.Write(ref *(ushort*)(_used + RingLayout.EntriesOffset + (8 * _size)), available);

    /// <summary>Gives a chain back.</summary>
    /// <param name="head">The descriptor it starts at.</param>
    /// <param name="written">Bytes that the device wrote, from the first writable one on (§2.7.8.2).</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Use(uint head, uint written)
    {
        var entry = (uint*)(_used + RingLayout.EntriesOffset + (8 * (_given & (_size - 1))));
        entry[0] = head;
        entry[1] = written;
        _given++;
    }

    /// <summary>Shows the guest what was given back.</summary>
    // §2.7.8.2: the index is written after the entries.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void PublishUsed() => Volatile.Write(ref *(ushort*)(_used + RingLayout.IndexOffset), _given);

    /// <summary>With events: the used index behind which the guest wants an interrupt.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ushort ReadWantedEvent() => Volatile.Read(ref *(ushort*)(_available + RingLayout.EntriesOffset + (2 * _size)));

    /// <summary>Without events: whether the guest wants interrupts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool WantsInterrupts() => (Volatile.Read(ref *(ushort*)_available) & RingLayout.NoTelling) == 0;

    /// <summary>Whether the guest wants an interrupt for what went back since then (§2.7.7.2). A fence stands between publishing and asking.</summary>
    /// <param name="before">The used index then.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool WantsInterrupt(ushort before) =>
        _namesEvents ? RingLayout.CrossesEvent(ReadWantedEvent(), _given, before) : WantsInterrupts();
}
