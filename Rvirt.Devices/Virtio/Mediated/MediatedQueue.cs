using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.Virtio.Mediated;

/// <summary>One queue of a guest's virtio device, and the queue of the host's device it is carried over to.</summary>
/// <remarks>
/// <para>The host's device sees only the ring in the hypervisor's memory. Each chain the guest makes available is read once, checked
/// against the guest's RAM, translated and written into free descriptors of that ring; indirect tables are flattened on the way. So
/// what the guest changes afterwards, or lets two chains share, has no effect on what the device does.</para>
/// <para>Each host entry stands for one guest entry in the same order of use, so indices of the used rings run in step, and an event
/// index of the guest's can be handed to the host as it is.</para>
/// <para>Where the host's ring is full, the guest's chains wait in the guest's ring until entries come back.</para>
/// <para>Nothing here trusts the guest. The host's device is trusted to be a virtio device, but what it returns is checked against
/// what it was given.</para>
/// <para>Clauses are of virtio 1.2. To the guest this is a device, whose side of the ring is <see cref="SplitQueue"/>; to the host's device it is a driver.</para>
/// </remarks>
internal unsafe struct MediatedQueue
{
    /// <summary>Largest queue offered to a guest.</summary>
    public const uint GuestSizeMax = 256;

    /// <summary>Largest host queue used: room for the flattened indirect tables of a full guest queue.</summary>
    public const uint HostSizeMax = 1024;

    private const uint Page = 4096;

    /// <summary>Whether the queue carries buffers.</summary>
    public bool Active;

    /// <summary>Why it was stopped.</summary>
    public QueueFault Fault;

    /// <summary>Whether all buffers come back soon by themselves (a network card's transmit queue), so that their return need not be told one by one.</summary>
    public bool DrainsItself;

    private ulong* _hostDescriptors;
    private byte* _hostAvailable;
    private byte* _hostUsed;
    private ushort* _hostNext;
    private ChainRecord* _chains;
    private ulong _hostAddress;
    private uint _hostSize;
    private ushort _free;
    private ushort _freeCount;
    private ushort _hostAvailableIndex;
    private ushort _hostUsedIndex;
    private ushort _inFlight;
    private bool _waiting;
    private bool _hostEvents;
    private SplitQueue _guest;

    /// <summary>Bytes of page-aligned memory a queue of a host size needs; a multiple of 4096.</summary>
    public static ulong BytesNeeded(uint hostSize) =>
        RingPages(hostSize) + RoundToPage((sizeof(ushort) + (ulong)sizeof(ChainRecord)) * hostSize);

    /// <summary>The size to use of the host's queue, a power of two.</summary>
    /// <param name="hostSizeMax">What the device reports; 0: there is no queue.</param>
    public static uint HostSize(uint hostSizeMax)
    {
        var size = hostSizeMax < HostSizeMax ? hostSizeMax : HostSizeMax;
        while ((size & (size - 1)) != 0)
        {
            size &= size - 1;
        }

        return size;
    }

    /// <summary>Size of the host's queue in descriptors; 0: there is none.</summary>
    public readonly uint HostQueueSize => _hostSize;

    /// <summary>Largest size the guest may choose.</summary>
    public readonly uint SizeMax => _hostSize < GuestSizeMax ? _hostSize : GuestSizeMax;

    /// <summary>Host physical address of the host's ring.</summary>
    public readonly ulong HostAddress => _hostAddress;

    /// <summary>Number of chains that the host's device has.</summary>
    public readonly int InFlight => _inFlight;

    /// <summary>Gives the queue its memory.</summary>
    /// <param name="memory">Page-aligned, <see cref="BytesNeeded"/> bytes.</param>
    /// <param name="address">Its host physical address.</param>
    /// <param name="hostSize">A power of two, 1 to <see cref="HostSizeMax"/>.</param>
    public void Initialize(byte* memory, ulong address, uint hostSize)
    {
        this = default;
        // SAFETY: the layout below fits the bytes that BytesNeeded asks for.
        _hostDescriptors = (ulong*)memory;
        _hostAvailable = memory + RingLayout.AvailableOffset(hostSize);
        _hostUsed = memory + RingLayout.UsedOffset(hostSize, Page);
        _hostNext = (ushort*)(memory + RingPages(hostSize));
        _chains = (ChainRecord*)(_hostNext + hostSize);
        _hostAddress = address;
        _hostSize = hostSize;
        Stop();
    }

    /// <summary>Forgets all buffers. The host's device must have stopped using the queue.</summary>
    public void Stop()
    {
        Active = false;
        Fault = QueueFault.None;
        _waiting = false;
        _guest = default;
        _hostAvailableIndex = 0;
        _hostUsedIndex = 0;
        _inFlight = 0;
        if (_hostSize == 0)
        {
            return;
        }

        // SAFETY: all inside the memory given to Initialize.
        // §2.7.10.1: the used ring's flags begin as 0; so do both indices (§2.7.6, §2.7.8).
        Unsafe.InitBlockUnaligned(_hostDescriptors, 0, (uint)RingPages(_hostSize));
        for (var i = 0u; i < _hostSize; i++)
        {
            _hostNext[i] = (ushort)(i + 1);
            _chains[i] = default;
        }

        _free = 0;
        _freeCount = (ushort)_hostSize;
    }

    /// <summary>Takes the guest's rings.</summary>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="place">Where they are, any values.</param>
    /// <param name="features">What the guest agreed on.</param>
    /// <param name="hostEvents">Whether the host's device agreed on event indices.</param>
    /// <returns>False where they are not acceptable: the queue has a fault.</returns>
    public bool Start(in GuestMemory memory, in QueuePlace place, ulong features, bool hostEvents)
    {
        Stop();
        if (!_guest.TryPlace(memory, place, SizeMax, features))
        {
            Fault = QueueFault.Layout;
            return false;
        }

        _hostEvents = hostEvents;
        Active = true;
        return true;
    }

    /// <summary>Carries the chains that the guest made available over to the host's queue. Bounded by the size of the guest's queue.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <returns>Whether the host's device is to be notified.</returns>
    public bool Forward<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
    {
        if (!Active)
        {
            return false;
        }

        // SAFETY: the host's ring is ours, and its indices are masked by the size.
        var published = _hostAvailableIndex;
        var budget = _guest.Size;
        _waiting = false;
        var available = _guest.ReadAvailable();
        while (true)
        {
            if (!_guest.TryCount(available, out var count))
            {
                Fault = QueueFault.AvailableIndex;
                break;
            }

            while (count != 0 && budget != 0)
            {
                if (!TryCarry(memory, _guest.ReadHead()))
                {
                    break;
                }

                _guest.Take();
                count--;
                budget--;
            }

            if (Fault != QueueFault.None || _waiting)
            {
                break;
            }

            if (!_guest.NamesEvents)
            {
                // The guest tells of every chain, as the used ring's flags stay 0 (§2.7.10.1): what it adds from here on comes with a notification of its own.
                break;
            }

            // Where the budget is spent the rest waits for the next notification or interrupt: as many chains as fit the guest's
            // queue are with the device, and their return brings us back here.
            _guest.AskAt(available);
            if (budget == 0)
            {
                break;
            }

            // §2.7.10.1: the guest tells of the chain at the index that it finds named, and not of one that it added before. So it is named first, and
            // looked for afterwards, with a fence between.
            // Each round carries a chain: another hart of the guest that moves the index to and fro holds nobody here.
            host.IoFence();
            var next = _guest.ReadAvailable();
            if (next == available)
            {
                break;
            }

            available = next;
        }

        if (Fault != QueueFault.None)
        {
            Active = false;
        }

        if (_hostAvailableIndex == published)
        {
            return false;
        }

        // §2.7.13.3.1: descriptors and entries are seen before the index that exposes them, so that it is written with release.
        Volatile.Write(ref *(ushort*)(_hostAvailable + RingLayout.IndexOffset), _hostAvailableIndex);
        if (DrainsItself)
        {
            DeferReturns();
        }

        // §2.7.13.4.1: the index is seen before flags or event are read, else a device that has just gone to sleep is not told. §2.7.10.1 says when it is.
        host.IoFence();
        return _hostEvents
            ? RingLayout.CrossesEvent(
                Volatile.Read(ref *(ushort*)(_hostUsed + RingLayout.EntriesOffset + (8 * _hostSize))), _hostAvailableIndex, published)
            : (Volatile.Read(ref *(ushort*)_hostUsed) & RingLayout.NoTelling) == 0;
    }

    /// <summary>Carries what the host's device has used back to the guest. Bounded by the size of the host's queue.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="tell">Whether the guest wants an interrupt for it.</param>
    /// <returns>Whether chains that waited for room may go on: call <see cref="Forward"/>.</returns>
    public bool Return<THost>(ref THost host, out bool tell)
        where THost : struct, IMmio
    {
        tell = false;
        if (!Active)
        {
            return false;
        }

        // SAFETY: the host's ring and its indices are those of Forward.
        var before = _guest.UsedIndex;
        while (true)
        {
            // §2.7.8.2: the device writes entries and buffers before the index, so that it is read with acquire, and they behind it.
            var used = Volatile.Read(ref *(ushort*)(_hostUsed + RingLayout.IndexOffset));
            var count = (uint)(ushort)(used - _hostUsedIndex);
            if (count == 0)
            {
                break;
            }

            // §2.7.8: an entry gives back a chain that was made available, so there are no more of them than chains.
            if (count > _inFlight || !TryReturn(count))
            {
                Fault = QueueFault.Device;
                Active = false;
                break;
            }

            _guest.PublishUsed();
            if (!_hostEvents)
            {
                // The device tells of every entry, as the available ring's flags stay 0 (§2.7.7.2).
                break;
            }

            // The next entry is to be told (§2.7.7.1); one that came before the device could see that is found by looking again, behind a fence (§2.7.14).
            Volatile.Write(ref *(ushort*)(_hostAvailable + RingLayout.EntriesOffset + (2 * _hostSize)), _hostUsedIndex);
            host.IoFence();
        }

        if (_guest.UsedIndex == before)
        {
            return false;
        }

        if (DrainsItself && Active)
        {
            DeferReturns();
        }

        // The guest sees the used index before it is asked what it wants to be told, as it names that before it looks again (§2.7.7.2, §2.7.14).
        host.IoFence();
        tell = _guest.WantsInterrupt(before);
        return Active;
    }

    /// <summary>A copy of the queue lies in a copy of its memory: finds that. The host's device knows nothing of it.</summary>
    internal void MoveStorage(nint distance)
    {
        if (_hostSize != 0)
        {
            // SAFETY: the caller has copied all the memory that Initialize was given.
            _hostDescriptors = (ulong*)((byte*)_hostDescriptors + distance);
            _hostAvailable += distance;
            _hostUsed += distance;
            _hostNext = (ushort*)((byte*)_hostNext + distance);
            _chains = (ChainRecord*)((byte*)_chains + distance);
        }
    }

    /// <summary>
    /// Goes on where another queue stood, with a device that was reset: what that one's device had not given back is given to this one's again, from the start.
    /// </summary>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="other">The other queue, of which nothing is in use now, with a ring of no more descriptors.</param>
    /// <param name="distance">How much further this guest's RAM lies than the other's.</param>
    /// <param name="hostEvents">Whether the host's device agreed on event indices.</param>
    internal void Continue(in GuestMemory memory, in MediatedQueue other, nint distance, bool hostEvents)
    {
        Stop();
        _guest = other._guest;
        _guest.Move(distance);
        _hostEvents = hostEvents;
        Fault = other.Fault;
        Active = other.Active;
        if (!Active || other._inFlight == 0)
        {
            return;
        }

        CarryAgain(memory, other);
        _waiting = false;
        Active = Fault == QueueFault.None;
        // §2.7.13.3.1, as in Forward.
        Volatile.Write(ref *(ushort*)(_hostAvailable + RingLayout.IndexOffset), _hostAvailableIndex);
        if (DrainsItself)
        {
            DeferReturns();
        }
    }

    // In the order in which the guest gave them: the other's ring names the last that were given, and those that it names no more are older.
    private void CarryAgain(in GuestMemory memory, in MediatedQueue other)
    {
        var heads = stackalloc ushort[(int)HostSizeMax];
        var listed = stackalloc ulong[(int)HostSizeMax / 64];
        for (var i = 0u; i < HostSizeMax / 64; i++)
        {
            listed[i] = 0;
        }

        // SAFETY: each head is listed once, and both lists have a place for each that is below the size; the ring's index is masked by that.
        var count = 0;
        for (var back = 1u; back <= other._hostSize; back++)
        {
            var head = *(ushort*)(other._hostAvailable + RingLayout.EntriesOffset + (2 * ((other._hostAvailableIndex - back) & (other._hostSize - 1))));
            List(other, head, heads, listed, ref count);
        }

        for (var head = 0u; head < other._hostSize; head++)
        {
            List(other, head, heads, listed, ref count);
        }

        while (count != 0)
        {
            if (!TryCarry(memory, other._chains[heads[--count]].GuestHead))
            {
                // It fitted as it was given: the guest has made it longer since.
                Fault = Fault == QueueFault.None ? QueueFault.TooLong : Fault;
                return;
            }
        }
    }

    // SAFETY: a head below the size is listed once at most, and the caller has a place for each.
    private static void List(in MediatedQueue other, uint head, ushort* heads, ulong* listed, ref int count)
    {
        if (head < other._hostSize && other._chains[head].Count != 0 && ((listed[head / 64] >> (int)(head % 64)) & 1) == 0)
        {
            listed[head / 64] |= 1UL << (int)(head % 64);
            heads[count++] = (ushort)head;
        }
    }

    private static ulong RingPages(uint hostSize) =>
        RoundToPage(RingLayout.UsedOffset(hostSize, Page) + RingLayout.UsedBytes(hostSize));

    private static ulong RoundToPage(ulong bytes) => (bytes + Page - 1) & ~((ulong)Page - 1);

    // Reads, checks and translates one chain into free host descriptors, then makes it available. False: a fault, or it must wait.
    private bool TryCarry(in GuestMemory memory, ushort guestHead)
    {
        // No table is larger than the host's queue: a chain of more could never be carried, and a device may have a limit (§2.7.4.1).
        var chain = _guest.Chain(memory, guestHead, _hostSize);
        var slot = _free;
        var last = slot;
        ushort count = 0;
        while (chain.MoveNext(out var buffer))
        {
            if (count == _freeCount)
            {
                if (_inFlight == 0)
                {
                    return Fail(QueueFault.TooLong);
                }

                _waiting = true;
                return false;
            }

            // SAFETY: slot is a free descriptor of ours, below the size.
            // §2.7.13.1, with free descriptors linked in the order they are handed out: the next link is known before the next descriptor.
            var next = _hostNext[slot];
            _hostDescriptors[2 * slot] = buffer.HostAddress;
            _hostDescriptors[(2 * slot) + 1] = buffer.Length | ((ulong)buffer.Flags << 32) | ((ulong)next << 48);
            last = slot;
            slot = next;
            count++;
        }

        if (chain.Fault != QueueFault.None)
        {
            return Fail(chain.Fault);
        }

        var head = _free;
        _chains[head] = new ChainRecord { GuestHead = guestHead, Count = count, Tail = last };
        _free = slot;
        _freeCount -= count;
        _inFlight++;
        // §2.7.13.2: the head goes into the next entry; §2.7.13.3: the index runs freely. The device sees neither before Forward shows it.
        *(ushort*)(_hostAvailable + RingLayout.EntriesOffset + (2 * (_hostAvailableIndex & (_hostSize - 1)))) = head;
        _hostAvailableIndex++;
        return true;
    }

    private bool Fail(QueueFault fault)
    {
        Fault = fault;
        return false;
    }

    // Copies used entries and frees their descriptors. False where one was never given.
    private bool TryReturn(uint count)
    {
        for (; count != 0; count--)
        {
            // SAFETY: the indices are masked by the sizes of the rings; the head is checked before use.
            var from = (uint*)(_hostUsed + RingLayout.EntriesOffset + (8 * (_hostUsedIndex & (_hostSize - 1))));
            var head = Volatile.Read(ref from[0]);
            var length = Volatile.Read(ref from[1]);
            // §2.7.8: it names the head of a chain that the device has. The length is the device's word to the guest (§2.7.8.2), and nothing here goes by it.
            if (head >= _hostSize || _chains[head].Count == 0)
            {
                return false;
            }

            ref var chain = ref _chains[head];
            _guest.Use(chain.GuestHead, length);
            _hostNext[chain.Tail] = _free;
            _free = (ushort)head;
            _freeCount += chain.Count;
            chain.Count = 0;
            _inFlight--;
            _hostUsedIndex++;
        }

        return true;
    }

    // Asks the host for an interrupt no earlier than the guest wants one, and at the last of what is in flight at the latest (§2.7.7.1).
    private readonly void DeferReturns()
    {
        if (!_hostEvents || _inFlight == 0)
        {
            return;
        }

        var wanted = (ushort)(_hostUsedIndex + _inFlight - 1);
        if (_guest.NamesEvents)
        {
            var named = _guest.ReadWantedEvent();
            if ((ushort)(named - _hostUsedIndex) < _inFlight)
            {
                wanted = named;
            }
        }
        else if (_guest.WantsInterrupts())
        {
            wanted = _hostUsedIndex;
        }

        Volatile.Write(ref *(ushort*)(_hostAvailable + RingLayout.EntriesOffset + (2 * _hostSize)), wanted);
    }
}
