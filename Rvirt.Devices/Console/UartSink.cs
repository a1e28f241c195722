using Rvirt.Core.Host;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Devices.Console;

/// <summary>Console output straight to the host's UART.</summary>
public readonly unsafe struct UartSink<THost> : IConsoleSink<THost>
    where THost : struct, IMmio
{
    private readonly HostUartDriver<THost>* _uart;

    /// <summary>Wraps a UART, which must stay where it is.</summary>
    public UartSink(HostUartDriver<THost>* uart) => _uart = uart;

    /// <inheritdoc/>
    // SAFETY: the constructor's caller keeps the UART's state in place.
    public void Write(ref THost host, byte value) => _uart->Write(ref host, value);
}
