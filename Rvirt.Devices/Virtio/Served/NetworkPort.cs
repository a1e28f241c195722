using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.Network;

namespace Rvirt.Devices.Virtio.Served;

/// <summary>
/// A back end that is served here: a virtio network card (virtio 1.2 §5.1) at a port of a switch. It touches the guest's RAM only through what
/// <see cref="DescriptorChain"/> has checked.
/// </summary>
/// <remarks>
/// <para>Modern only, as a legacy driver's header has another length. No offloads are offered, so a header says nothing and a packet is a frame.</para>
/// <para>What the guest sends is copied once, into a buffer of the switch, and judged there. What comes is copied by <see cref="Service"/>, which whoever sent it
/// has called, and waits at the switch while its driver has no buffers.</para>
/// <para>No more is sent at once than a receiver's queue at the switch has room for: <see cref="TakeTold"/> says when there is more, and <see cref="Service"/> sends it.
/// So a receiver that takes what comes loses nothing, however much is sent.</para>
/// <para>The owner holds a lock; the switch's own is taken inside.</para>
/// </remarks>
internal unsafe struct NetworkPort : IVirtioDevice
{
    /// <summary>Descriptors of each queue.</summary>
    public const uint QueueSize = 64;

    /// <summary>Bytes of the header before each frame (§5.1.6).</summary>
    public const uint HeaderBytes = 12;

    /// <summary>The feature of a card that says its address (§5.1.3).</summary>
    public const ulong Mac = 1UL << 5;

    /// <summary>The feature of a card that says whether it has a link (§5.1.3).</summary>
    public const ulong Status = 1UL << 16;

    // §5.1.2: receiveq1 and transmitq1; there is no other pair and no control queue.
    private const uint Receiving = 0;
    private const uint Sending = 1;
    private const int BuffersMax = 16;

    // Frames that are sent for one notification, whatever the driver makes available meanwhile.
    private const uint NotificationFrames = 4 * QueueSize;
    private const int StatusShift = 48;

    private EthernetSwitch* _switch;
    private int _port;
    private SplitQueue _receive;
    private SplitQueue _send;
    private bool _receives;
    private bool _sends;
    private QueueFault _fault;
    private byte _faultQueue;
    private uint _told;
    private uint _budget;
    private bool _hasMore;

    /// <summary>Makes a card.</summary>
    /// <param name="network">The switch, which stays in place.</param>
    /// <param name="port">A port of its own there.</param>
    // SAFETY: the caller owns the switch for as long as the guest exists.
    public NetworkPort(EthernetSwitch* network, int port)
    {
        this = default;
        _switch = network;
        _port = port;
    }

    /// <inheritdoc/>
    public readonly uint Kind => VirtioKind.Network;

    /// <inheritdoc/>
    public readonly ulong Offered => Mac | Status | VirtioFeature.IndirectDescriptors | VirtioFeature.EventIndex | VirtioFeature.Version1;

    /// <summary>The ports that are to be served (<see cref="EthernetSwitch.MoreShift"/>): those that frames were queued for since this was asked, then this one where it has more to send.</summary>
    public ulong TakeTold()
    {
        var told = _hasMore ? _told | (1UL << (EthernetSwitch.MoreShift + _port)) : _told;
        _told = 0;
        return told;
    }

    /// <summary>A copy of a card's state goes on here, in RAM of which each byte lies that much further; this one was reset. The address stays this one's.</summary>
    internal void Continue(in NetworkPort other, nint distance)
    {
        _receive = other._receive;
        _receive.Move(distance);
        _send = other._send;
        _send.Move(distance);
        _receives = other._receives;
        _sends = other._sends;
        _fault = other._fault;
        _faultQueue = other._faultQueue;
        // SAFETY: the owner of the card keeps its switch.
        _switch->SetOpen(_port, _receives);
    }

    /// <inheritdoc/>
    public readonly uint QueueSizeMax(uint queue) => queue <= Sending ? QueueSize : 0;

    /// <inheritdoc/>
    public bool Reset<THost>(ref THost host)
        where THost : struct, IMmio
    {
        _switch->SetOpen(_port, false);
        this = new NetworkPort(_switch, _port);
        return true;
    }

    /// <inheritdoc/>
    public bool Start<THost>(ref THost host, in GuestMemory memory, uint queue, in QueuePlace place, ulong features)
        where THost : struct, IMmio
    {
        var placed = queue == Receiving ? _receive.TryPlace(memory, place, QueueSize, features) : _send.TryPlace(memory, place, QueueSize, features);
        if (!placed)
        {
            Fail(queue, QueueFault.Layout);
        }
        else if (queue == Receiving)
        {
            _receives = true;
            _switch->SetOpen(_port, true);
        }
        else
        {
            _sends = true;
        }

        return placed;
    }

    /// <inheritdoc/>
    public void Stop<THost>(ref THost host, uint queue)
        where THost : struct, IMmio =>
        End(queue);

    /// <inheritdoc/>
    public VirtioNews Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        if (queue == Receiving)
        {
            return Receive(ref host, memory);
        }

        _budget = NotificationFrames;
        return Send(ref host, memory);
    }

    /// <inheritdoc/>
    public VirtioNews Service<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio =>
        Receive(ref host, memory) | (_hasMore ? Send(ref host, memory) : VirtioNews.None);

    /// <inheritdoc/>
    public readonly QueueFault TakeFault(out uint queue)
    {
        queue = _faultQueue;
        return _fault;
    }

    // The address and the link's state; all else of the configuration belongs to features that are not offered (§5.1.4).
    /// <inheritdoc/>
    public readonly ulong ReadConfiguration<THost>(ref THost host, uint offset, int size)
        where THost : struct, IMmio =>
        ConfigurationSpace.Read(_switch->AddressOf(_port) | (1UL << StatusShift), offset, size);

    private VirtioNews Receive<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
    {
        if (!_receives)
        {
            return VirtioNews.None;
        }

        var before = _receive.UsedIndex;
        var available = _receive.ReadAvailable();
        // Bounded by the queue: chains that are given back here are not shown before the end, so that a driver that keeps the rules can make no more
        // available, and has been asked to tell of its next one when we leave with frames waiting.
        for (var budget = _receive.Size; _fault == QueueFault.None && _switch->TryReceive(_port, out var frame); budget--)
        {
            if (!TryFindChain(ref host, ref available) || budget == 0)
            {
                break;
            }

            Deliver(memory, frame);
        }

        return Finish(ref host, ref _receive, before, Receiving);
    }

    private VirtioNews Send<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
    {
        if (!_sends)
        {
            return VirtioNews.None;
        }

        var before = _send.UsedIndex;
        var available = _send.ReadAvailable();
        _hasMore = false;
        for (var room = _switch->QueueLength; _fault == QueueFault.None;)
        {
            if (!_send.TryCount(available, out var count))
            {
                Fail(Sending, QueueFault.AvailableIndex);
            }
            else if (count == 0)
            {
                if (!TryLookAgain(ref host, _send, ref available))
                {
                    break;
                }
            }
            else if (room != 0 && _budget != 0)
            {
                SendOne(memory);
                room--;
                _budget--;
            }
            else
            {
                // What a driver makes available without end waits for its next notification, which is asked for.
                _hasMore = _budget != 0;
                if (!_hasMore && _send.NamesEvents)
                {
                    _send.AskAt(available);
                }

                break;
            }
        }

        return Finish(ref host, ref _send, before, Sending);
    }

    // Copies as the chain is read: what a broken one had is not sent.
    private void SendOne(in GuestMemory memory)
    {
        var head = _send.ReadHead();
        var data = _switch->Reserve(_port, out var buffer);
        ulong position = 0;
        var chain = _send.Chain(memory, head, QueueSize);
        while (chain.MoveNext(out var piece))
        {
            if (piece.IsWritable)
            {
                continue;
            }

            var skip = Math.Min(position < HeaderBytes ? HeaderBytes - position : 0, piece.Length);
            var at = position + skip - HeaderBytes;
            position += piece.Length;
            if (piece.Length != skip && at < EthernetSwitch.FrameBytesMax)
            {
                // SAFETY: inside the piece, which is RAM, and inside the buffer, whose end bounds it.
                Unsafe.CopyBlockUnaligned(data + at, piece.Pointer + skip, (uint)Math.Min(piece.Length - skip, EthernetSwitch.FrameBytesMax - at));
            }
        }

        var length = chain.Fault == QueueFault.None && position > HeaderBytes ? Math.Min(position - HeaderBytes, uint.MaxValue) : 0;
        _told |= _switch->Send(_port, buffer, (uint)length);
        if (chain.Fault != QueueFault.None)
        {
            Fail(Sending, chain.Fault);
            return;
        }

        _send.Take();
        _send.Use(head, 0);
    }

    // Whether there is a chain for what waits. If not, the driver is asked to tell of the next one.
    private bool TryFindChain<THost>(ref THost host, ref ushort available)
        where THost : struct, IMmio
    {
        while (true)
        {
            if (!_receive.TryCount(available, out var count))
            {
                Fail(Receiving, QueueFault.AvailableIndex);
                return false;
            }

            if (count != 0)
            {
                return true;
            }

            if (!TryLookAgain(ref host, _receive, ref available))
            {
                return false;
            }
        }
    }

    // §2.7.7.1: with events, who asks to be told looks once more, for what came before it asked.
    private static bool TryLookAgain<THost>(ref THost host, in SplitQueue queue, ref ushort available)
        where THost : struct, IMmio
    {
        if (!queue.NamesEvents)
        {
            return false;
        }

        queue.AskAt(available);
        host.IoFence();
        var seen = available;
        available = queue.ReadAvailable();
        return available != seen;
    }

    // §5.1.6.4: a driver gives chains that any frame fits in. One that does not takes none, and the frame is lost.
    private void Deliver(in GuestMemory memory, in SwitchFrame frame)
    {
        Span<QueueBuffer> pieces = stackalloc QueueBuffer[BuffersMax];
        var head = _receive.ReadHead();
        var count = 0;
        ulong room = 0;
        var fault = QueueFault.None;
        var chain = _receive.Chain(memory, head, QueueSize);
        while (fault == QueueFault.None && chain.MoveNext(out var piece))
        {
            if (!piece.IsWritable)
            {
                continue;
            }

            if (count == BuffersMax)
            {
                fault = QueueFault.TooLong;
                break;
            }

            pieces[count++] = piece;
            room += piece.Length;
        }

        fault = fault == QueueFault.None ? chain.Fault : fault;
        var fits = fault == QueueFault.None && room >= HeaderBytes + frame.Length;
        if (fits)
        {
            // §5.1.6.4: num_buffers, the last half of the header, is 1; all else of it is 0.
            var header = stackalloc uint[3];
            header[0] = 0;
            header[1] = 0;
            header[2] = 1u << 16;
            // SAFETY: as many bytes as the header has, and as the frame has, into pieces with room for both.
            Copy(pieces[..count], 0, (byte*)header, HeaderBytes);
            Copy(pieces[..count], HeaderBytes, frame.Data, frame.Length);
            _receive.Take();
            _receive.Use(head, HeaderBytes + frame.Length);
        }

        _switch->Release(_port, frame, fits);
        if (fault != QueueFault.None)
        {
            Fail(Receiving, fault);
        }
    }

    private static void Copy(ReadOnlySpan<QueueBuffer> pieces, uint skip, byte* from, uint length)
    {
        foreach (var piece in pieces)
        {
            if (skip >= piece.Length)
            {
                skip -= piece.Length;
                continue;
            }

            var part = Math.Min(piece.Length - skip, length);
            // SAFETY: inside the piece, which the chain reader found to be RAM, and inside what the caller has.
            Unsafe.CopyBlockUnaligned(piece.Pointer + skip, from, part);
            from += part;
            length -= part;
            skip = 0;
        }
    }

    private readonly VirtioNews Finish<THost>(ref THost host, ref readonly SplitQueue queue, ushort before, uint number)
        where THost : struct, IMmio
    {
        queue.PublishUsed();
        host.IoFence();
        var news = queue.UsedIndex != before && queue.WantsInterrupt(before) ? VirtioNews.UsedBuffers : VirtioNews.None;
        return _fault != QueueFault.None && _faultQueue == number ? news | VirtioNews.Fault : news;
    }

    private void Fail(uint queue, QueueFault fault)
    {
        _fault = fault;
        _faultQueue = (byte)queue;
        End(queue);
    }

    private void End(uint queue)
    {
        if (queue == Receiving)
        {
            _receives = false;
            _switch->SetOpen(_port, false);
        }
        else
        {
            _sends = false;
        }
    }
}
