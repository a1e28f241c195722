using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>SiFive's SPI controller (SiFive's manuals of its chips, chapter on SPI), used byte by byte through its FIFOs: a byte goes out, and one comes in.</summary>
/// <remarks>Registers are words. A controller whose bytes never come back is stuck, and is touched no more: what is received then are ones.</remarks>
[ColdPath]
internal struct SiFiveSpi
{
    /// <summary>Bytes that each of the two FIFOs has room for: as many may be under way.</summary>
    public const int Depth = 8;

    private const ulong Divisor = 0x00;
    private const ulong ClockMode = 0x04;
    private const ulong SelectLine = 0x10;
    private const ulong SelectInactive = 0x14;
    private const ulong SelectMode = 0x18;
    private const ulong Format = 0x40;
    private const ulong TransmitData = 0x48;
    private const ulong ReceiveData = 0x4c;
    private const ulong InterruptEnable = 0x70;

    private const uint Hold = 2;
    private const uint Off = 3;
    private const uint SelectLines = 32;
    private const uint Empty = 1u << 31;

    // Eight bits a frame, the most significant first, one data line in each direction.
    private const uint Bytes = 8u << 16;

    // The device tree does not say what the divisor divides. It is the bus clock, half of a core clock of 1 GHz at most: where that is slower, so is the card.
    private const uint InputHertz = 500_000_000;
    private const uint DivisorMax = 0xfff;

    // A byte takes 0.02 ms at the slowest clock that is asked for, a look at a register 10 ns at least: ten times what it can take.
    private const int PatienceLooks = 20_000;

    private ulong _base;
    private bool _isStuck;

    /// <summary>Whether a byte never came back.</summary>
    public readonly bool IsStuck => _isStuck;

    /// <summary>Takes the controller over, with no device selected.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="registers">Their physical address.</param>
    /// <param name="line">The select line of the device, which is active low.</param>
    public void Start<THost>(ref THost host, ulong registers, uint line)
        where THost : struct, IMmio
    {
        _base = registers;
        _isStuck = line >= SelectLines;
        if (_isStuck)
        {
            return;
        }

        host.Write32(_base + InterruptEnable, 0);
        host.Write32(_base + SelectMode, Off);
        host.Write32(_base + ClockMode, 0);
        host.Write32(_base + SelectLine, line);
        host.Write32(_base + SelectInactive, host.Read32(_base + SelectInactive) | (1u << (int)line));
        host.Write32(_base + Format, Bytes);
        Drain(ref host);
    }

    /// <summary>Drops what was received and not read: as much as there can be.</summary>
    public readonly void Drain<THost>(ref THost host)
        where THost : struct, IMmio
    {
        for (var left = 2 * Depth; left > 0 && (host.Read32(_base + ReceiveData) & Empty) == 0; left--)
        {
        }
    }

    /// <summary>Sets the clock on the wire; no byte is under way.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="hertz">The fastest that it may be, in Hz, no more than the controller can; it is the next that can be divided.</param>
    // Input / (2 * (divisor + 1)).
    public readonly void SetClock<THost>(ref THost host, uint hertz)
        where THost : struct, IMmio =>
        host.Write32(_base + Divisor, hertz == 0 ? DivisorMax : Math.Min(((InputHertz + (2 * hertz) - 1) / (2 * hertz)) - 1, DivisorMax));

    /// <summary>Selects the device, from the next byte on.</summary>
    public readonly void Select<THost>(ref THost host)
        where THost : struct, IMmio =>
        host.Write32(_base + SelectMode, Hold);

    /// <summary>Selects nothing.</summary>
    public readonly void Deselect<THost>(ref THost host)
        where THost : struct, IMmio =>
        host.Write32(_base + SelectMode, Off);

    /// <summary>Sends a byte; fewer than <see cref="Depth"/> are under way.</summary>
    public readonly void Push<THost>(ref THost host, byte value)
        where THost : struct, IMmio
    {
        if (!_isStuck)
        {
            host.Write32(_base + TransmitData, value);
        }
    }

    /// <summary>Waits for the byte that came in for the first of those under way.</summary>
    public byte Pull<THost>(ref THost host)
        where THost : struct, IMmio
    {
        for (var looks = _isStuck ? 0 : PatienceLooks; looks > 0; looks--)
        {
            var word = host.Read32(_base + ReceiveData);
            if ((word & Empty) == 0)
            {
                return (byte)word;
            }
        }

        _isStuck = true;
        return byte.MaxValue;
    }

    /// <summary>Sends a byte with none under way, and waits for the one that comes in.</summary>
    public byte Exchange<THost>(ref THost host, byte value)
        where THost : struct, IMmio
    {
        Push(ref host, value);
        return Pull(ref host);
    }
}
