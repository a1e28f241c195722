using System;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of the host's Goldfish RTC: the time of day, and when a moment of it comes. All zero is a clock that is not there.</summary>
/// <remarks>It is only read: no guest can set it or use its alarm. Harts may call at the same time.</remarks>
public struct HostGoldfishRtc
{
    private const ulong TimeLow = 0;
    private const ulong TimeHigh = 4;
    private const ulong Second = 1_000_000_000;
    private const uint ShortestWait = 1024;

    private TicketLock _lock;
    private ulong _base;
    private uint _frequency;

    /// <summary>Whether there is a clock.</summary>
    public readonly bool Exists => _base != 0;

    /// <summary>Names the clock.</summary>
    /// <param name="address">Physical address of its registers; 0: none.</param>
    /// <param name="timebaseFrequency">Ticks per second of <c>time</c>.</param>
    public void Initialize(ulong address, uint timebaseFrequency)
    {
        this = default;
        _base = address;
        _frequency = timebaseFrequency;
    }

    /// <summary>The time of day, in nanoseconds since 1970.</summary>
    public ulong Read<THost>(ref THost host)
        where THost : struct, IMmio
    {
        // A read of the lower half sets the upper one aside, for whoever reads it next.
        _lock.Acquire();
        var low = host.Read32(_base + TimeLow);
        var high = host.Read32(_base + TimeHigh);
        _lock.Release();
        return ((ulong)high << 32) | low;
    }

    /// <summary>The <c>time</c> at which a moment of the day will have come: rounded up, and a thousandth of a second ahead at the least, so that
    /// a clock that stands still keeps no hart busy.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="now">The time of day, in nanoseconds since 1970.</param>
    /// <param name="moment">The moment, likewise, and later.</param>
    /// <returns>All ones where <c>time</c> does not count so far.</returns>
    public readonly ulong WhenIs<THost>(ref THost host, ulong now, ulong moment)
        where THost : struct, ITime
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
}
