using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A driver of the UART that the console uses: output and input by interrupt, output by polling too. Callers on several harts take a lock around it.</summary>
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

    /// <summary>Sends a byte where the transmitter has room now. Never waits.</summary>
    /// <returns>False where it has none: nothing was sent.</returns>
    bool TryWrite<THost>(ref THost host, byte value)
        where THost : struct, IMmio;

    /// <summary>Takes a received byte.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="value">The byte; zero for a break.</param>
    /// <param name="errors">What the line says of it, as a 16550A's line status: overrun (bit 1), parity (2) or framing error (3), break (4).</param>
    /// <returns>False where none waits.</returns>
    bool TryRead<THost>(ref THost host, out byte value, out byte errors)
        where THost : struct, IMmio;

    /// <summary>Turns the interrupts on or off.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="receive">Whether it interrupts while received bytes wait.</param>
    /// <param name="transmit">
    /// Whether it interrupts once the transmitter has room. It may go on to until a byte is sent or this is turned off: whoever is interrupted does
    /// one of the two.
    /// </param>
    void EnableInterrupts<THost>(ref THost host, bool receive, bool transmit)
        where THost : struct, IMmio;
}
