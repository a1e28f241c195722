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
                    outcome = IdleLoop<THost>.Wait(core);
                    break;
                case TrapOutcome.DeviceInterrupt:
                    HostInterrupts<THost>.Serve(core);
                    HostInterrupt.FollowDevices(TrapContext<THost>.GuestMode, ref core->Host, ref hart->V, ref hart->Guest->Bus);
                    outcome = TrapOutcome.Resume;
                    break;
                case TrapOutcome.HartInterrupt:
                    outcome = ServeHarts(core, hart);
                    break;
                default:
                    Finish(core, hart, outcome, cause, value);
                    return core->Running;
            }

            if (outcome == TrapOutcome.Resume)
            {
                outcome = GoOn(core, hart);
            }
        }
    }

    /// <summary>Loads a virtual hart on a hart that runs nothing, and goes on with it: it waits on if it waited.</summary>
    /// <returns>The virtual hart to enter next.</returns>
    internal static GuestHart<THost>* Switch(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        var outcome = WorldSwitch<THost>.Load(core, hart);
        if (outcome == TrapOutcome.Resume)
        {
            outcome = hart->V.Waits && !HartWait.TryEnd(TrapContext<THost>.GuestMode, ref core->Host, ref hart->V) ? TrapOutcome.Idle : GoOn(core, hart);
        }

        return Leave(hart, outcome, 0, 0);
    }

    private static TrapOutcome ServeHarts(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        CoreKick<THost>.Take(core);
        var mmu = new ShadowMmuAdapter<THost>(&hart->Mmu);
        return HostInterrupt.ServeHarts(TrapContext<THost>.GuestMode, ref core->Host, ref hart->V, ref mmu, ref hart->Guest->Bus);
    }

    private static TrapOutcome GoOn(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        var mmu = new ShadowMmuAdapter<THost>(&hart->Mmu);
        return TrapHandler.GoOn(TrapContext<THost>.GuestMode, ref core->Host, ref hart->V, ref mmu, ref hart->Guest->Bus);
    }

    /// <summary>The guest does not go on: it starts again, or ends, or the hypervisor panics.</summary>
    [ColdPath]
    private static void Finish(HostCore<THost>* core, GuestHart<THost>* hart, TrapOutcome outcome, ulong cause, ulong value)
    {
        var guest = hart->Guest;
        if (outcome != TrapOutcome.Stop)
        {
            GuestReport<THost>.Unexpected(hart, cause, value);
            throw new System.InvalidOperationException("a trap that cannot come from a guest");
        }

        // Devices must let go of the guest's memory before anything else uses it.
        if (!guest->Bus.ResetAll(ref core->Host))
        {
            GuestReport<THost>.DeviceStuck(hart);
            End(core, guest, FailureStatus);
        }

        switch (hart->V.StopReason)
        {
            case StopReason.Reboot:
                GuestReport<THost>.Rebooting(hart);
                Start(core, hart);
                break;
            case StopReason.Shutdown:
                GuestReport<THost>.Ended(hart);
                End(core, guest, 0);
                break;
            default:
                GuestReport<THost>.Ended(hart);
                var code = hart->V.FailureCode & 0xff;
                End(core, guest, code == 0 ? FailureStatus : code);
                break;
        }
    }

    /// <summary>Loads the guest and puts its hart where firmware would enter it.</summary>
    [ColdPath]
    private static void Start(HostCore<THost>* core, GuestHart<THost>* hart)
    {
        var guest = hart->Guest;
        if (!GuestLoader<THost>.Load(guest))
        {
            throw new System.InvalidOperationException("a checked guest does not load");
        }

        guest->StartedAt = core->Host.ReadTime();
        PutAt(core, hart, guest->Kernel.Entry, guest->Layout.DeviceTree);
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

        hart->V.Reset(entry, argument);
        TrapContext<THost>.GuestMode.Reset(ref core->Host, ref hart->V);
        hart->Mmu.FenceAll(ref core->Host);
        WorldSwitch<THost>.Load(core, hart);
    }

    /// <summary>The guest is gone. The last one takes the machine with it; a hart whose guest is gone still passes interrupts on.</summary>
    [ColdPath]
    private static void End(HostCore<THost>* core, Guest<THost>* guest, uint status)
    {
        var machine = guest->Machine;
        Volatile.Write(ref guest->Ended, true);
        if (status != 0)
        {
            Interlocked.CompareExchange(ref machine->Status, (int)status, 0);
        }

        if (Interlocked.Decrement(ref machine->Running) == 0)
        {
            core->Host.End((uint)machine->Status);
        }

        PassFocus(ref core->Host, machine);
        WorldSwitch<THost>.Drop(core);
        IdleLoop<THost>.Run(core);
    }

    // Input goes to the first guest that still runs. One that ends on another hart meanwhile either finds the focus on itself and passes it on,
    // or is seen to have ended here: each side writes first and then looks.
    [ColdPath]
    private static void PassFocus(ref THost host, HostMachine<THost>* machine)
    {
        for (var i = 0; i < machine->GuestCount; i++)
        {
            if (machine->Guests[i].Ended)
            {
                continue;
            }

            machine->Console.SetFocus(ref host, i);
            Interlocked.MemoryBarrier();
            if (!Volatile.Read(ref machine->Guests[i].Ended))
            {
                return;
            }
        }
    }
}
