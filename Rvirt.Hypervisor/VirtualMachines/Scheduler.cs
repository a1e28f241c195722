using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Scheduling;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>What a hart does that shares virtual harts with others: it runs whom the machine's queue names, for as long as that says, and sleeps when it names none.</summary>
/// <remarks>
/// <para>A virtual hart that waits is put down, and is the business of the hart that had it last: its timer and what others ask of it
/// interrupt that hart, which has it put in the queue. Any hart can take it from there.</para>
/// <para>Outside of a hart, <see cref="VCpu.Run"/> and the queue are changed together, under the queue's lock. So nobody is woken who is not yet put
/// down, and nobody is picked twice. What is asked of a virtual hart before it is seen to wait has interrupted its hart by then, and
/// that interrupt is pending when the hart next looks: it cannot be lost.</para>
/// <para>A hart with interrupts masked that finds nothing to run says so in the queue, under the lock, before it sleeps; whoever wakes a
/// virtual hart after that interrupts it.</para>
/// </remarks>
// SAFETY: records of harts, guests and the machine stay in place; the calling hart is the core's.
internal static unsafe class Scheduler<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Takes part from now on. That hart calls it, before it runs anything.</summary>
    internal static void Open(HostCore<THost>* core)
    {
        ref var queue = ref core->Machine->Queue;
        queue.Lock.Acquire();
        queue.Open(core->Index);
        queue.Lock.Release();
    }

    /// <summary>A virtual hart that is parked has something to run from now on. Any hart may call it.</summary>
    /// <param name="core">The calling hart.</param>
    /// <param name="hart">The virtual hart.</param>
    internal static void Start(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        ref var queue = ref core->Machine->Queue;
        queue.Lock.Acquire();
        var cores = hart->V.TryMove(RunState.Parked, RunState.Runnable) ? queue.Wake(hart->Number, core->Host.ReadTime()) : 0;
        queue.Lock.Release();
        Tell(core, cores);
        if (core->Running != null && ((cores >> core->Index) & 1) != 0)
        {
            // The slice that it runs ends from now on, which whoever called does not know.
            CoreKick<THost>.Raise(ref core->Host, core, CoreRequest.Reschedule);
        }
    }

    /// <summary>The virtual hart that is loaded waits: another one runs.</summary>
    /// <returns>What comes next for the one that is loaded then: Resume to go on with it, Idle, or Stop.</returns>
    internal static TrapOutcome Block(HostCore<THost>* core)
    {
        ref var host = ref core->Host;
        core->Running->Guest->Bus.Idle(ref host);
        ref var queue = ref core->Machine->Queue;
        queue.Lock.Acquire();
        WorldSwitch<THost>.Save(core, RunState.Blocked);
        queue.Leave(core->Index, host.ReadTime());
        queue.Lock.Release();
        return RunNext(core);
    }

    /// <summary>The virtual hart that is loaded does not go on before it is started: it is put down. <see cref="RunNext"/> comes next.</summary>
    internal static void Park(HostCore<THost>* core)
    {
        ref var queue = ref core->Machine->Queue;
        queue.Lock.Acquire();
        WorldSwitch<THost>.Save(core, RunState.Parked);
        queue.Leave(core->Index, core->Host.ReadTime());
        queue.Lock.Release();
    }

    /// <summary>Goes on with the virtual hart that is loaded, or with another where its slice has ended.</summary>
    /// <returns>As <see cref="Block"/>.</returns>
    internal static TrapOutcome Yield(HostCore<THost>* core)
    {
        if (Volatile.Read(ref core->Begins) != 0)
        {
            PutBack(core);
            return RunNext(core);
        }

        WakeDue(core);
        ref var host = ref core->Host;
        ref var queue = ref core->Machine->Queue;
        var hart = core->Running;
        queue.Lock.Acquire();
        // Behind the lock: a slice that began before would be over once it has waited long for it, and where harts wait for each other in turn, each one would.
        var now = host.ReadTime();
        var sliceEnd = queue.SliceEnd(core->Index);
        var asks = sliceEnd <= now;
        asks |= hart->V.SliceEnd <= now && queue.IsToBeLookedAt(core->Index, now) && GivesWay(core);

        if (!asks)
        {
            // Interrupted before the look, which is still to come.
            sliceEnd = hart->V.SliceEnd > now ? Math.Min(sliceEnd, hart->V.SliceEnd) : sliceEnd;
        }
        else
        {
            var next = queue.Next(core->Index, now, out _);
            sliceEnd = queue.LookAt(core->Index, now);
            if (next != hart->Number)
            {
                // Before the lock is released: from then on another hart may load it.
                WorldSwitch<THost>.Save(core, RunState.Runnable);
                queue.Lock.Release();
                return Load(core, next, sliceEnd);
            }
        }

        queue.Lock.Release();
        Limit(core, sliceEnd);
        return TrapOutcome.Resume;
    }

    /// <summary>Another hart interrupted this one: wakes whom it has to wake. <see cref="Yield"/> comes next.</summary>
    internal static void WakeAsked(HostCore<THost>* core)
    {
        ref var queue = ref core->Machine->Queue;
        var asked = new Asked(core);
        queue.Lock.Acquire();
        ForEachWaiting(core, ref asked);
        queue.Lock.Release();
        Tell(core, asked.Cores);
    }

    /// <summary>The hart runs nothing: picks a virtual hart and loads it, and sleeps until there is one.</summary>
    /// <returns>As <see cref="Block"/>.</returns>
    internal static TrapOutcome RunNext(HostCore<THost>* core)
    {
        ref var host = ref core->Host;
        ref var queue = ref core->Machine->Queue;
        while (true)
        {
            if (Volatile.Read(ref core->Begins) != 0)
            {
                GuestStart<THost>.Serve(core);
            }

            WakeDue(core);
            queue.Lock.Acquire();
            var now = host.ReadTime();
            var next = queue.Next(core->Index, now, out _);
            var look = next != RunQueue.None ? queue.LookAt(core->Index, now) : HartTimer.Never;
            queue.Lock.Release();
            if (next != RunQueue.None)
            {
                return Load(core, next, look);
            }

            Sleep(core);
        }
    }

    // Looks at what the virtual hart that is loaded executes, as far as its own tables lead there; the A bit of that page is set, as by what it executes.
    private static bool GivesWay(HostCore<THost>* core)
    {
        var hart = core->Running;
        var spins = TrapContext<THost>.MmuOf(ref core->Host, hart).Translate(hart->V.Pc, AccessKind.Fetch, out var address) == FaultResolution.Mapped && SpinLoop.IsAt(hart->V.Memory, address);
        // Who asks others for something does it by a call.
        core->Machine->Queue.NoteSpinning(core->Index, spins, hart->V.Counters.SbiCalls);
        return spins;
    }

    // The virtual hart that is loaded goes on wherever there is room.
    [ColdPath]
    private static void PutBack(HostCore<THost>* core)
    {
        ref var queue = ref core->Machine->Queue;
        queue.Lock.Acquire();
        var now = core->Host.ReadTime();
        var number = core->Running->Number;
        WorldSwitch<THost>.Save(core, RunState.Runnable);
        queue.Leave(core->Index, now);
        var cores = queue.Wake(number, now);
        queue.Lock.Release();
        Tell(core, cores);
    }

    private static void Sleep(HostCore<THost>* core)
    {
        // No guest's tables are used while nobody looks after them; what the TLB holds of them stays right until their virtual hart comes back.
        ref var host = ref core->Host;
        host.WriteSatp(core->Machine->Boot.Satp);
        HartTimer.Arm(ref host, EarliestWake(core));
        host.Wfi();
        var pending = host.ReadSip() & host.ReadSie() & Interrupts.All;
        if ((pending & Interrupts.External) != 0)
        {
            HostInterrupts<THost>.Serve(core);
        }

        if ((pending & Interrupts.Software) != 0)
        {
            CoreKick<THost>.Take(core);
            WakeAsked(core);
        }
    }

    private static TrapOutcome Load(HostCore<THost>* core, int number, ulong sliceEnd)
    {
        var machine = core->Machine;
        var hart = (GuestHart<THost>*)machine->Guests[number / RunQueue.HartsPerGuest].Harts[number % RunQueue.HartsPerGuest];
        hart->V.SliceEnd = Math.Min(sliceEnd, EarliestWake(core));
        return GuestLife<THost>.Load(core, hart);
    }

    // The virtual hart that is loaded goes on until then.
    private static void Limit(HostCore<THost>* core, ulong sliceEnd)
    {
        ref var v = ref core->Running->V;
        v.SliceEnd = Math.Min(sliceEnd, EarliestWake(core));
        HartTimer.Load(TrapContext<THost>.ModeOf(ref core->Host), ref core->Host, ref v);
    }

    /// <summary>Puts those that wait here and whose time has come into the queue.</summary>
    private static void WakeDue(HostCore<THost>* core)
    {
        var now = core->Host.ReadTime();
        if (EarliestWake(core) > now)
        {
            return;
        }

        var due = new Due(core, now);
        ref var queue = ref core->Machine->Queue;
        queue.Lock.Acquire();
        ForEachWaiting(core, ref due);
        queue.Lock.Release();
        Tell(core, due.Cores);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong EarliestWake(HostCore<THost>* core)
    {
        var earliest = new Earliest(core);
        ForEachWaiting(core, ref earliest);
        return earliest.Time;
    }

    // Only the hart that had them last moves them on, so that they stay what they are meanwhile; who stops a guest looks under the lock.
    private static void ForEachWaiting<TVisitor>(HostCore<THost>* core, ref TVisitor visitor)
        where TVisitor : struct, IWaiting<THost>
    {
        var machine = core->Machine;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            var guest = machine->Guests + i;
            for (var n = 0; guest->Shares && n < guest->Devices.Harts; n++)
            {
                var hart = (GuestHart<THost>*)guest->Harts[n];
                if (hart->V.RunState == RunState.Blocked && Volatile.Read(ref hart->V.HostHartId) == core->HartId)
                {
                    visitor.Add(hart);
                }
            }
        }
    }

    /// <summary>Interrupts harts that have to ask the queue again. The calling one does so next.</summary>
    private static void Tell(HostCore<THost>* core, uint cores)
    {
        cores &= ~(1u << core->Index);
        for (var i = 0; cores != 0; i++, cores >>= 1)
        {
            if ((cores & 1) != 0)
            {
                CoreKick<THost>.Raise(ref core->Host, core->Machine->Cores + i, CoreRequest.Reschedule);
            }
        }
    }

    /// <summary>Puts those into the queue that were asked something: who asked interrupted this hart, as <see cref="VCpu.HostHartId"/> names it, and knows no more.</summary>
    private struct Asked(HostCore<THost>* core) : IWaiting<THost>
    {
        private readonly ulong _now = core->Host.ReadTime();

        public uint Cores { get; private set; }

        public void Add(GuestHart<THost>* hart)
        {
            if (hart->V.IsAskedToWake && hart->V.TryMove(RunState.Blocked, RunState.Runnable))
            {
                Cores |= core->Machine->Queue.Wake(hart->Number, _now);
            }
        }
    }

    /// <summary>Puts those into the queue whose time has come.</summary>
    private struct Due(HostCore<THost>* core, ulong now) : IWaiting<THost>
    {
        public uint Cores { get; private set; }

        public void Add(GuestHart<THost>* hart)
        {
            if (HartTimer.Wakes(TrapContext<THost>.ModeOf(ref core->Host), ref core->Host, hart->V) <= now && hart->V.TryMove(RunState.Blocked, RunState.Runnable))
            {
                Cores |= core->Machine->Queue.Wake(hart->Number, now);
            }
        }
    }

    /// <summary>Finds the first whose time comes.</summary>
    private struct Earliest(HostCore<THost>* core) : IWaiting<THost>
    {
        public ulong Time { get; private set; } = HartTimer.Never;

        public void Add(GuestHart<THost>* hart) => Time = Math.Min(Time, HartTimer.Wakes(TrapContext<THost>.ModeOf(ref core->Host), ref core->Host, hart->V));
    }
}
