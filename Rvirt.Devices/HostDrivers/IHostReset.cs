using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A driver of the device that ends the machine. It is there before any other, so that errors at start-up end the machine too.</summary>
public interface IHostReset : IHostDriver
{
    /// <summary>Takes the device.</summary>
    /// <param name="reset">What the device tree says of it.</param>
    void Initialize(in HostDevice reset);

    /// <summary>Ends the machine: turns it off or, where it cannot be, starts it again. It returns where the device does not do so at once; then firmware is asked.</summary>
    /// <param name="host">Access to the registers. Other harts may do the same.</param>
    /// <param name="status">0 for success.</param>
    void End<THost>(ref THost host, uint status)
        where THost : struct, IMmio;
}
