using System.Numerics;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>
/// Performance counters (SBI 2.0 §11): firmware counters that follow the virtual hart's <see cref="TrapCounters"/>. There are no hardware
/// counters: a guest reads <c>cycle</c> and <c>instret</c> itself, and nothing could stop or set them for one guest alone.
/// </summary>
[ColdPath]
internal static class SbiPmu
{
    private const ulong SkipMatch = 1;

    private const ulong ClearValue = 2;

    private const ulong AutoStart = 4;

    /// <summary>All of config_matching's; bits 3 to 7 ask for modes to be left out, and are hints.</summary>
    private const ulong ConfigFlags = 0xff;

    private const ulong SetInitialValue = 1;

    private const ulong InitialSnapshot = 2;

    private const ulong ResetMapping = 1;

    private const ulong TakeSnapshot = 2;

    /// <summary>counter_info of a firmware counter, of 64 bits. Callers should look at no field but the type then, and Linux goes by the width all the same.</summary>
    private const ulong FirmwareCounter = (1UL << 63) | (63UL << 12);

    /// <summary>Type of event_idx: firmware events.</summary>
    private const ulong FirmwareEvents = 15;

    private const ulong IllegalInstruction = 4;

    private const ulong SetTimer = 5;

    /// <summary>The first of the events that an implementation defines: the counters of <see cref="SbiCounters"/> in their order.</summary>
    private const ulong FirstOwnEvent = 256;

    internal static SbiResult Call(ref VCpu v, ulong function)
    {
        var first = v.X[SbiDispatcher.A0];
        switch (function)
        {
            case 0:
                return SbiResult.Success(FirmwareCounters.Count);
            case 1:
                return first < FirmwareCounters.Count ? SbiResult.Success(FirmwareCounter) : InvalidParam;
            case 2:
                return TrySet(first, v.X[SbiDispatcher.A1], out var set)
                    ? Configure(ref v, set, v.X[SbiDispatcher.A2], v.X[SbiDispatcher.A3], v.X[SbiDispatcher.A4])
                    : InvalidParam;
            case 3:
                return TrySet(first, v.X[SbiDispatcher.A1], out set) ? Start(ref v, set, v.X[SbiDispatcher.A2], v.X[SbiDispatcher.A3]) : InvalidParam;
            case 4:
                return TrySet(first, v.X[SbiDispatcher.A1], out set) ? Stop(ref v, set, v.X[SbiDispatcher.A2]) : InvalidParam;
            case 5:
                return first < FirmwareCounters.Count ? SbiResult.Success(Value(ref v, (int)first)) : InvalidParam;
            case 6:
                // The upper half is for RV32, which reads counters in halves.
                return first < FirmwareCounters.Count ? SbiResult.Success() : InvalidParam;
            default:
                // 7: values cannot be had in shared memory, which a hart without overflow interrupts has no use for.
                return SbiDispatcher.NotSupported;
        }
    }

    /// <summary>The set of counters that a base and a mask name; false where one of them does not exist.</summary>
    private static bool TrySet(ulong first, ulong mask, out uint set)
    {
        set = 0;
        if (first >= FirmwareCounters.Count || mask >> (int)(FirmwareCounters.Count - first) != 0)
        {
            return false;
        }

        set = (uint)mask << (int)first;
        return true;
    }

    private static SbiResult Configure(ref VCpu v, uint set, ulong flags, ulong eventIndex, ulong eventData)
    {
        if ((flags & ~ConfigFlags) != 0)
        {
            return InvalidParam;
        }

        var source = EventOf(eventIndex, eventData);
        if (source == FirmwareCounters.NoEvent || !TryChoose(ref v, set, (flags & SkipMatch) != 0, out var counter))
        {
            return SbiDispatcher.NotSupported;
        }

        // What it counted until now stays its value, unless it is to be cleared.
        StopOne(ref v, counter);
        v.FirmwareCounters.Events[counter] = source;
        if ((flags & ClearValue) != 0)
        {
            v.FirmwareCounters.Values[counter] = 0;
        }

        if ((flags & AutoStart) != 0)
        {
            StartOne(ref v, counter);
        }

        return SbiResult.Success((ulong)counter);
    }

    /// <summary>The first of a set that is not started, one that monitors nothing before one that does; where there is no choice, the first.</summary>
    private static bool TryChoose(ref VCpu v, uint set, bool first, out int counter)
    {
        var stopped = first ? set : set & ~v.FirmwareCounters.Started;
        var free = stopped;
        for (var i = 0; i < FirmwareCounters.Count && !first; i++)
        {
            if (v.FirmwareCounters.Events[i] != FirmwareCounters.NoEvent)
            {
                free &= ~(1u << i);
            }
        }

        counter = BitOperations.TrailingZeroCount(free != 0 ? free : stopped);
        return stopped != 0;
    }

    private static SbiResult Start(ref VCpu v, uint set, ulong flags, ulong initial)
    {
        if ((flags & ~(SetInitialValue | InitialSnapshot)) != 0)
        {
            return InvalidParam;
        }

        if ((flags & InitialSnapshot) != 0)
        {
            return NoSharedMemory;
        }

        var already = set & v.FirmwareCounters.Started;
        for (var left = set & ~already; left != 0; left &= left - 1)
        {
            var counter = BitOperations.TrailingZeroCount(left);
            if ((flags & SetInitialValue) != 0)
            {
                v.FirmwareCounters.Values[counter] = initial;
            }

            StartOne(ref v, counter);
        }

        return new SbiResult(already == 0 ? SbiError.Success : SbiError.AlreadyStarted);
    }

    private static SbiResult Stop(ref VCpu v, uint set, ulong flags)
    {
        if ((flags & ~(ResetMapping | TakeSnapshot)) != 0)
        {
            return InvalidParam;
        }

        if ((flags & TakeSnapshot) != 0)
        {
            return NoSharedMemory;
        }

        var already = set & ~v.FirmwareCounters.Started;
        for (var left = set; left != 0; left &= left - 1)
        {
            var counter = BitOperations.TrailingZeroCount(left);
            StopOne(ref v, counter);
            if ((flags & ResetMapping) != 0)
            {
                // Also of one that has stopped before: drivers stop a counter, and let go of it later.
                v.FirmwareCounters.Events[counter] = FirmwareCounters.NoEvent;
            }
        }

        return new SbiResult(already == 0 ? SbiError.Success : SbiError.AlreadyStopped);
    }

    private static void StartOne(ref VCpu v, int counter)
    {
        v.FirmwareCounters.Values[counter] -= Followed(ref v, counter);
        v.FirmwareCounters.Started |= 1u << counter;
    }

    private static void StopOne(ref VCpu v, int counter)
    {
        v.FirmwareCounters.Values[counter] = Value(ref v, counter);
        v.FirmwareCounters.Started &= ~(1u << counter);
    }

    private static ulong Value(ref VCpu v, int counter)
    {
        var value = v.FirmwareCounters.Values[counter];
        return ((v.FirmwareCounters.Started >> counter) & 1) != 0 ? value + Followed(ref v, counter) : value;
    }

    private static ulong Followed(ref VCpu v, int counter)
    {
        var source = v.FirmwareCounters.Events[counter];
        return source == FirmwareCounters.NoEvent ? 0 : SbiCounters.Read(ref v, source - 1UL);
    }

    /// <summary>What <see cref="FirmwareCounters.Events"/> says of an event; no event where it cannot be monitored.</summary>
    private static byte EventOf(ulong index, ulong data)
    {
        if (index >> 16 != FirmwareEvents || data != 0)
        {
            return FirmwareCounters.NoEvent;
        }

        var code = index & 0xffff;
        return code switch
        {
            IllegalInstruction => 1 + SbiCounters.Emulated,
            SetTimer => 1 + SbiCounters.TimersSet,
            >= FirstOwnEvent when code - FirstOwnEvent < SbiCounters.Count => (byte)(1 + code - FirstOwnEvent),
            _ => FirmwareCounters.NoEvent,
        };
    }

    private static SbiResult InvalidParam => new(SbiError.InvalidParam);

    private static SbiResult NoSharedMemory => new(SbiError.NoSharedMemory);
}
