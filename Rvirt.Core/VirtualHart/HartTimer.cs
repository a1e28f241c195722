using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>The hart's one timer, which serves three: the timer that the guest sets by SBI, the alarm of its real-time clock, and the end of its slice.</summary>
/// <remarks>
/// It is set to the earliest of them. The guest's own deadline counts only while its interrupt is not pending: nothing but a later deadline
/// takes that back.
/// </remarks>
public static class HartTimer
{
    /// <summary>None comes.</summary>
    public const ulong Never = ulong.MaxValue;

    /// <summary>The guest sets its timer, and takes its pending interrupt back (SBI 2.0 §6.1).</summary>
    internal static void Set<TMode, THost>(TMode mode, ref THost host, ref VCpu v, ulong deadline)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        mode.SetPending(ref host, ref v, Interrupts.Timer, pending: false);
        v.Deadline = deadline;
        host.SetTimer(Math.Min(deadline, Math.Min(v.Alarm, v.SliceEnd)));
        host.SetSie(Interrupts.Timer);
    }

    /// <summary>The timer's interrupt has come.</summary>
    /// <returns>Resume, or Yield where the slice has ended.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TrapOutcome Serve<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        if ((v.Alarm & v.SliceEnd) != Never)
        {
            return ServeAll(mode, ref host, ref v, ref bus);
        }

        // Masking spares a call of the firmware: the guest sets the next deadline anyway.
        host.ClearSie(Interrupts.Timer);
        mode.SetPending(ref host, ref v, Interrupts.Timer, pending: true);
        return TrapOutcome.Resume;
    }

    /// <summary>The <c>time</c> at which a virtual hart has something to do by itself, were it to sleep now.</summary>
    public static ulong Wakes<TMode, THost>(TMode mode, ref THost host, in VCpu v)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost =>
        (mode.Pending(ref host, v) & Interrupts.Timer) != 0 ? v.Alarm : Math.Min(v.Deadline, v.Alarm);

    /// <summary>Sets the timer of the hart on which a virtual hart was just loaded: what it held was another's.</summary>
    public static void Load<TMode, THost>(TMode mode, ref THost host, ref VCpu v)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost =>
        Arm(ref host, Math.Min(Wakes(mode, ref host, v), v.SliceEnd));

    /// <summary>Sets the hart's timer, and lets it interrupt if it will.</summary>
    public static void Arm<THost>(ref THost host, ulong time)
        where THost : struct, ITrapHost
    {
        host.SetTimer(time);
        if (time == Never)
        {
            host.ClearSie(Interrupts.Timer);
        }
        else
        {
            host.SetSie(Interrupts.Timer);
        }
    }

    /// <summary>Does what a virtual hart's time has come for, and sets the timer for what comes next. It is loaded.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void CatchUp<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        var now = host.ReadTime();
        if (v.Deadline <= now)
        {
            mode.SetPending(ref host, ref v, Interrupts.Timer, pending: true);
        }

        if (v.Alarm <= now)
        {
            FollowAlarm(mode, ref host, ref v, ref bus);
        }
        else
        {
            Load(mode, ref host, ref v);
        }
    }

    /// <summary>The alarm was set or taken back.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void FollowAlarm<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        v.Alarm = bus.ServeAlarm(ref host);
        HostInterrupt.UpdateExternal(mode, ref host, ref v, ref bus);
        Load(mode, ref host, ref v);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrapOutcome ServeAll<TMode, THost, TBus>(TMode mode, ref THost host, ref VCpu v, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        if (v.SliceEnd <= host.ReadTime())
        {
            // Whoever goes on sets the timer, which interrupts at once where another time has come too: above other firmware that is a call, and one too many here.
            return TrapOutcome.Yield;
        }

        CatchUp(mode, ref host, ref v, ref bus);
        return TrapOutcome.Resume;
    }
}
