using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What is asked of guests from outside, on any hart, while they and their neighbours run: start, pause, resume, restart, kill.</summary>
/// <remarks>
/// <para>A guest that runs is asked to stop, and does what was asked on the hart that runs it (<see cref="GuestLife{THost}"/>): whoever asks waits for nothing.
/// One that is paused is let go on first. One that does not run is loaded by the hart that asks.</para>
/// <para>Its state says what it takes (<see cref="GuestStates"/>), and is looked at and changed under one lock. While a guest is loaded with its
/// kernel it takes nothing: what was asked then would be lost.</para>
/// </remarks>
// SAFETY: records of harts, guests and the machine stay in place; the calling hart is the core's.
[ColdPath]
internal static unsafe class GuestControl<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Asks a guest.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="guest">Whom.</param>
    /// <param name="request">What.</param>
    /// <returns>False where its state does not take that; nothing has happened then. True: it is done, or will be soon, which its state shows.</returns>
    internal static bool TryAsk(HostCore<THost>* core, Guest<THost>* guest, LifeRequest request)
    {
        ref var gate = ref guest->Machine->Lives;
        gate.Acquire();
        var state = guest->State;
        var takes = state.Takes(request);
        if (takes)
        {
            guest->Asked = request == LifeRequest.Start || (request == LifeRequest.Resume && state == GuestState.Paused) ? LifeRequest.None : request;
            Volatile.Write(ref guest->StateNumber, (int)After(request));
            if (request is LifeRequest.Pause or LifeRequest.Restart or LifeRequest.Kill)
            {
                // Under the lock: later it could meet another life.
                HartKick.Raise(ref core->Host, ref *guest->Harts[0], HartRequest.Stop);
            }
        }

        gate.Release();
        if (takes)
        {
            Act(core, guest, request, state);
            GuestCopy<THost>.Follow(core, guest);
        }

        return takes;
    }

    /// <summary>The guest stops: takes what was asked of it. Unless it goes on, it takes nothing else from here on.</summary>
    /// <param name="guest">The guest; the calling hart has its hart loaded.</param>
    /// <param name="reason">Why it stops: for a reason of its own that comes before a pause.</param>
    /// <returns>What was asked; <see cref="LifeRequest.Kill"/> where it was told to stop and not why.</returns>
    internal static LifeRequest TakeAsked(Guest<THost>* guest, StopReason reason)
    {
        ref var gate = ref guest->Machine->Lives;
        gate.Acquire();
        var request = guest->Asked == LifeRequest.None && reason == StopReason.Requested ? LifeRequest.Kill : guest->Asked;
        guest->Asked = LifeRequest.None;
        if (reason != StopReason.Requested || request is LifeRequest.Restart or LifeRequest.Kill)
        {
            Volatile.Write(ref guest->StateNumber, (int)GuestState.Stopping);
        }

        gate.Release();
        return request;
    }

    /// <summary>Says where a guest is in its life now.</summary>
    internal static void SetState(HostCore<THost>* core, Guest<THost>* guest, GuestState state)
    {
        ref var gate = ref guest->Machine->Lives;
        gate.Acquire();
        Volatile.Write(ref guest->StateNumber, (int)state);
        gate.Release();
        GuestCopy<THost>.Follow(core, guest);
    }

    private static GuestState After(LifeRequest request) => request switch
    {
        LifeRequest.Pause => GuestState.Pausing,
        LifeRequest.Resume => GuestState.Running,
        _ => GuestState.Stopping,
    };

    private static void Act(HostCore<THost>* core, Guest<THost>* guest, LifeRequest request, GuestState before)
    {
        var hart = (GuestHart<THost>*)guest->Harts[0];
        if (request == LifeRequest.Start)
        {
            if (before == GuestState.Created)
            {
                RouteDevices(core, guest);
            }

            Interlocked.Increment(ref guest->Machine->Running);
            GuestLife<THost>.Prepare(core, hart);
            SetState(core, guest, GuestState.Running);
            LetRun(core, hart);
            return;
        }

        if (before == GuestState.Paused)
        {
            LetRun(core, hart);
        }
    }

    // It is parked: nobody else touches it.
    private static void LetRun(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        if (hart->Guest->Shares)
        {
            Scheduler<THost>.Start(core, hart);
            return;
        }

        hart->V.Enter(RunState.Runnable);
        CoreKick<THost>.Raise(ref core->Host, CoreOf(hart), CoreRequest.Reschedule);
    }

    /// <summary>Routes the interrupts of a guest's devices, before it runs for the first time.</summary>
    internal static void RouteDevices(HostCore<THost>* core, Guest<THost>* guest) =>
        HostInterrupts<THost>.RouteDevices(guest->Shares ? core : CoreOf((GuestHart<THost>*)guest->Harts[0]), guest);

    // A guest that does not share harts has some of its own.
    private static HostCore<THost>* CoreOf(GuestHart<THost>* hart)
    {
        var core = hart->Guest->Machine->Cores;
        while (core->First != hart)
        {
            core++;
        }

        return core;
    }
}
