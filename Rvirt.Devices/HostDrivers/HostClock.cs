using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>The host's real-time clock, and its driver, whichever it is: the time of day, and when a moment of it comes. All zero is a clock that is not there.</summary>
/// <remarks>Harts may call at the same time.</remarks>
/// <typeparam name="THost">The hart that calls.</typeparam>
// SAFETY: Take fills in the entry for one type of driver, whose state is asked for as nothing else.
public unsafe struct HostClock<THost>
    where THost : struct, IMmio, ITime
{
    private const ulong Second = 1_000_000_000;
    private const uint ShortestWait = 1024;

    private TicketLock _lock;
    private DriverState _state;
    private delegate*<ref DriverState, ref THost, ulong> _read;
    private uint _frequency;

    /// <summary>Whether there is a clock.</summary>
    internal readonly bool Exists => _read != null;

    /// <summary>Has a driver take the clock.</summary>
    /// <typeparam name="TClock">The driver.</typeparam>
    /// <param name="device">What the device tree says of it.</param>
    /// <param name="timebaseFrequency">Ticks per second of <c>time</c>.</param>
    public void Take<TClock>(in HostDevice device, uint timebaseFrequency)
        where TClock : unmanaged, IHostClock
    {
        this = default;
        DriverState.As<TClock>(ref _state).Initialize(device);
        _read = &Read<TClock>;
        _frequency = timebaseFrequency;
    }

    /// <summary>The time of day, in nanoseconds since 1970.</summary>
    internal ulong Read(ref THost host)
    {
        _lock.Acquire();
        var now = _read(ref _state, ref host);
        _lock.Release();
        return now;
    }

    /// <summary>The <c>time</c> at which a moment of the day will have come: rounded up, and a thousandth of a second ahead at the least, so that
    /// a clock that stands still keeps no hart busy.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="now">The time of day, in nanoseconds since 1970.</param>
    /// <param name="moment">The moment, likewise, and later.</param>
    /// <returns>All ones where <c>time</c> does not count so far.</returns>
    internal readonly ulong WhenIs(ref THost host, ulong now, ulong moment)
    {
        var wait = moment - now;
        var seconds = wait / Second;
        var left = ulong.MaxValue - host.ReadTime();
        if (seconds > left / _frequency)
        {
            return ulong.MaxValue;
        }

        left -= seconds * _frequency;
        var rest = ((wait % Second * _frequency) + Second - 1) / Second;
        if (seconds == 0)
        {
            rest = Math.Max(rest, (_frequency / ShortestWait) + 1);
        }

        // Counted from the end of time, so that nothing is carried past it.
        return rest > left ? ulong.MaxValue : ulong.MaxValue - (left - rest);
    }

    private static ulong Read<TClock>(ref DriverState state, ref THost host)
        where TClock : unmanaged, IHostClock =>
        DriverState.As<TClock>(ref state).Read(ref host);
}
