using Rvirt.Core.Freestanding;

namespace Rvirt.Devices.Clock;

/// <summary>A guest's real-time clock: the Goldfish RTC. It counts nanoseconds since 1970, and can ring one alarm.</summary>
/// <remarks>
/// <para>The time is that of the host plus what the guest has set it ahead. A reset takes the alarm back and keeps the time, as a clock with
/// a battery does. An alarm keeps its moment when the clock is set while it waits.</para>
/// <para>Registers answer 4-byte aligned accesses only; those that do not exist read as zero. The owner holds a lock, passes the host's time,
/// and calls <see cref="Advance"/> when it reaches <see cref="Due"/>.</para>
/// </remarks>
internal struct GoldfishRtc
{
    /// <summary>Size of the register space in bytes.</summary>
    public const ulong Size = 0x24;

    /// <summary>What <see cref="Due"/> is where no alarm waits.</summary>
    public const ulong Never = ulong.MaxValue;

    private const uint TimeLow = 0x00;
    private const uint TimeHigh = 0x04;
    private const uint AlarmLow = 0x08;
    private const uint AlarmHigh = 0x0c;
    private const uint InterruptEnable = 0x10;
    private const uint ClearAlarm = 0x14;
    private const uint AlarmStatus = 0x18;
    private const uint ClearInterrupt = 0x1c;

    private ulong _ahead;
    private ulong _alarm;
    private ulong _due;
    private uint _timeHigh;
    private bool _waiting;
    private bool _enabled;
    private bool _pending;

    /// <summary>Whether the interrupt line is high.</summary>
    public readonly bool InterruptLine => _pending && _enabled;

    /// <summary>The host's time at which the alarm rings, or <see cref="Never"/>.</summary>
    public readonly ulong Due => _waiting ? _due : Never;

    /// <summary>Resets everything but the time.</summary>
    public void Reset()
    {
        var ahead = _ahead;
        this = default;
        _ahead = ahead;
    }

    /// <summary>Rings the alarm if its moment has come.</summary>
    /// <param name="now">The host's time, in nanoseconds since 1970.</param>
    public void Advance(ulong now)
    {
        if (_waiting && now >= _due)
        {
            Ring();
        }
    }

    /// <summary>Reads a register.</summary>
    /// <param name="offset">Byte offset, less than <see cref="Size"/>.</param>
    /// <param name="now">The host's time, in nanoseconds since 1970.</param>
    /// <param name="value">The register.</param>
    /// <returns>False for a misaligned offset.</returns>
    [ColdPath]
    public bool TryRead(uint offset, ulong now, out ulong value)
    {
        value = 0;
        if ((offset & 3) != 0)
        {
            return false;
        }

        Advance(now);
        switch (offset)
        {
            case TimeLow:
                // Both halves are of one moment.
                var time = now + _ahead;
                _timeHigh = (uint)(time >> 32);
                value = (uint)time;
                break;
            case TimeHigh:
                value = _timeHigh;
                break;
            case AlarmLow:
                value = (uint)_alarm;
                break;
            case AlarmHigh:
                value = (uint)(_alarm >> 32);
                break;
            case InterruptEnable:
                value = _enabled ? 1u : 0;
                break;
            case AlarmStatus:
                value = _waiting ? 1u : 0;
                break;
        }

        return true;
    }

    /// <summary>Writes a register.</summary>
    /// <param name="offset">Byte offset, less than <see cref="Size"/>.</param>
    /// <param name="now">The host's time, in nanoseconds since 1970.</param>
    /// <param name="value">The value; bits the register does not have are dropped.</param>
    /// <returns>False for a misaligned offset.</returns>
    [ColdPath]
    public bool TryWrite(uint offset, ulong now, uint value)
    {
        if ((offset & 3) != 0)
        {
            return false;
        }

        Advance(now);
        switch (offset)
        {
            case TimeLow:
                _ahead = WithLow(now + _ahead, value) - now;
                break;
            case TimeHigh:
                _ahead = WithHigh(now + _ahead, value) - now;
                break;
            case AlarmLow:
                _alarm = WithLow(_alarm, value);
                SetAlarm(now);
                break;
            case AlarmHigh:
                _alarm = WithHigh(_alarm, value);
                break;
            case InterruptEnable:
                _enabled = (value & 1) != 0;
                break;
            case ClearAlarm:
                _waiting = false;
                break;
            case ClearInterrupt:
                _pending = false;
                break;
        }

        return true;
    }

    private void SetAlarm(ulong now)
    {
        var time = now + _ahead;
        if (_alarm <= time)
        {
            Ring();
            return;
        }

        var wait = _alarm - time;
        _due = wait <= Never - now ? now + wait : Never;
        _waiting = true;
    }

    private void Ring()
    {
        _waiting = false;
        _pending = true;
    }

    private static ulong WithLow(ulong whole, uint half) => (whole & 0xffff_ffff_0000_0000) | half;

    private static ulong WithHigh(ulong whole, uint half) => (uint)whole | ((ulong)half << 32);
}
