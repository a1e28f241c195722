using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Devices.Machine;
using Rvirt.Hypervisor.Host;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>The life of a guest on its hart: start, traps, start again, end.</summary>
public static unsafe class GuestLife<THost>
    where THost : unmanaged, IHypervisorHost
{
    private const uint FailureStatus = 1;

    /// <summary>A further hart, in the window, on its stack.</summary>
    [ColdPath]
    public static void HartMain(ulong hartId, GuestHart<THost>* hart)
    {
        if (hart->V.HostHartId != hartId)
        {
            throw new System.InvalidOperationException("a hart woke with another one's name");
        }

        Begin(hart);
    }

    /// <summary>A guest's first start on the calling hart. Never returns.</summary>
    [ColdPath]
    public static void Begin(GuestHart<THost>* hart)
    {
        // SAFETY: the machine's memory plan gave the hart and its guest places that stay.
        var guest = hart->Guest;
        ref var host = ref hart->Host;
        host.ClearSie(ulong.MaxValue);
        host.SetTimer(ulong.MaxValue);
        host.ClearSoftwareInterrupt();
        guest->Machine->Plic.OpenContext(ref host, hart->PlicContext);
        var uart = guest->Machine->Host.Uart;
        if (!GuestBus<THost>.Connect(&guest->Bus, ref host, hart->PlicContext, uart.Interrupt, guest->Harts))
        {
            throw new System.InvalidOperationException("a checked interrupt cannot be routed");
        }

        Start(hart);
        host.SetSie(Interrupts.All);
        host.EnterGuest(&hart->V);
    }

    /// <summary>A trap out of a guest: the one way from the trap vector to C#. Where it returns, the vector enters the same virtual hart again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Trap(GuestHart<THost>* hart, ulong cause, ulong value) =>
        TrapDispatch<TrapContext<THost>, THost, ShadowMmuAdapter<THost>, GuestBus<THost>>.Handle(new TrapContext<THost>(hart), cause, value);

    /// <summary>The run loop: what a hart does with a virtual hart that a trap left somewhere else than in its guest.</summary>
    internal static void Leave(GuestHart<THost>* hart, TrapOutcome outcome, ulong cause, ulong value)
    {
        // Nothing nests: what a guest does first when it was woken can be another wait.
        while (outcome == TrapOutcome.Idle)
        {
            outcome = IdleLoop.Wait(ref hart->Host, ref hart->V, ref hart->Guest->Bus);
            if (outcome == TrapOutcome.Resume)
            {
                var mmu = new ShadowMmuAdapter<THost>(&hart->Mmu);
                outcome = TrapHandler.GoOn(ref hart->Host, ref hart->V, ref mmu, ref hart->Guest->Bus);
            }
        }

        if (outcome != TrapOutcome.Resume)
        {
            Finish(hart, outcome, cause, value);
        }
    }

    /// <summary>The guest does not go on: it starts again, or ends, or the hypervisor panics.</summary>
    [ColdPath]
    private static void Finish(GuestHart<THost>* hart, TrapOutcome outcome, ulong cause, ulong value)
    {
        var guest = hart->Guest;
        if (outcome != TrapOutcome.Stop)
        {
            GuestReport<THost>.Unexpected(hart, cause, value);
            throw new System.InvalidOperationException("a trap that cannot come from a guest");
        }

        // Devices must let go of the guest's memory before anything else uses it.
        if (!guest->Bus.ResetAll(ref hart->Host))
        {
            GuestReport<THost>.DeviceStuck(hart);
            End(hart, FailureStatus);
        }

        switch (hart->V.StopReason)
        {
            case StopReason.Reboot:
                GuestReport<THost>.Rebooting(hart);
                Start(hart);
                break;
            case StopReason.Shutdown:
                GuestReport<THost>.Ended(hart);
                End(hart, 0);
                break;
            default:
                GuestReport<THost>.Ended(hart);
                var code = hart->V.FailureCode & 0xff;
                End(hart, code == 0 ? FailureStatus : code);
                break;
        }
    }

    /// <summary>Loads the guest and puts its hart where firmware would enter it.</summary>
    [ColdPath]
    private static void Start(GuestHart<THost>* hart)
    {
        var guest = hart->Guest;
        if (!GuestLoader<THost>.Load(guest))
        {
            throw new System.InvalidOperationException("a checked guest does not load");
        }

        PutAt(hart, guest->Kernel.Entry, guest->Layout.DeviceTree);
    }

    /// <summary>Puts a virtual hart where a payload of S-mode starts, with nothing left of what it did before; memory stays as it is.</summary>
    /// <param name="hart">The virtual hart; the calling hart runs it.</param>
    /// <param name="entry">Guest physical address of the first instruction.</param>
    /// <param name="argument">Value of a1.</param>
    [ColdPath]
    internal static void PutAt(GuestHart<THost>* hart, ulong entry, ulong argument)
    {
        ref var host = ref hart->Host;
        host.FenceI();
        host.SetTimer(ulong.MaxValue);
        host.WriteScounteren(TrapEntry.AllCounters);
        HartReset.Load(ref host);
        hart->V.Reset(entry, argument);
        hart->V.ViewChanged = false;
        hart->Mmu.FenceAll(ref host);
        hart->Mmu.Activate(ref host, 0, PrivilegeMode.Supervisor, sum: false, mxr: false);
    }

    /// <summary>The guest is gone. The last one takes the machine with it; a hart whose guest is gone still passes interrupts on.</summary>
    [ColdPath]
    private static void End(GuestHart<THost>* hart, uint status)
    {
        var guest = hart->Guest;
        var machine = guest->Machine;
        ref var host = ref hart->Host;
        guest->Ended = true;
        if (status != 0)
        {
            Interlocked.CompareExchange(ref machine->Status, (int)status, 0);
        }

        if (Interlocked.Decrement(ref machine->Running) == 0)
        {
            host.End((uint)machine->Status);
        }

        PassFocus(ref host, machine);
        host.SetTimer(ulong.MaxValue);
        while (true)
        {
            host.Wfi();
            host.ClearSoftwareInterrupt();
            if ((host.ReadSip() & Interrupts.External) != 0)
            {
                guest->Bus.ServiceExternalInterrupt(ref host);
            }
        }
    }

    // Input goes to the first guest that still runs.
    [ColdPath]
    private static void PassFocus(ref THost host, HostMachine<THost>* machine)
    {
        for (var i = 0; i < machine->GuestCount; i++)
        {
            if (!machine->Guests[i].Ended)
            {
                machine->Console.SetFocus(ref host, i);
                return;
            }
        }
    }
}
