using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Host;

/// <summary>Console output without a driver: it works from the first instruction on, whatever the board's UART is.</summary>
public readonly struct EmergencySink<THost> : IConsoleSink<THost>
    where THost : struct, IHypervisorHost
{
    /// <inheritdoc/>
    public void Write(ref THost host, byte value) => host.WriteEmergency(value);
}
