using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of a Goldfish RTC.</summary>
public struct HostGoldfishRtc : IHostClock
{
    private const ulong TimeLow = 0;
    private const ulong TimeHigh = 4;

    private ulong _base;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "google,goldfish-rtc"u8;

    /// <inheritdoc/>
    public void Initialize(in HostDevice clock) => _base = clock.Base;

    /// <inheritdoc/>
    public readonly ulong Read<THost>(ref THost host)
        where THost : struct, IMmio
    {
        // A read of the lower half sets the upper one aside, for whoever reads it next.
        var low = host.Read32(_base + TimeLow);
        return ((ulong)host.Read32(_base + TimeHigh) << 32) | low;
    }
}
