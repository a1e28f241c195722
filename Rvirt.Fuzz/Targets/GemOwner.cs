using System;
using System.Collections.Generic;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;
using Rvirt.Fuzz.Engine;
using Rvirt.Platform.Unleashed;
using Rvirt.Testing.Memory;

namespace Rvirt.Fuzz.Targets;

/// <summary>Who has a Cadence GEM and uses its driver, and holds it to what <see cref="IHostNetworkCard"/> promises.</summary>
internal sealed unsafe class GemOwner : IDisposable
{
    /// <summary>The longest frame that the driver is asked to send: longer than any.</summary>
    public const int MostBytes = 4096;

    private const int Page = 4096, Descriptors = 64, WordsOfDescriptor = 4, WordsOfRing = Descriptors * WordsOfDescriptor, ShortestFrame = 60;
    private const uint FrameMin = 14, FrameMax = 1514, RoomOfBuffer = 2048;
    private const uint Second = 1_000_000;
    private const ulong RamAt = 0x1_8000_0000;

    // Of MDIO's state, before a transfer is given up: at the start 32 PHYs are asked, and later six registers.
    private const long LooksOfTransfer = 1 << 14, LooksOfStart = 40 * LooksOfTransfer, LooksOfFinish = 7 * LooksOfTransfer;
    private const long MostOfStart = 200, MostOfAcknowledge = 16, MostOfFinish = 24;

    private static readonly byte[] Tree = MakeTree(hasClock: true), TreeWithoutClock = MakeTree(hasClock: false);

    private readonly GuardedBuffer _memory = new(Page + (long)HostCadenceGem.BytesNeeded);
    private readonly GuardedBuffer _frames = new(Page + MostBytes);
    private readonly GuardedBuffer _tree;
    private readonly uint[] _before = new uint[2 * WordsOfRing];

    // Where the buffers are: those for frames that come, then those for frames that go.
    private readonly ulong[] _places = new ulong[2 * Descriptors];

    // What came into each buffer for frames that come, where the card has kept to its rules since.
    private readonly (uint Length, byte Value)?[] _came = new (uint Length, byte Value)?[Descriptors];
    private readonly bool[] _isBent = new bool[Descriptors];
    private readonly SortedSet<uint> _held = [];
    private HostCadenceGem _driver;
    private bool _isUp;

    public GemOwner(bool hasClock)
    {
        _tree = new GuardedBuffer(hasClock ? Tree : TreeWithoutClock);
        _memory.Span[..Page].Fill(0xa5);
        _frames.Forbid(0, Page);
        Card = new GemCard(Memory, RamAt, HostCadenceGem.BytesNeeded);
        Card.Reset();
    }

    /// <summary>The card.</summary>
    public GemCard Card { get; }

    private byte* Memory => _memory.Pointer + Page;

    /// <summary>Starts the driver, in memory that is zeroed.</summary>
    public bool Start()
    {
        _memory.Span[Page..].Clear();
        Array.Clear(_came);
        Array.Clear(_isBent);
        _held.Clear();
        FuzzException.Require(FdtReader.Open(_tree.Pointer, _tree.Length, out var tree) == FdtError.None, "the tree is read");
        FuzzException.Require(tree.TryFind("/ethernet@10090000"u8, out var node), "the card is in it");
        FuzzException.Require(!HostCadenceGem.TryLocate(tree, node, out var address, out var size) || (address == GemCard.At && size == GemCard.ClockAt + GemCard.ClockBytes - address), "its registers are elsewhere");
        var host = new RegisterHost(Card);
        Card.Allow(MostOfStart, LooksOfStart);
        var window = new PhysicalMemory((ulong)Memory - RamAt);
        _isUp = _driver.TryStart(ref host, new HostDevice { Tree = tree, Node = node, Base = GemCard.At }, Second, Memory, window);
        FuzzException.Require(_driver.IsUp == _isUp, "a card that is started is up, and no other");
        if (_isUp)
        {
            LearnPlaces();
        }

        return _isUp;
    }

    /// <summary>The card writes a word of a descriptor, whichever.</summary>
    public void Bend(bool isSending, int index, int word, uint value)
    {
        if (_isUp)
        {
            Card.Descriptor(isSending, index)[word] = value;
            if (!isSending)
            {
                _isBent[index] = true;
                _came[index] = null;
            }
        }
    }

    /// <summary>A frame comes.</summary>
    public void Arrive(uint length, uint status, byte value)
    {
        var index = Card.Receiving;
        if (_isUp && Card.TryReceive(length & 0x1fff, status, value))
        {
            if (_isBent[index])
            {
                // It may have written into any buffer, and into the rings.
                Array.Clear(_came);
                Array.Fill(_isBent, true);
            }

            _came[index] = status == 0xc000 && !_isBent[index] ? (length & 0x1fff, value) : null;
        }
    }

    /// <summary>Has the driver take the card's interrupt.</summary>
    public void Acknowledge()
    {
        var host = new RegisterHost(Card);
        Card.Allow(MostOfAcknowledge, 0);
        Note();
        _driver.Acknowledge(ref host);
        RequireSame(-1, mayRestart: true);
        RequireDown();
    }

    /// <summary>Takes a frame that came.</summary>
    public bool TryTake(bool isKept)
    {
        var host = new RegisterHost(Card);
        Card.Allow(0, 0);
        Note();
        var isThere = _driver.TryReceive(ref host, out var index, out var frame, out var length);
        RequireSame(-1, mayRestart: false);
        RequireDown();
        FuzzException.Require(!isThere || _isUp, "a frame of a card that is not up");
        if (!isThere)
        {
            return false;
        }

        FuzzException.Require(index < HostCadenceGem.Buffers && HostCadenceGem.Buffers <= Descriptors, "a buffer that there is not");
        FuzzException.Require(_held.Add(index), "a buffer that was not given back");
        FuzzException.Require((_before[index * WordsOfDescriptor] & 1) != 0, "a buffer that the card has not given up");
        FuzzException.Require(frame == Pointer(_places[index]), "a frame that is not at its buffer's beginning");
        if (_came[index] is { } came)
        {
            FuzzException.Require(length == came.Length, "a frame of another length");
            FuzzException.Require(length is < FrameMin or > FrameMax || new ReadOnlySpan<byte>(frame, (int)length).IndexOfAnyExcept(came.Value) < 0, "another frame");
        }

        if (!isKept)
        {
            Give(index);
        }

        return true;
    }

    /// <summary>Gives back a buffer that is held.</summary>
    public void GiveOne(int which)
    {
        if (_held.Count != 0)
        {
            var all = new List<uint>(_held);
            Give(all[which % all.Count]);
        }
    }

    /// <summary>Has the driver send a frame, of any length.</summary>
    /// <param name="length">Its bytes.</param>
    /// <param name="isLast">Whether memory that nobody may touch is behind it; else it is before.</param>
    /// <param name="value">What it is made of.</param>
    public bool TrySend(uint length, bool isLast, byte value)
    {
        var frame = _frames.Span[(isLast ? Page + MostBytes - (int)length : Page)..][..(int)length];
        frame.Fill(value);
        var host = new RegisterHost(Card);
        Card.Allow(0, 0);
        Note();
        bool isSent;
        fixed (byte* first = frame)
        {
            // A frame without a byte has no first one, but a place.
            isSent = _driver.TrySend(ref host, length == 0 ? _frames.Pointer + Page : first, length);
        }

        RequireDown();
        FuzzException.Require(frame.IndexOfAnyExcept(value) < 0, "the driver wrote into a frame that it was to send");
        FuzzException.Require(!isSent || (_isUp && length <= RoomOfBuffer), "a frame is taken that cannot be sent");
        var index = RequireSame(isSent ? Descriptors : -1, mayRestart: false);
        if (isSent)
        {
            RequireSent(index, frame);
        }

        return isSent;
    }

    /// <summary>Has the driver tell the card, some time later.</summary>
    public void Finish(ulong pause)
    {
        Card.Time += pause;
        var host = new RegisterHost(Card);
        Card.Allow(MostOfFinish, LooksOfFinish);
        Note();
        _driver.Finish(ref host);
        RequireSame(-1, mayRestart: false);
        RequireDown();
    }

    /// <summary>Whatever the card was, a sound one is started, gets frames and sends them; and nothing but the driver's memory was written.</summary>
    public void RequireServes()
    {
        Card.Reset();
        (Card.IsWide, Card.PhyAddress, Card.ManagementLooks) = (true, 3, 3);
        FuzzException.Require(Start(), "a sound card does not start");
        for (var i = 0; i <= Descriptors; i++)
        {
            Arrive(FrameMin + (uint)i, 0xc000, (byte)i);
            Acknowledge();
            FuzzException.Require(TryTake(isKept: false) && !TryTake(isKept: false), "a frame that came is not there");
            FuzzException.Require(TrySend(FrameMax - (uint)i, i % 2 == 0, (byte)i), "a frame is not sent");
            Finish(0);
            FuzzException.Require(Card.TrySend(out var sent) && sent.Length == FrameMax - i && sent.IndexOfAnyExcept((byte)i) < 0, "another frame is sent");
        }

        FuzzException.Require(_memory.Span[..Page].IndexOfAnyExcept((byte)0xa5) < 0, "the driver wrote outside of its memory");
    }

    public void Dispose()
    {
        _memory.Dispose();
        _frames.Dispose();
        _tree.Dispose();
    }

    private static byte[] MakeTree(bool hasClock)
    {
        var blob = new byte[1024];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.Property("#address-cells"u8, 2u);
        writer.Property("#size-cells"u8, 2u);
        writer.BeginNode("ethernet"u8, GemCard.At);
        writer.StringProperty("compatible"u8, HostCadenceGem.Compatible);
        writer.Property("reg"u8, hasClock
            ? [0, (uint)GemCard.At, 0, (uint)GemCard.Bytes, 0, (uint)GemCard.ClockAt, 0, (uint)GemCard.ClockBytes]
            : [0, (uint)GemCard.At, 0, (uint)GemCard.Bytes]);
        writer.EndNode();
        writer.EndNode();
        FuzzException.Require(writer.Finish(out _) == FdtWriteError.None, "the tree is written");
        return blob;
    }

    private byte* Pointer(ulong address) => Memory + (address - RamAt);

    private void Give(uint index)
    {
        Note();
        _driver.Give(index);
        _held.Remove(index);
        _came[index] = null;
        RequireSame((int)index, mayRestart: false);
        var word = Card.Descriptor(false, (int)index)[0];
        FuzzException.Require((word & ~3u) == (uint)_places[index] && (word & 1) == 0 && (word & 2) != 0 == (index == Descriptors - 1), "a buffer that is given back is another");
    }

    // All of the rings and of each buffer is memory of the driver's, and no buffer is in another or in a ring.
    private void LearnPlaces()
    {
        var taken = new List<(ulong At, ulong Bytes)> { (Card.Queue(false), WordsOfRing * sizeof(uint)), (Card.Queue(true), WordsOfRing * sizeof(uint)) };
        for (var i = 0; i < 2 * Descriptors; i++)
        {
            var (isSending, index) = (i >= Descriptors, i % Descriptors);
            var descriptor = Card.Descriptor(isSending, index);
            var isLast = (isSending ? descriptor[1] >> 30 : descriptor[0] >> 1) & 1;
            FuzzException.Require(isLast == (index == Descriptors - 1 ? 1u : 0), "a ring of another length");
            FuzzException.Require((isSending ? descriptor[1] >> 31 : descriptor[0] & 1) == (isSending ? 1u : 0), "the card has all buffers for what comes, and none for what goes");
            _places[i] = (isSending ? descriptor[0] : descriptor[0] & ~3u) | ((ulong)descriptor[2] << 32);
            taken.Add((_places[i], RoomOfBuffer));
        }

        taken.Sort();
        var end = RamAt;
        foreach (var (at, bytes) in taken)
        {
            FuzzException.Require(at >= end && Card.Reaches(at, bytes), "the card is told of memory that is not the driver's, or twice of the same");
            end = at + bytes;
        }
    }

    private void Note()
    {
        if (_isUp)
        {
            Ring(false).CopyTo(_before);
            Ring(true).CopyTo(_before.AsSpan(WordsOfRing));
        }
    }

    private ReadOnlySpan<uint> Ring(bool isSending) => new(Card.Descriptor(isSending, 0), WordsOfRing);

    // One descriptor may have changed: the one that is named, or one of those that send, where that is the first of them. Which, or -1.
    private int RequireSame(int one, bool mayRestart)
    {
        var changed = -1;
        if (!_isUp || (Ring(false).SequenceEqual(_before.AsSpan(0, WordsOfRing)) && Ring(true).SequenceEqual(_before.AsSpan(WordsOfRing))))
        {
            return changed;
        }

        for (var i = 0; i < 2 * Descriptors; i++)
        {
            var isSending = i >= Descriptors;
            var was = _before.AsSpan(i * WordsOfDescriptor, WordsOfDescriptor);
            var now = new ReadOnlySpan<uint>(Card.Descriptor(isSending, i % Descriptors), WordsOfDescriptor);
            if (now.SequenceEqual(was) || (mayRestart && isSending && now[0] == was[0] && now[2] == was[2]))
            {
                continue;
            }

            FuzzException.Require(changed < 0 && (one < Descriptors ? i == one : isSending), "a descriptor changes that is not asked for");
            changed = i;
        }

        return changed;
    }

    // What goes was here before, is the card's now, and is the frame with zeros behind it.
    private void RequireSent(int index, ReadOnlySpan<byte> frame)
    {
        FuzzException.Require(index >= Descriptors, "a frame that is taken is not given to the card");
        FuzzException.Require(_before[(index * WordsOfDescriptor) + 1] >> 31 != 0, "a buffer that the card has not given up");
        var control = Card.Descriptor(true, index - Descriptors)[1];
        var length = Math.Max(frame.Length, ShortestFrame);
        FuzzException.Require(control == ((uint)length | (1u << 15) | (index == (2 * Descriptors) - 1 ? 1u << 30 : 0)), "the card is told something else of a frame");
        var buffer = new ReadOnlySpan<byte>(Pointer(_places[index]), length);
        FuzzException.Require(buffer[..frame.Length].SequenceEqual(frame) && buffer[frame.Length..].IndexOfAnyExcept((byte)0) < 0, "another frame is given to the card");
    }

    private void RequireDown()
    {
        FuzzException.Require(_isUp || !_driver.IsUp, "a card that was down is up again");
        _isUp = _driver.IsUp;
    }
}
