using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of the host's 16550A UART, or of one that has its registers: output through its FIFO, by interrupt or polled, input by interrupt.</summary>
/// <remarks>
/// Registers lie and are accessed as the tree says (<c>reg-offset</c>, <c>reg-shift</c>, <c>reg-io-width</c> of 1 or 4 bytes). The line speed stays as firmware left it.
/// Callers on several harts take a lock around it.
/// </remarks>
public struct HostUart16550 : IHostUart
{
    private const uint ReceiveTransmit = 0;
    private const uint InterruptEnable = 1;
    private const uint FifoControl = 2;
    private const uint LineControl = 3;
    private const uint ModemControl = 4;
    private const uint LineStatus = 5;

    private const byte ReceiveInterrupt = 0x01;
    private const byte TransmitInterrupt = 0x02;
    private const byte UnitEnable = 0x40;
    private const byte DataReady = 0x01;
    private const byte ByteErrors = 0x0e;
    private const byte Break = 0x10;
    private const byte HoldingEmpty = 0x20;
    private const byte AllSent = 0x40;
    private const byte EightBits = 0x03;
    private const byte FifoOnAndCleared = 0x07;
    private const byte ReadyAndInterruptOut = 0x0b;
    private const int FifoDepth = 16;

    // A terminal that stops the line must not stop the machine: after this many looks a byte is dropped.
    internal const int PatienceLooks = 1 << 22;

    private ulong _base;
    private int _shift;
    private bool _words;
    private byte _kept;
    private int _room;
    private bool _stalled;
    private bool _break;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "ns16550a\0ns16550\0snps,dw-apb-uart\0intel,xscale-uart"u8;

    /// <inheritdoc/>
    public void Initialize<THost>(ref THost host, in HostDevice uart)
        where THost : struct, IMmio
    {
        uart.TryUInt32("reg-offset"u8, out var offset);
        uart.TryUInt32("reg-shift"u8, out var shift);
        uart.TryUInt32("reg-io-width"u8, out var width);
        _base = uart.Base + (offset & 0xffc);
        _shift = (int)(shift & 7);
        _words = width == 4;
        _room = 0;
        _stalled = false;
        _break = false;
        // XScale's is off without that bit, where others have none.
        _kept = (byte)(Read(ref host, InterruptEnable) & UnitEnable);
        Write(ref host, InterruptEnable, _kept);
        SetFormat(ref host);
        Write(ref host, FifoControl, FifoOnAndCleared);
        Write(ref host, ModemControl, ReadyAndInterruptOut);
    }

    /// <inheritdoc/>
    public void Write<THost>(ref THost host, byte value)
        where THost : struct, IMmio
    {
        if (_room == 0 && !MakeRoom(ref host))
        {
            return;
        }

        _room--;
        Write(ref host, ReceiveTransmit, value);
    }

    /// <inheritdoc/>
    /// <remarks>An empty FIFO takes 16 bytes.</remarks>
    public bool TryWrite<THost>(ref THost host, byte value)
        where THost : struct, IMmio
    {
        if (_room == 0)
        {
            if ((Read(ref host, LineStatus) & HoldingEmpty) == 0)
            {
                return false;
            }

            _room = FifoDepth;
        }

        _room--;
        Write(ref host, ReceiveTransmit, value);
        return true;
    }

    /// <inheritdoc/>
    public bool TryRead<THost>(ref THost host, out byte value, out byte errors)
        where THost : struct, IMmio
    {
        value = 0;
        errors = 0;
        var status = Read(ref host, LineStatus);
        // Some chips, and QEMU, tell of a break while bytes from before it still wait; its own is zero.
        _break |= (status & Break) != 0;
        if ((status & DataReady) == 0)
        {
            return false;
        }

        value = Read(ref host, ReceiveTransmit);
        errors = (byte)(status & ByteErrors);
        if (_break && value == 0)
        {
            _break = false;
            errors |= Break;
        }

        return true;
    }

    /// <inheritdoc/>
    /// <remarks>The transmitter's interrupt rises when it is enabled while the holding register is empty, and falls with a byte that is written (16550 data sheet, IER bit 1).</remarks>
    public readonly void EnableInterrupts<THost>(ref THost host, bool receive, bool transmit)
        where THost : struct, IMmio =>
        Write(ref host, InterruptEnable, (byte)(_kept | (receive ? ReceiveInterrupt : 0) | (transmit ? TransmitInterrupt : 0)));

    private bool MakeRoom<THost>(ref THost host)
        where THost : struct, IMmio
    {
        var looks = _stalled ? 1 : PatienceLooks;
        do
        {
            if ((Read(ref host, LineStatus) & HoldingEmpty) != 0)
            {
                _stalled = false;
                _room = FifoDepth;
                return true;
            }
        }
        while (--looks != 0);

        _stalled = true;
        return false;
    }

    // DesignWare's refuses it while it sends, and interrupts for that (DW_apb_uart databook, LCR); firmware may just have said something.
    private readonly void SetFormat<THost>(ref THost host)
        where THost : struct, IMmio
    {
        for (var looks = PatienceLooks; looks != 0 && Read(ref host, LineControl) != EightBits; looks--)
        {
            if ((Read(ref host, LineStatus) & AllSent) != 0)
            {
                Write(ref host, LineControl, EightBits);
            }
        }
    }

    private readonly byte Read<THost>(ref THost host, uint register)
        where THost : struct, IMmio =>
        _words ? (byte)host.Read32(Register(register)) : host.Read8(Register(register));

    private readonly void Write<THost>(ref THost host, uint register, byte value)
        where THost : struct, IMmio
    {
        if (_words)
        {
            host.Write32(Register(register), value);
        }
        else
        {
            host.Write8(Register(register), value);
        }
    }

    private readonly ulong Register(uint number) => _base + ((ulong)number << _shift);
}
