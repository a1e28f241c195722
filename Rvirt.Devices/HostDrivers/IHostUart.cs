using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A driver of the UART that the console uses: polled output, input by interrupt. Callers on several harts take a lock around it.</summary>
public interface IHostUart : IHostDriver
{
    /// <summary>Takes a UART and makes it usable for output. Interrupts stay off.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="uart">What the device tree says of it.</param>
    void Initialize<THost>(ref THost host, in HostDevice uart)
        where THost : struct, IMmio;

    /// <summary>Sends a byte, once the transmitter has room; one that stays busy drops it in the end.</summary>
    void Write<THost>(ref THost host, byte value)
        where THost : struct, IMmio;

    /// <summary>Takes a received byte.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="value">The byte; zero for a break.</param>
    /// <param name="errors">What the line says of it, as a 16550A's line status: overrun (bit 1), parity (2) or framing error (3), break (4).</param>
    /// <returns>False where none waits.</returns>
    bool TryRead<THost>(ref THost host, out byte value, out byte errors)
        where THost : struct, IMmio;

    /// <summary>Turns the receive interrupt on or off.</summary>
    void EnableReceiveInterrupt<THost>(ref THost host, bool on)
        where THost : struct, IMmio;
}
