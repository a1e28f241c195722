using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Clock;

namespace Rvirt.Devices.Bus;

/// <content>The real-time clock and its alarm, and the watches of a disk: what a guest's devices have to do by themselves, at a time.</content>
public unsafe partial struct GuestBus<THost>
{
    /// <inheritdoc/>
    [ColdPath]
    public ulong ServeAlarm(ref THost host)
    {
        _lock.Acquire();
        var signals = _plic.Signals;
        var next = Math.Min(RingClock(ref host), WatchDisk(ref host));
        Tell(ref host, signals, elsewhere: false);
        _lock.Release();
        return next;
    }

    private ulong RingClock(ref THost host)
    {
        if (!_devices.Board.Has(GuestDeviceKind.Clock))
        {
            return GoldfishRtc.Never;
        }

        var now = Now(ref host);
        _clock.Advance(now);
        SetClockLine();
        var due = _clock.Due;
        return due == GoldfishRtc.Never ? due : _hostClock->WhenIs(ref host, now, due);
    }

    // SAFETY: a guest has a clock only where Initialize was given one of the host, which stays in place.
    private readonly ulong Now(ref THost host) => _hostClock->Read(ref host);

    private bool ReadClock(ref THost host, uint offset, out ulong value)
    {
        value = 0;
        if (offset >= GoldfishRtc.Size)
        {
            return false;
        }

        var answered = _clock.TryRead(offset, Now(ref host), out value);
        SetClockLine();
        return answered;
    }

    private bool WriteClock(ref THost host, uint offset, uint value, out GuestEvent asked)
    {
        asked = GuestEvent.None;
        if (offset >= GoldfishRtc.Size)
        {
            return false;
        }

        var due = _clock.Due;
        var answered = _clock.TryWrite(offset, Now(ref host), value);
        SetClockLine();
        asked = _clock.Due != due ? GuestEvent.Alarm : GuestEvent.None;
        return answered;
    }

    private void SetClockLine() => _plic.SetLevel(_devices.Board[GuestDeviceKind.Clock].Interrupt, _clock.InterruptLine);
}
