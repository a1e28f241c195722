using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices;

/// <summary>Goldfish real-time clock: 64-bit nanoseconds since 1970 in halves, and an alarm.</summary>
/// <param name="machine">Whose time it counts, and whose harts it wakes.</param>
/// <param name="plic">Who takes its interrupt.</param>
/// <param name="source">Its interrupt at the PLIC.</param>
public sealed class GoldfishRtc(HartBoard machine, Plic plic, int source) : IDevice
{
    /// <summary>Nanoseconds in a tick of the machine's 10 MHz timebase.</summary>
    private const ulong NanosecondsPerTick = 100;

    private ulong _epoch = 2_000_000_000UL * 1_000_000_000;
    private ulong _alarm;
    private ulong _ringTick = ulong.MaxValue;
    private ulong _latched;
    private bool _enabled;
    private bool _pending;

    /// <summary>The tick at which the alarm rings; all ones: never.</summary>
    internal ulong RingTick => _ringTick;

    /// <summary>Nanoseconds since 1970 as they are now.</summary>
    /// <param name="hart">Whose time counts, or null.</param>
    public ulong Now(Hart? hart) => _epoch + (machine.Time(hart) * NanosecondsPerTick);

    /// <summary>Puts the clock to a time.</summary>
    /// <param name="hart">Whose time is now, or null.</param>
    /// <param name="nanoseconds">Since 1970.</param>
    public void Set(Hart? hart, ulong nanoseconds) => _epoch += nanoseconds - Now(hart);

    /// <summary>Lets the alarm ring if a tick is late enough.</summary>
    internal void Update(ulong tick)
    {
        if (tick >= _ringTick)
        {
            _ringTick = ulong.MaxValue;
            _pending = true;
            Drive();
        }
    }

    /// <inheritdoc/>
    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        Update(machine.Time(hart));
        if (offset == 0)
        {
            _latched = Now(hart);
        }

        value = offset switch
        {
            0 => _latched & 0xffff_ffff,
            4 => _latched >> 32,
            8 => _alarm & 0xffff_ffff,
            12 => _alarm >> 32,
            16 => _enabled ? 1UL : 0,
            24 => _ringTick != ulong.MaxValue ? 1UL : 0,
            _ => 0,
        };
        return size == 4;
    }

    /// <inheritdoc/>
    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        if (size != 4)
        {
            return false;
        }

        Update(machine.Time(hart));
        switch (offset)
        {
            case 0:
                Set(hart, (Now(hart) >> 32 << 32) + value);
                break;
            case 4:
                Set(hart, (value << 32) + (Now(hart) & 0xffff_ffff));
                break;
            case 8:
                _alarm = (_alarm >> 32 << 32) + value;
                Arm(hart);
                break;
            case 12:
                _alarm = (value << 32) + (_alarm & 0xffff_ffff);
                break;
            case 16:
                _enabled = value % 2 != 0;
                break;
            case 20:
                _ringTick = ulong.MaxValue;
                break;
            case 28:
                _pending = false;
                break;
        }

        Drive();
        return true;
    }

    private void Arm(Hart? hart)
    {
        var now = Now(hart);
        var ticks = _alarm > now ? ((_alarm - now - 1) / NanosecondsPerTick) + 1 : 0;
        _ringTick = machine.Time(hart) + ticks;
        Update(machine.Time(hart));
        foreach (var each in machine.Harts)
        {
            each.Attention();
        }
    }

    private void Drive() => plic.SetLine(source, _enabled && _pending);
}
