using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A driver of the host's real-time clock, which is only read: no guest can set it or use its alarm. Callers on several harts take a lock around it.</summary>
public interface IHostClock : IHostDriver
{
    /// <summary>Takes a clock.</summary>
    /// <param name="clock">What the device tree says of it.</param>
    void Initialize(in HostDevice clock);

    /// <summary>The time of day, in nanoseconds since 1970.</summary>
    ulong Read<THost>(ref THost host)
        where THost : struct, IMmio;
}
