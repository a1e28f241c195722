using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>How harts of a guest start and stop each other, are held while it is paused, and how the guest stops: by itself, by one of its harts, or by others.</summary>
/// <remarks>
/// <para>The first who wants a guest to stop says why, and asks all of its harts. Each puts itself down on its way out, wherever it was; nobody waits.
/// The last one, which finds no other live, has the guest to itself: it resets the devices, and starts it again or ends it. A pause is the same, but that
/// the harts keep what they have.</para>
/// <para><see cref="Guest{THost}.Live"/> counts those that run or are about to. Only a hart that is live starts another, so that the count never leaves zero by
/// itself; a hart is put down before it stops to count, so that nobody has a hart of a guest that starts again.</para>
/// <para>All that is looked at and changed under the machine's lock of lives (<see cref="HostMachine{THost}.Lives"/>), so that who starts a hart and who stops the
/// guest see each other.</para>
/// </remarks>
// SAFETY: records of harts, guests and the machine stay in place; the calling hart is the core's.
[ColdPath]
internal static unsafe class GuestEnd<THost>
    where THost : unmanaged, IHypervisorHost
{
    private const uint FailureStatus = 1;

    /// <summary>Begins a life of a guest of which no hart runs, and which takes no requests meanwhile: fills its RAM, and has its first hart run.</summary>
    internal static void Begin(HostCore<THost>* core, Guest<THost>* guest)
    {
        GuestLife<THost>.Fill(ref core->Host, guest);
        ref var gate = ref guest->Machine->Lives;
        gate.Acquire();
        for (var i = 0; i < guest->Devices.Harts; i++)
        {
            guest->Harts[i]->State = HartState.Stopped;
        }

        guest->Live = 1;
        guest->Held = 0;
        guest->Stopping = 0;
        guest->IsReported = false;
        GuestControl<THost>.Enter(core, guest, GuestState.Running);
        StartHart(core, (GuestHart<THost>*)guest->Harts[0], guest->Kernel.Entry, guest->Layout.DeviceTree);
        gate.Release();
    }

    /// <summary>A hart of the guest starts another one, which it has taken for that.</summary>
    internal static void StartSibling(HostCore<THost>* core)
    {
        var hart = core->Running;
        ref var call = ref hart->V.Named;
        ref var gate = ref core->Machine->Lives;
        gate.Acquire();
        hart->Guest->Live++;
        StartHart(core, (GuestHart<THost>*)hart->Guest->Harts[call.Hart], call.Entry, call.Argument);
        gate.Release();
    }

    /// <summary>The virtual hart that is loaded stops: it is put down. Its guest ends if it was the last.</summary>
    /// <returns>Whether its guest begins again.</returns>
    internal static bool StopHart(HostCore<THost>* core)
    {
        var hart = core->Running;
        var guest = hart->Guest;
        ref var gate = ref core->Machine->Lives;
        gate.Acquire();
        if (guest->Live == 1 && guest->StopReason == StopReason.None)
        {
            // Nobody is left who could start another.
            gate.Release();
            hart->V.StopReason = StopReason.AllHartsStopped;
            return Stop(core);
        }

        PutDown(core);
        hart->V.State = HartState.Stopped;
        PassAlarm(core, hart);
        var isLast = --guest->Live == 0;
        FollowPause(core, guest);
        gate.Release();
        return isLast && Finish(core, hart);
    }

    /// <summary>
    /// The virtual hart that is loaded has its guest stop for its stop reason, or was asked to by another: it is put down, to stand still where the guest pauses, and
    /// stays loaded where what was asked is taken back.
    /// </summary>
    /// <returns>Whether its guest begins again.</returns>
    internal static bool Stop(HostCore<THost>* core)
    {
        var hart = core->Running;
        var guest = hart->Guest;
        var reason = hart->V.StopReason;
        ref var gate = ref core->Machine->Lives;
        gate.Acquire();
        var knows = reason != StopReason.Requested && guest->StopReason == StopReason.None;
        if (knows)
        {
            guest->IsReported = true;
            Ask(core, guest, reason, hart->V.FailureCode);
        }

        if (guest->StopReason == StopReason.None)
        {
            hart->V.StopReason = StopReason.None;
            if (guest->State == GuestState.Pausing)
            {
                PutDown(core);
                hart->IsHeld = true;
                guest->Held++;
                FollowPause(core, guest);
            }

            gate.Release();
            return false;
        }

        gate.Release();
        if (knows)
        {
            // By the hart that knows: its registers are what they were.
            GuestReport<THost>.Stopping(core, hart);
        }

        PutDown(core);
        gate.Acquire();
        var isLast = --guest->Live == 0;
        gate.Release();
        return isLast && Finish(core, hart);
    }

    /// <summary>Has a guest stop that does not yet. Under the machine's lock of lives.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="guest">The guest.</param>
    /// <param name="reason">Why.</param>
    /// <param name="code">What it reported, if it failed.</param>
    internal static void Ask(HostCore<THost>* core, Guest<THost>* guest, StopReason reason, uint code)
    {
        guest->Stopping = (byte)reason | ((long)code << 8);
        GuestControl<THost>.Enter(core, guest, GuestState.Stopping);
        Interrupt(core, guest);

        // They are put down again at once, for good.
        Release(core, guest);
    }

    /// <summary>Has each hart of a guest look at what is asked of the guest. Under the machine's lock of lives.</summary>
    internal static void Interrupt(HostCore<THost>* core, Guest<THost>* guest)
    {
        for (var i = 0; i < guest->Devices.Harts; i++)
        {
            HartKick.Raise(ref core->Host, ref *guest->Harts[i], HartRequest.Stop);
        }
    }

    /// <summary>Lets those harts of a guest go on that stand still. Under the machine's lock of lives.</summary>
    internal static void Release(HostCore<THost>* core, Guest<THost>* guest)
    {
        for (var i = 0; i < guest->Devices.Harts; i++)
        {
            var hart = (GuestHart<THost>*)guest->Harts[i];
            if (hart->IsHeld)
            {
                hart->IsHeld = false;
                LetRun(core, hart);
            }
        }

        guest->Held = 0;
    }

    // Under the lock: another that is about to stop finds what is asked of it here as it does.
    private static void PassAlarm(HostCore<THost>* core, GuestHart<THost>* stopped)
    {
        if (!stopped->V.HasAlarm)
        {
            return;
        }

        var guest = stopped->Guest;
        for (var i = 0; i < guest->Devices.Harts; i++)
        {
            // One that was taken for a start and is not started forgets what is asked of it as it starts.
            if (guest->Harts[i]->State is HartState.Started or HartState.Suspended or HartState.StopPending)
            {
                HartKick.Raise(ref core->Host, ref *guest->Harts[i], HartRequest.Alarm);
                return;
            }
        }
    }

    // Under the lock.
    private static void FollowPause(HostCore<THost>* core, Guest<THost>* guest)
    {
        if (guest->State == GuestState.Pausing && guest->Held == guest->Live)
        {
            GuestControl<THost>.Enter(core, guest, GuestState.Paused);
        }
    }

    // Under the lock: the hart is parked, and the caller's alone. One that starts as its guest pauses or stops finds that out.
    private static void StartHart(HostCore<THost>* core, GuestHart<THost>* hart, ulong entry, ulong argument)
    {
        GuestLife<THost>.Reset(core, hart, entry, argument);
        if (hart->Guest->State != GuestState.Running)
        {
            Interlocked.Or(ref hart->V.Requests, (int)HartRequest.Stop);
        }

        LetRun(core, hart);
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
        CoreKick<THost>.Raise(ref core->Host, hart->Home, CoreRequest.Reschedule);
    }

    private static void PutDown(HostCore<THost>* core)
    {
        if (core->Shares)
        {
            Scheduler<THost>.Park(core);
        }
        else
        {
            WorldSwitch<THost>.Save(core, RunState.Parked);
        }
    }

    /// <summary>None of the guest's harts runs: it begins again, or ends.</summary>
    /// <returns>Whether it begins again.</returns>
    private static bool Finish(HostCore<THost>* core, GuestHart<THost>* last)
    {
        var guest = last->Guest;
        if (!guest->IsReported)
        {
            GuestReport<THost>.Stopping(core, last);
        }

        // Devices must let go of the guest's memory before anything else uses it.
        if (!guest->Bus.ResetAll(ref core->Host))
        {
            GuestReport<THost>.DeviceStuck(core, guest);
            End(core, guest, GuestState.Dead, FailureStatus);
            return false;
        }

        switch (guest->StopReason)
        {
            case StopReason.Reboot:
                Begin(core, guest);
                return true;
            case StopReason.Shutdown:
                End(core, guest, GuestState.Stopped, 0);
                return false;
            default:
                var code = guest->FailureCode & 0xff;
                End(core, guest, GuestState.Stopped, code == 0 ? FailureStatus : code);
                return false;
        }
    }

    /// <summary>The guest is gone. The last one takes the machine with it; a hart whose guest is gone still passes interrupts on.</summary>
    private static void End(HostCore<THost>* core, Guest<THost>* guest, GuestState state, uint status)
    {
        Discount(core, guest, state, status);
        GuestControl<THost>.SetState(core, guest, state);
        GuestLife<THost>.PassFocus(ref core->Host, guest);
    }

    private static void Discount(HostCore<THost>* core, Guest<THost>* guest, GuestState state, uint status)
    {
        var machine = guest->Machine;
        if (status != 0)
        {
            Interlocked.CompareExchange(ref machine->Status, (int)status, 0);
        }

        if (Interlocked.Decrement(ref machine->Running) == 0)
        {
            GuestControl<THost>.SetState(core, guest, state);
            machine->Console.Finish(ref core->Host);
            core->Host.End((uint)Volatile.Read(ref machine->Status));
        }
    }

    /// <summary>
    /// A guest that takes no requests goes on from a copy: those of its harts that were not stopped stand still, and it counts as running where it did not before.
    /// </summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="guest">The guest.</param>
    /// <param name="before">Its state before.</param>
    internal static void Found(HostCore<THost>* core, Guest<THost>* guest, GuestState before)
    {
        ref var gate = ref core->Machine->Lives;
        gate.Acquire();
        guest->Held = 0;
        for (var i = 0; i < guest->Devices.Harts; i++)
        {
            var hart = (GuestHart<THost>*)guest->Harts[i];
            hart->IsHeld = hart->V.State != HartState.Stopped;
            guest->Held += hart->IsHeld ? 1 : 0;
        }

        guest->Live = guest->Held;
        guest->Stopping = 0;
        guest->IsReported = false;
        gate.Release();
        if (before is not (GuestState.Created or GuestState.Stopped))
        {
            return;
        }

        if (before == GuestState.Created)
        {
            GuestControl<THost>.RouteDevices(core, guest);
        }

        guest->Starts++;
        Interlocked.Increment(ref guest->Machine->Running);
    }

    /// <summary>A guest whose harts all stand still is lost, with its memory: a device of the host does not let go of that.</summary>
    internal static void Lose(HostCore<THost>* core, Guest<THost>* guest, bool counts)
    {
        GuestReport<THost>.DeviceStuck(core, guest);
        if (counts)
        {
            Discount(core, guest, GuestState.Dead, FailureStatus);
        }

        GuestControl<THost>.SetState(core, guest, GuestState.Dead);
        GuestLife<THost>.PassFocus(ref core->Host, guest);
    }
}
