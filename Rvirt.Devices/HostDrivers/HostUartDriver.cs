using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>The driver of the UART that the machine has, whichever it is: the one place that knows which kinds have one. All zero is no UART.</summary>
public struct HostUartDriver : IHostUart
{
    private HostUartKind _kind;
    private HostUart16550 _ns16550;

    /// <summary>Whether a kind of UART has a driver; no UART needs none.</summary>
    public static bool Drives(HostUartKind kind) => kind is HostUartKind.None or HostUartKind.Ns16550A;

    /// <summary>Takes a UART and makes it usable for output. Interrupts stay off.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="uart">What the device tree says of it; of a kind that has a driver, else there is none.</param>
    public void Initialize<THost>(ref THost host, in UartDescription uart)
        where THost : struct, IMmio
    {
        this = default;
        if (uart.Kind == HostUartKind.Ns16550A)
        {
            _kind = uart.Kind;
            _ns16550.Initialize(ref host, uart.Base, uart.RegisterShift);
        }
    }

    /// <inheritdoc/>
    public void Write<THost>(ref THost host, byte value)
        where THost : struct, IMmio
    {
        if (_kind == HostUartKind.Ns16550A)
        {
            _ns16550.Write(ref host, value);
        }
    }

    /// <inheritdoc/>
    public bool TryRead<THost>(ref THost host, out byte value, out byte errors)
        where THost : struct, IMmio
    {
        if (_kind == HostUartKind.Ns16550A)
        {
            return _ns16550.TryRead(ref host, out value, out errors);
        }

        value = 0;
        errors = 0;
        return false;
    }

    /// <inheritdoc/>
    public readonly void EnableReceiveInterrupt<THost>(ref THost host, bool on)
        where THost : struct, IMmio
    {
        if (_kind == HostUartKind.Ns16550A)
        {
            _ns16550.EnableReceiveInterrupt(ref host, on);
        }
    }
}
