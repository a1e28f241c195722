using System.Runtime.CompilerServices;

namespace Rvirt.Devices.Uart;

/// <summary>A guest's 16550A: registers a byte apart, two FIFOs of 16 bytes, loopback, and the interrupts a driver tells the chip by.</summary>
/// <remarks>
/// <para>Sections are those of National's data sheet of the PC16550D, June 1995; TI's later edition numbers them otherwise.</para>
/// <para>The line is infinitely fast: a byte written is gone at once, so the transmitter is always empty, and its interrupt rises again
/// after each write. A receive FIFO below its trigger level times out at once.</para>
/// <para>The transmitter's interrupt asks once for each time it arises: where a driver has claimed it at the PLIC and neither reads
/// the identification nor writes a byte, it stays identified but keeps the line low. Such drivers run on QEMU, whose PLIC does not look at
/// the line again when an interrupt is completed. A driver that reads the identification and finds another cause is asked again.</para>
/// <para>Framing and parity errors and breaks travel with their byte, and show once it is the next to be read (§8.4, bits 2 to 4).</para>
/// <para>An access wider than a byte is an access to the one register at its address, as on QEMU. The owner holds a lock.</para>
/// </remarks>
public unsafe struct Uart16550
{
    /// <summary>Depth of the FIFOs.</summary>
    public const int FifoDepth = 16;

    /// <summary>Size of the register space, in bytes; the chip's own are the first eight.</summary>
    public const ulong Size = 0x100;

    /// <summary>Line status read in a row after which the guest is taken to wait for input.</summary>
    public const int IdleReads = 4;

    /// <summary>Offset of the line status register.</summary>
    public const uint LineStatus = 5;

    private const byte IerReceive = 0x01;
    private const byte IerTransmit = 0x02;
    private const byte IerLine = 0x04;
    private const byte IerModem = 0x08;
    private const byte IerMask = 0x0f;
    private const byte IirNone = 0x01;
    private const byte IirModem = 0x00;
    private const byte IirTransmit = 0x02;
    private const byte IirReceive = 0x04;
    private const byte IirLine = 0x06;
    private const byte IirTimeout = 0x0c;
    private const byte IirFifos = 0xc0;
    private const byte FcrEnable = 0x01;
    private const byte FcrClearReceive = 0x02;
    private const byte LcrDivisor = 0x80;
    private const byte McrMask = 0x1f;
    private const byte McrLoop = 0x10;
    private const byte McrOut2 = 0x08;
    private const byte LsrReady = 0x01;
    private const byte LsrOverrun = 0x02;
    private const byte LsrErrors = 0x1e;
    private const byte LsrByteErrors = 0x1c;
    private const byte LsrFifoError = 0x80;
    private const byte LsrTransmitEmpty = 0x60;
    private const byte MsrConnected = 0xb0;
    private const byte MsrDeltas = 0x0f;
    private const byte MsrRing = 0x40;

    private byte _ier;
    private byte _fcr;
    private byte _lcr;
    private byte _mcr;
    private byte _msr;
    private byte _scratch;
    private byte _divisorLow;
    private byte _divisorHigh;
    private byte _errors;
    private byte _head;
    private byte _count;
    private byte _errorsBehind;
    private bool _transmitPending;
    private bool _transmitClaimed;
    private bool _line;
    private byte _statusReads;
    // SAFETY: every index is a remainder by FifoDepth, of non-negative numbers.
    private fixed byte _fifo[FifoDepth];
    private fixed byte _fifoErrors[FifoDepth];

    /// <summary>Resets the chip.</summary>
    public void Reset()
    {
        this = default;
        _divisorLow = 0x0c;
        _mcr = McrOut2;
        _msr = MsrConnected;
    }

    /// <summary>Whether the interrupt line is high.</summary>
    public readonly bool InterruptLine => _line;

    /// <summary>Whether a received byte fits.</summary>
    public readonly bool CanReceive => _count < Capacity && (_mcr & McrLoop) == 0;

    /// <summary>Whether received bytes wait.</summary>
    public readonly bool HasData => _count != 0;

    /// <summary>Whether the guest has just begun to poll for input. True once for each wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool BeganToWait() => _statusReads == IdleReads;

    /// <summary>Reads the line status where that changes nothing a driver or the owner can see.</summary>
    /// <returns>False where <see cref="Read"/> must do it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryReadQuietStatus(out ulong status)
    {
        status = (ulong)(LsrTransmitEmpty | (_count != 0 ? LsrReady : 0));
        if ((_errors | _errorsBehind) != 0 || _statusReads == IdleReads - 1)
        {
            return false;
        }

        if (_statusReads < IdleReads)
        {
            _statusReads++;
        }
        else
        {
            _statusReads = IdleReads + 1;
        }

        return true;
    }

    /// <summary>Gives the chip a received byte. Where it does not fit one is lost, and the guest is told of an overrun.</summary>
    /// <param name="value">The byte; zero for a break.</param>
    /// <param name="errors">What the line status register says of it: overrun before it (bit 1), parity (2) or framing error (3), break (4).</param>
    public void Receive(byte value, byte errors = 0)
    {
        _errors |= (byte)(errors & LsrOverrun);
        Push(value, (byte)(errors & LsrByteErrors));
        Update();
    }

    /// <summary>The PLIC has given the guest the chip's interrupt.</summary>
    internal void Claimed()
    {
        // A claim for another cause, which goes first, says nothing of the transmitter.
        _transmitClaimed |= (Identification() & 0x0f) == IirTransmit;
        Update();
    }

    /// <summary>Takes the oldest received byte without the guest's driver, or -1.</summary>
    internal int TakeReceived()
    {
        if (_count == 0)
        {
            return -1;
        }

        var value = Pop();
        Update();
        return value;
    }

    /// <summary>Reads a register.</summary>
    /// <param name="register">Byte offset; registers 0 to 7 exist, others read as zero.</param>
    public byte Read(uint register)
    {
        switch (register)
        {
            case 0:
                if ((_lcr & LcrDivisor) != 0)
                {
                    return _divisorLow;
                }

                if (_count == 0)
                {
                    return 0;
                }

                var received = Pop();
                Update();
                return received;
            case 1:
                return (_lcr & LcrDivisor) != 0 ? _divisorHigh : _ier;
            case 2:
                var identification = Identification();
                // Table IV: read while it is the source, the identification takes the transmitter's interrupt back; a write of a byte does too.
                if ((identification & 0x0f) == IirTransmit)
                {
                    _transmitPending = false;
                    Update();
                }
                else if (_transmitClaimed)
                {
                    // The driver serves another cause first: this one asks again behind it.
                    _transmitClaimed = false;
                    Update();
                }

                return identification;
            case 3:
                return _lcr;
            case 4:
                return _mcr;
            case LineStatus:
                // §8.4: bits 5 and 6, nothing is left to send; bit 0 as long as a byte waits; bit 7 with FIFOs alone, for an error anywhere in them.
                var status = (byte)(LsrTransmitEmpty | _errors | (_count != 0 ? LsrReady : 0));
                if ((_fcr & FcrEnable) != 0 && (_errorsBehind != 0 || (_errors & LsrByteErrors) != 0))
                {
                    status |= LsrFifoError;
                }

                if (_statusReads <= IdleReads)
                {
                    _statusReads++;
                }

                // §8.4: reading resets bits 1 to 4.
                if (_errors != 0)
                {
                    _errors = 0;
                    Update();
                }

                return status;
            case 6:
                // §8.9: reading resets the four bits that tell of changes.
                var modem = _msr;
                _msr &= unchecked((byte)~MsrDeltas);
                Update();
                return modem;
            case 7:
                return _scratch;
            default:
                return 0;
        }
    }

    /// <summary>Writes a register.</summary>
    /// <param name="register">Byte offset; registers 0 to 7 exist, writes to others do nothing.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether the byte goes out on the line.</returns>
    public bool Write(uint register, byte value)
    {
        switch (register)
        {
            case 0:
                if ((_lcr & LcrDivisor) != 0)
                {
                    _divisorLow = value;
                    return false;
                }

                // Gone at once: the interrupt falls with the write (Table IV) and rises again with the empty register.
                _transmitPending = true;
                _transmitClaimed = false;
                _statusReads = 0;
                // §8.8, bit 4: what is sent is received, and the line stays as it is.
                if ((_mcr & McrLoop) != 0)
                {
                    Push(value, 0);
                    Update();
                    return false;
                }

                Update();
                return true;
            case 1:
                if ((_lcr & LcrDivisor) != 0)
                {
                    _divisorHigh = value;
                    return false;
                }

                // §8.4, bit 5: with the interrupt enabled, an empty register asks for it.
                if ((value & ~_ier & IerTransmit) != 0)
                {
                    _transmitPending = true;
                    _transmitClaimed = false;
                }

                _ier = (byte)(value & IerMask);
                break;
            case 2:
                // §8.5: the other bits count only where the FIFOs are on; turning them on or off empties them.
                if (((value ^ _fcr) & FcrEnable) != 0 || (value & FcrClearReceive) != 0)
                {
                    _count = 0;
                    _head = 0;
                    _errorsBehind = 0;
                }

                _fcr = (value & FcrEnable) != 0 ? (byte)(value & 0xc9) : (byte)0;
                break;
            case 3:
                _lcr = value;
                return false;
            case 4:
                _mcr = (byte)(value & McrMask);
                UpdateModem();
                break;
            case 7:
                _scratch = value;
                return false;
            default:
                return false;
        }

        Update();
        return false;
    }

    private readonly int Capacity => (_fcr & FcrEnable) != 0 ? FifoDepth : 1;

    // §8.5, bits 6 and 7.
    private readonly int TriggerLevel => (_fcr & FcrEnable) == 0
        ? 1
        : (_fcr >> 6) switch { 0 => 1, 1 => 4, 2 => 8, _ => 14 };

    private void Push(byte value, byte errors)
    {
        // §8.4, bit 1: a full FIFO keeps what it has, and the new byte is lost; without FIFOs it takes the old one's place.
        if (_count >= Capacity)
        {
            _errors |= LsrOverrun;
            if (Capacity != 1)
            {
                return;
            }

            _count = 0;
        }

        var place = (_head + _count) % FifoDepth;
        _fifo[place] = value;
        _fifoErrors[place] = errors;
        _errorsBehind += (byte)(errors != 0 ? 1 : 0);
        if (_count++ == 0)
        {
            Reveal();
        }

        _statusReads = 0;
    }

    private byte Pop()
    {
        var value = _fifo[_head % FifoDepth];
        _head = (byte)((_head + 1) % FifoDepth);
        if (--_count != 0)
        {
            Reveal();
        }

        return value;
    }

    // The errors of the byte that is read next show in the line status (§8.4, bits 2 to 4).
    private void Reveal()
    {
        var errors = _fifoErrors[_head % FifoDepth];
        if (errors != 0)
        {
            _errors |= errors;
            _fifoErrors[_head % FifoDepth] = 0;
            _errorsBehind--;
        }
    }

    private void UpdateModem()
    {
        // §8.9, bits 4 to 7: looped back, the outputs are the inputs: DTR to DSR, RTS to CTS, OUT1 to RI, OUT2 to DCD.
        var inputs = (_mcr & McrLoop) == 0
            ? MsrConnected
            : (byte)(((_mcr & 1) << 5) | ((_mcr & 2) << 3) | ((_mcr & 4) << 4) | ((_mcr & 8) << 4));
        var changed = (_msr ^ inputs) & 0xf0;
        // §8.9, bit 2: ring counts only where it ends.
        if ((inputs & MsrRing) != 0)
        {
            changed &= ~MsrRing;
        }

        _msr = (byte)(inputs | (_msr & MsrDeltas) | (changed >> 4));
    }

    // By priority (§8.6, Table IV). The trigger level is §8.11's; below it a byte times out at once, as no time passes on the line.
    private readonly byte Identification()
    {
        var fifos = (_fcr & FcrEnable) != 0 ? IirFifos : (byte)0;
        if ((_ier & IerLine) != 0 && (_errors & LsrErrors) != 0)
        {
            return (byte)(fifos | IirLine);
        }

        if ((_ier & IerReceive) != 0 && _count != 0)
        {
            return (byte)(fifos | (_count >= TriggerLevel ? IirReceive : IirTimeout));
        }

        if ((_ier & IerTransmit) != 0 && _transmitPending)
        {
            return (byte)(fifos | IirTransmit);
        }

        if ((_ier & IerModem) != 0 && (_msr & MsrDeltas) != 0)
        {
            return (byte)(fifos | IirModem);
        }

        return (byte)(fifos | IirNone);
    }

    private void Update()
    {
        var identification = Identification();
        _line = (identification & 0x0f) == IirTransmit && _transmitClaimed
            ? (_ier & IerModem) != 0 && (_msr & MsrDeltas) != 0
            : (identification & IirNone) == 0;
    }
}
