using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What is asked of guests from outside, on any hart, while they and their neighbours run: start, pause, resume, restart, kill.</summary>
/// <remarks>
/// <para>The harts of a guest that runs are asked to stop, and each does what was asked where it runs (<see cref="GuestEnd{THost}"/>): whoever asks waits for nothing.
/// Those of one that is paused are let go on first. One that does not run begins on a hart that runs nobody (<see cref="GuestStart{THost}"/>).</para>
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
            Take(core, guest, request);
        }

        gate.Release();
        if (takes && request == LifeRequest.Start)
        {
            Start(core, guest, state);
        }

        return takes;
    }

    // Under the lock: later it could meet another life.
    private static void Take(HostCore<THost>* core, Guest<THost>* guest, LifeRequest request)
    {
        switch (request)
        {
            case LifeRequest.Start:
                Enter(core, guest, GuestState.Stopping);
                break;
            case LifeRequest.Pause:
                Enter(core, guest, GuestState.Pausing);
                GuestEnd<THost>.Interrupt(core, guest);
                break;
            case LifeRequest.Resume:
                Enter(core, guest, GuestState.Running);
                GuestEnd<THost>.Release(core, guest);
                break;
            case LifeRequest.Restart:
                GuestEnd<THost>.Ask(core, guest, StopReason.Reboot, 0);
                break;
            case LifeRequest.Kill:
                GuestEnd<THost>.Ask(core, guest, StopReason.Requested, 0);
                break;
        }
    }

    private static void Start(HostCore<THost>* core, Guest<THost>* guest, GuestState before)
    {
        if (before == GuestState.Created)
        {
            RouteDevices(core, guest);
        }

        Interlocked.Increment(ref guest->Machine->Running);
        GuestStart<THost>.Ask(core, guest);
    }

    /// <summary>Says where a guest is in its life from now on.</summary>
    internal static void SetState(HostCore<THost>* core, Guest<THost>* guest, GuestState state)
    {
        ref var gate = ref guest->Machine->Lives;
        gate.Acquire();
        Enter(core, guest, state);
        gate.Release();
    }

    /// <summary>Says where a guest is in its life from now on. Under the machine's lock of lives.</summary>
    internal static void Enter(HostCore<THost>* core, Guest<THost>* guest, GuestState state)
    {
        guest->Enter(state);
        GuestCopy<THost>.Follow(core, guest);
    }

    /// <summary>Routes the interrupts of a guest's devices, before it runs for the first time.</summary>
    internal static void RouteDevices(HostCore<THost>* core, Guest<THost>* guest) =>
        HostInterrupts<THost>.RouteDevices(guest->Shares ? core : ((GuestHart<THost>*)guest->Harts[0])->Home, guest);
}
