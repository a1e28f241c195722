using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Rvirt.Fuzz.Engine;

namespace Rvirt.Fuzz.Targets;

/// <summary>An SPI controller with a card behind it that says what the input has it say: a byte comes in for each that goes out, late, never, or with more that nobody asked for.</summary>
internal sealed class CardRegisters(CardWire wire, CardListener listener) : IRegisters
{
    /// <summary>Where the registers are.</summary>
    public const ulong At = 0x1005_0000;

    private const ulong Bytes = 0x1000;
    private const int Depth = 8;

    // More than ten times what a byte can take: nobody looks for it any longer.
    private const int MostLooks = 25_000;

    private readonly Queue<(byte Value, int Looks)> _received = new();
    private readonly List<byte> _given = [];
    private int _looks, _underWay;
    private bool _isSelected;

    /// <summary>Accesses that were not in vain.</summary>
    public long Accesses { get; private set; }

    /// <summary>How many of them are one too many.</summary>
    public long MostAccesses { get; set; }

    /// <summary>The time.</summary>
    public ulong Time { get; set; }

    /// <summary>Bytes that the driver has been given.</summary>
    public int Given => _given.Count;

    /// <summary>The driver starts again: whatever was under way, it does not know.</summary>
    public void Begin() => (_looks, _underWay) = (0, 0);

    /// <summary>Whether a sequence of bytes was given to the driver.</summary>
    /// <param name="bytes">The sequence.</param>
    /// <param name="from">Where it may begin; then where it ends.</param>
    public bool HasGiven(ReadOnlySpan<byte> bytes, ref int from)
    {
        var at = CollectionsMarshal.AsSpan(_given)[from..].IndexOf(bytes);
        from += at + bytes.Length;
        return at >= 0;
    }

    /// <inheritdoc/>
    public uint Read(ulong address, int size)
    {
        if (Offset(address, size) != 0x4c)
        {
            Count();
            return 0;
        }

        if (!_received.TryPeek(out var next) || next.Looks > _looks)
        {
            _looks++;
            FuzzException.Require(_looks < MostLooks, "a byte that never comes is waited for without end");
            return 1u << 31;
        }

        Count();
        _received.Dequeue();
        _looks = 0;
        _underWay--;
        _given.Add(next.Value);
        listener.Answer(next.Value);
        return next.Value;
    }

    /// <inheritdoc/>
    public void Write(ulong address, int size, ulong value)
    {
        var offset = Offset(address, size);
        Count();
        if (offset == 0x18)
        {
            _isSelected = value == 2;
            if (!_isSelected)
            {
                listener.Deselect();
            }
        }
        else if (offset == 0x48)
        {
            FuzzException.Require(value <= 0xff && ++_underWay <= Depth, "more bytes are under way than there is room for");
            var said = wire.Next(listener.Commands, listener.Blocks, out var looks);
            listener.Hear(_isSelected, (byte)value);
            _received.Enqueue((said, looks));
            for (var (count, unasked) = wire.Unasked; count > 0; count--)
            {
                _received.Enqueue((unasked, 0));
            }

            wire.Unasked = default;
        }
    }

    /// <inheritdoc/>
    public ulong ReadTime() => Time += wire.TimeStep;

    private static ulong Offset(ulong address, int size)
    {
        FuzzException.Require(size == sizeof(uint) && address >= At && address - At < Bytes && address % sizeof(uint) == 0, "an access outside of the registers");
        return address - At;
    }

    private void Count() => FuzzException.Require(++Accesses < MostAccesses, "a call has no end");
}
