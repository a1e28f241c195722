using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of the host's SiFive UART (SiFive's manuals of its chips, chapter on the UART): output through its FIFO, by interrupt or polled, input by interrupt.</summary>
/// <remarks>
/// The line speed stays as firmware left it. Registers are words. It tells of no error on the line, and a break is a zero byte.
/// Callers on several harts take a lock around it.
/// </remarks>
public struct HostSiFiveUart : IHostUart
{
    private const ulong TransmitData = 0x00;
    private const ulong ReceiveData = 0x04;
    private const ulong TransmitControl = 0x08;
    private const ulong ReceiveControl = 0x0c;
    private const ulong InterruptEnable = 0x10;

    private const uint FullOrEmpty = 1u << 31;
    private const uint Enabled = 1;
    private const int WatermarkShift = 16;
    private const uint TransmitInterrupt = 0x01;
    private const uint ReceiveInterrupt = 0x02;
    private const int FifoDepth = 8;

    private ulong _base;
    private bool _stalled;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "sifive,uart0"u8;

    /// <inheritdoc/>
    /// <remarks>What came in before was meant for firmware, and is dropped, as the 16550's driver does.</remarks>
    public void Initialize<THost>(ref THost host, in HostDevice uart)
        where THost : struct, IMmio
    {
        _base = uart.Base;
        _stalled = false;
        host.Write32(_base + InterruptEnable, 0);
        // Watermarks: room is when less than one byte waits to be sent, input when more than none waits to be read.
        host.Write32(_base + TransmitControl, Enabled | (1u << WatermarkShift));
        host.Write32(_base + ReceiveControl, Enabled);
        for (var waiting = FifoDepth; waiting > 0 && TryRead(ref host, out _, out _); waiting--)
        {
        }
    }

    /// <inheritdoc/>
    public void Write<THost>(ref THost host, byte value)
        where THost : struct, IMmio
    {
        // As with the 16550, a terminal that stops the line must not stop the machine.
        for (var looks = _stalled ? 1 : HostUart16550.PatienceLooks; looks > 0; looks--)
        {
            if (TryWrite(ref host, value))
            {
                _stalled = false;
                return;
            }
        }

        _stalled = true;
    }

    /// <inheritdoc/>
    /// <remarks>Asked for each byte: what is written into a full FIFO is lost, and nothing tells how full it is.</remarks>
    public readonly bool TryWrite<THost>(ref THost host, byte value)
        where THost : struct, IMmio
    {
        if ((host.Read32(_base + TransmitData) & FullOrEmpty) != 0)
        {
            return false;
        }

        host.Write32(_base + TransmitData, value);
        return true;
    }

    /// <inheritdoc/>
    public readonly bool TryRead<THost>(ref THost host, out byte value, out byte errors)
        where THost : struct, IMmio
    {
        // One read says whether a byte waits, and takes it.
        var word = host.Read32(_base + ReceiveData);
        var waits = (word & FullOrEmpty) == 0;
        value = waits ? (byte)word : (byte)0;
        errors = 0;
        return waits;
    }

    /// <inheritdoc/>
    /// <remarks>The transmitter interrupts for as long as its FIFO is empty.</remarks>
    public readonly void EnableInterrupts<THost>(ref THost host, bool receive, bool transmit)
        where THost : struct, IMmio =>
        host.Write32(_base + InterruptEnable, (receive ? ReceiveInterrupt : 0) | (transmit ? TransmitInterrupt : 0));
}
