using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>The life of a guest on a hart: start, traps, start again, end.</summary>
public static unsafe class GuestLife<THost>
    where THost : unmanaged, IHypervisorHost
{
    private const uint FailureStatus = 1;

    /// <summary>A guest's first start, on the calling hart.</summary>
    /// <returns>The virtual hart to enter.</returns>
    [ColdPath]
    internal static GuestHart<THost>* Begin(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        // SAFETY: here and below: the machine's memory plan gave harts, virtual harts and guests places that stay.
        Start(core, hart);
        return hart;
    }

    /// <summary>
    /// A hart that shares virtual harts begins: it starts those guests that no other hart has begun to start, and runs whom the queue gives it.
    /// </summary>
    /// <returns>The virtual hart to enter.</returns>
    [ColdPath]
    internal static GuestHart<THost>* Share(HostCore<THost>* core)
    {
        var machine = core->Machine;
        Scheduler<THost>.Open(core);
        for (int i; (i = Interlocked.Increment(ref machine->NextToStart) - 1) < machine->GuestCount;)
        {
            var guest = machine->Guests + i;
            if (guest->Shares && guest->Lives)
            {
                var hart = (GuestHart<THost>*)guest->Harts[0];
                HostInterrupts<THost>.RouteDevices(core, guest);
                Prepare(core, hart);
                Scheduler<THost>.Start(core, hart);
            }
        }

        var outcome = Scheduler<THost>.RunNext(core);
        return Leave(core->Running, outcome, 0, 0);
    }

    /// <summary>A trap out of a guest: the one way from the trap vector to C#.</summary>
    /// <returns>The virtual hart to enter next.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GuestHart<THost>* Trap(GuestHart<THost>* hart, ulong cause, ulong value) =>
        (GuestHart<THost>*)Unsafe.AsPointer(ref new TrapContext<THost>(hart).Handle(cause, value));

    /// <summary>The run loop: what a hart does with a virtual hart that a trap left somewhere else than in its guest.</summary>
    /// <returns>The virtual hart to enter next.</returns>
    internal static GuestHart<THost>* Leave(GuestHart<THost>* hart, TrapOutcome outcome, ulong cause, ulong value)
    {
        // Nothing nests: what a guest does first when it was woken can be another wait.
        // The result is read from memory: were it seen to be the argument, every method up to the vector would save a register for it.
        var core = hart->Core;
        while (true)
        {
            switch (outcome)
            {
                case TrapOutcome.Resume:
                    return core->Running;
                case TrapOutcome.Idle:
                    outcome = core->Shares ? Scheduler<THost>.Block(core) : IdleLoop<THost>.Wait(core);
                    break;
                case TrapOutcome.Yield:
                    outcome = Scheduler<THost>.Yield(core);
                    break;
                case TrapOutcome.DeviceInterrupt:
                    HostInterrupts<THost>.Serve(core);
                    HostInterrupt.FollowDevices(TrapContext<THost>.GuestMode, ref core->Host, ref core->Running->V, ref core->Running->Guest->Bus);
                    outcome = TrapOutcome.Resume;
                    break;
                case TrapOutcome.HartInterrupt:
                    outcome = ServeHarts(core);
                    break;
                default:
                    outcome = Finish(core, outcome, cause, value, out var fresh);
                    if (fresh)
                    {
                        return core->Running;
                    }

                    break;
            }

            if (outcome == TrapOutcome.Resume)
            {
                outcome = GoOn(core);
            }
        }
    }

    /// <summary>Loads a virtual hart on a hart that runs nothing, and goes on with it: it waits on if it waited.</summary>
    /// <returns>The virtual hart to enter next.</returns>
    internal static GuestHart<THost>* Switch(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        var outcome = Load(core, hart);
        return Leave(hart, outcome == TrapOutcome.Resume ? GoOn(core) : outcome, 0, 0);
    }

    /// <summary>Loads a virtual hart on a hart that runs nothing.</summary>
    /// <returns>Resume to go on with it; Idle where it waits on; Stop where that was asked for.</returns>
    internal static TrapOutcome Load(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        var outcome = WorldSwitch<THost>.Load(core, hart);
        return outcome == TrapOutcome.Resume ? GoOnWaiting(core) : outcome;
    }

    // It does not get as far as the interrupt of its timer, if it goes on waiting.
    private static TrapOutcome GoOnWaiting(HostCore<THost>* core)
    {
        var hart = core->Running;
        if (!hart->V.Waits)
        {
            return TrapOutcome.Resume;
        }

        var mode = TrapContext<THost>.GuestMode;
        HartTimer.CatchUp(mode, ref core->Host, ref hart->V, ref hart->Guest->Bus);
        return HartWait.TryEnd(mode, ref core->Host, ref hart->V) ? TrapOutcome.Resume : TrapOutcome.Idle;
    }

    private static TrapOutcome ServeHarts(HostCore<THost>* core)
    {
        CoreKick<THost>.Take(core);
        if (core->Shares)
        {
            Scheduler<THost>.WakeAsked(core);
        }

        var hart = core->Running;
        var mmu = TrapContext<THost>.MmuOf(hart);
        var outcome = HostInterrupt.ServeHarts(TrapContext<THost>.GuestMode, ref core->Host, ref hart->V, ref mmu, ref hart->Guest->Bus);
        return outcome == TrapOutcome.Resume && core->Shares ? Scheduler<THost>.Yield(core) : outcome;
    }

    private static TrapOutcome GoOn(HostCore<THost>* core)
    {
        var hart = core->Running;
        var mmu = TrapContext<THost>.MmuOf(hart);
        return TrapHandler.GoOn(TrapContext<THost>.GuestMode, ref core->Host, ref hart->V, ref mmu, ref hart->Guest->Bus);
    }

    /// <summary>The guest does not go on: it starts again, or ends, or the hypervisor panics.</summary>
    /// <returns>What comes next for the virtual hart that is loaded then; nothing but to enter it, where it starts again on a hart to itself.</returns>
    [ColdPath]
    private static TrapOutcome Finish(HostCore<THost>* core, TrapOutcome outcome, ulong cause, ulong value, out bool fresh)
    {
        fresh = false;
        var hart = core->Running;
        var guest = hart->Guest;
        if (outcome != TrapOutcome.Stop)
        {
            GuestReport<THost>.Unexpected(hart, cause, value);
            throw new System.InvalidOperationException("a trap that cannot come from a guest");
        }

        switch (GuestControl<THost>.TakeAsked(guest, hart->V.StopReason))
        {
            case LifeRequest.Resume when hart->V.StopReason == StopReason.Requested:
                hart->V.StopReason = StopReason.None;
                return GoOnWaiting(core);
            case LifeRequest.Pause when hart->V.StopReason == StopReason.Requested:
                hart->V.StopReason = StopReason.None;
                PutDown(core);
                GuestControl<THost>.SetState(core, guest, GuestState.Paused);
                return Rest(core);
            case LifeRequest.Restart:
                hart->V.StopReason = StopReason.Reboot;
                break;
            case LifeRequest.Kill:
                hart->V.StopReason = StopReason.Requested;
                break;
        }

        // Devices must let go of the guest's memory before anything else uses it.
        if (!guest->Bus.ResetAll(ref core->Host))
        {
            GuestReport<THost>.DeviceStuck(core, guest);
            return End(core, guest, GuestState.Dead, FailureStatus);
        }

        switch (hart->V.StopReason)
        {
            case StopReason.Reboot:
                GuestReport<THost>.Rebooting(hart);
                Start(core, hart);
                GuestControl<THost>.SetState(core, guest, GuestState.Running);
                fresh = !core->Shares;
                return fresh ? TrapOutcome.Resume : Scheduler<THost>.Yield(core);
            case StopReason.Shutdown:
                GuestReport<THost>.Ended(hart);
                return End(core, guest, GuestState.Stopped, 0);
            default:
                GuestReport<THost>.Ended(hart);
                var code = hart->V.FailureCode & 0xff;
                return End(core, guest, GuestState.Stopped, code == 0 ? FailureStatus : code);
        }
    }

    /// <summary>Loads the guest and puts its hart where firmware would enter it.</summary>
    [ColdPath]
    private static void Start(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        Fill(ref core->Host, hart->Guest);
        PutAt(core, hart, hart->Guest->Kernel.Entry, hart->Guest->Layout.DeviceTree);
    }

    /// <summary>Loads what the guest is made of, as <see cref="GuestLoader{THost}"/> does, and puts its hart where that starts; it is loaded nowhere.</summary>
    [ColdPath]
    internal static void Prepare(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        Fill(ref core->Host, hart->Guest);
        Reset(core, hart, hart->Guest->Kernel.Entry, hart->Guest->Layout.DeviceTree);
    }

    [ColdPath]
    private static void Fill(ref THost host, Guest<THost>* guest)
    {
        if (!GuestLoader<THost>.Load(guest))
        {
            throw new System.InvalidOperationException("a checked guest does not load");
        }

        guest->StartedAt = host.ReadTime();
    }

    /// <summary>Puts a virtual hart where a payload of S-mode starts, with nothing left of what it did before; memory stays as it is.</summary>
    /// <param name="core">The calling hart: the virtual hart is loaded on it then, and was loaded there or nowhere before.</param>
    /// <param name="hart">The virtual hart.</param>
    /// <param name="entry">Guest physical address of the first instruction.</param>
    /// <param name="argument">Value of a1.</param>
    [ColdPath]
    internal static void PutAt(HostCore<THost>* core, GuestHart<THost>* hart, ulong entry, ulong argument)
    {
        if (core->Running != null)
        {
            WorldSwitch<THost>.Drop(core);
        }

        Reset(core, hart, entry, argument);
        WorldSwitch<THost>.Load(core, hart);
    }

    // It is loaded nowhere.
    [ColdPath]
    private static void Reset(HostCore<THost>* core, GuestHart<THost>* hart, ulong entry, ulong argument)
    {
        hart->V.Reset(entry, argument);
        TrapContext<THost>.GuestMode.Reset(ref core->Host, ref hart->V);
        hart->Mmu.FenceAll(ref core->Host);
    }

    /// <summary>The guest is gone. The last one takes the machine with it; a hart whose guest is gone still passes interrupts on.</summary>
    /// <returns>What comes next for the virtual hart that is loaded then.</returns>
    [ColdPath]
    private static TrapOutcome End(HostCore<THost>* core, Guest<THost>* guest, GuestState state, uint status)
    {
        Discount(core, guest, state, status);

        // Only then: from there on another hart can start it again.
        PutDown(core);
        GuestControl<THost>.SetState(core, guest, state);
        PassFocus(ref core->Host, guest);
        return Rest(core);
    }

    [ColdPath]
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
            core->Host.End((uint)machine->Status);
        }
    }

    /// <summary>A guest whose harts all stand still goes on from a copy: it counts as running where it did not before.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="guest">The guest.</param>
    /// <param name="before">Its state before.</param>
    [ColdPath]
    internal static void Found(HostCore<THost>* core, Guest<THost>* guest, GuestState before)
    {
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
    [ColdPath]
    internal static void Lose(HostCore<THost>* core, Guest<THost>* guest, bool counts)
    {
        GuestReport<THost>.DeviceStuck(core, guest);
        if (counts)
        {
            Discount(core, guest, GuestState.Dead, FailureStatus);
        }

        GuestControl<THost>.SetState(core, guest, GuestState.Dead);
        PassFocus(ref core->Host, guest);
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

    /// <summary>The hart has put down what it ran.</summary>
    /// <returns>What comes next for the virtual hart that is loaded then.</returns>
    private static TrapOutcome Rest(HostCore<THost>* core)
    {
        if (core->Shares)
        {
            return Scheduler<THost>.RunNext(core);
        }

        IdleLoop<THost>.Run(core);
        return Load(core, core->First);
    }

    // Where the guest had the focus, input goes to the first one that still runs. One that ends on another hart meanwhile either finds the focus on
    // itself and passes it on, or is seen to have ended here: each side writes first and then looks.
    [ColdPath]
    internal static void PassFocus(ref THost host, Guest<THost>* ended)
    {
        var machine = ended->Machine;
        var from = ended->Index;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            if (!machine->Guests[i].Lives)
            {
                continue;
            }

            var passed = machine->Console.PassFocus(ref host, from, i);
            Interlocked.MemoryBarrier();
            if (!passed || machine->Guests[i].Lives)
            {
                return;
            }

            from = i;
        }
    }
}
