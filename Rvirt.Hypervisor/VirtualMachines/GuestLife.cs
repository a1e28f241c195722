using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>The life of a guest on a hart: start and traps; its end is in <see cref="GuestEnd{THost}"/>.</summary>
public static unsafe class GuestLife<THost>
    where THost : unmanaged, IHypervisorHost
{
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
                HostInterrupts<THost>.RouteDevices(core, guest);
                GuestEnd<THost>.Begin(core, guest);
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

    /// <summary>A trap out of a guest into M-mode, where that is the hypervisor's: the one way from the vector there to C#.</summary>
    /// <returns>The virtual hart to enter next.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GuestHart<THost>* TrapToMachineMode(GuestHart<THost>* hart, ulong cause, ulong value) =>
        (GuestHart<THost>*)Unsafe.AsPointer(ref new ResidentContext<THost>(hart).Handle(cause, value));

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
                    HostInterrupt.FollowDevices(TrapContext<THost>.ModeOf(ref core->Host), ref core->Host, ref core->Running->V, ref core->Running->Guest->Bus);
                    outcome = TrapOutcome.Resume;
                    break;
                case TrapOutcome.HartInterrupt:
                    outcome = ServeHarts(core);
                    break;
                case TrapOutcome.HartStart:
                    GuestEnd<THost>.StartSibling(core);
                    outcome = TrapOutcome.Resume;
                    break;
                case TrapOutcome.FenceLate:
                    GuestReport<THost>.FenceLate(core, core->Running);
                    outcome = TrapOutcome.Resume;
                    break;
                case TrapOutcome.Breakpoint:
                    outcome = GuestBreakpoints<THost>.Meet(core, cause, value);
                    break;
                default:
                    outcome = End(core, outcome, cause, value, out var starts);
                    if (starts)
                    {
                        return core->Running;
                    }

                    break;
            }

            if (outcome == TrapOutcome.Resume)
            {
                outcome = TrapContext<THost>.GoOn(core->Running);
            }
        }
    }

    /// <summary>Loads a virtual hart on a hart that runs nothing, and goes on with it: it waits on if it waited.</summary>
    /// <returns>The virtual hart to enter next.</returns>
    internal static GuestHart<THost>* Switch(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        var outcome = Load(core, hart);
        return Leave(hart, outcome == TrapOutcome.Resume ? TrapContext<THost>.GoOn(core->Running) : outcome, 0, 0);
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

        var mode = TrapContext<THost>.ModeOf(ref core->Host);
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
        var mmu = TrapContext<THost>.MmuOf(ref core->Host, hart);
        var outcome = HostInterrupt.ServeHarts(TrapContext<THost>.ModeOf(ref core->Host), ref core->Host, ref hart->V, ref mmu, ref hart->Guest->Bus);
        return outcome == TrapOutcome.Resume && core->Shares ? Scheduler<THost>.Yield(core) : outcome;
    }

    /// <summary>The virtual hart does not go on: it stops or stands still, or its guest stops, or the hypervisor panics.</summary>
    /// <returns>What comes next for the virtual hart that is loaded then; nothing but to enter it, where it starts on a hart to itself.</returns>
    [ColdPath]
    private static TrapOutcome End(HostCore<THost>* core, TrapOutcome outcome, ulong cause, ulong value, out bool starts)
    {
        bool begins;
        starts = false;
        switch (outcome)
        {
            case TrapOutcome.HartStop:
                begins = GuestEnd<THost>.StopHart(core);
                break;
            case TrapOutcome.Stop:
                begins = GuestEnd<THost>.Stop(core);
                break;
            default:
                GuestReport<THost>.Unexpected(core, core->Running, cause, value);
                throw new System.InvalidOperationException("a trap that cannot come from a guest");
        }

        if (core->Running != null)
        {
            return GoOnWaiting(core);
        }

        if (core->Shares)
        {
            return Scheduler<THost>.RunNext(core);
        }

        IdleLoop<THost>.Run(core);
        outcome = Load(core, core->First);

        // Nobody else is there yet who could have left it a fence.
        starts = begins && core->First->V.Index == 0 && outcome == TrapOutcome.Resume;
        return outcome;
    }

    /// <summary>Loads the guest and puts its hart where firmware would enter it.</summary>
    [ColdPath]
    private static void Start(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        Fill(ref core->Host, hart->Guest);
        hart->Guest->Live = 1;
        PutAt(core, hart, hart->Guest->Kernel.Entry, hart->Guest->Layout.DeviceTree);
    }

    /// <summary>Fills a guest's RAM; none of its harts runs.</summary>
    [ColdPath]
    internal static void Fill(ref THost host, Guest<THost>* guest)
    {
        if (!GuestLoader<THost>.Load(guest))
        {
            throw new System.InvalidOperationException("a checked guest does not load");
        }

        GuestBreakpoints<THost>.Forget(guest);
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

    /// <summary>Does that for one that is loaded nowhere, on whichever hart; it is not loaded.</summary>
    [ColdPath]
    internal static void Reset(HostCore<THost>* core, GuestHart<THost>* hart, ulong entry, ulong argument)
    {
        TrapContext<THost>.ModeOf(ref core->Host).Reset(ref core->Host, ref hart->V);
        hart->Mmu.FenceAll(ref core->Host);
        hart->V.Reset(entry, argument);
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
