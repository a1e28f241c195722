using Rvirt.Boot.Target;
using Rvirt.Devices.Console;

namespace Rvirt.Boot.Firmware;

/// <summary>Console output through the firmware: it works from the first instruction on, whatever the board's UART is.</summary>
internal readonly struct FirmwareSink : IConsoleSink<TargetHost>
{
    /// <inheritdoc/>
    public void Write(ref TargetHost host, byte value) => host.Firmware.Write(value);
}
