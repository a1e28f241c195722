using Rvirt.Core.Freestanding;
using Rvirt.Core.Privileged;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>The life of a hart of the host: it starts, and runs a virtual hart or serves interrupts from then on.</summary>
/// <remarks>A hart's start and a guest's are two things: a hart has no guest, or another one later.</remarks>
// SAFETY: set-up gave each hart a record in memory that stays, and calls with the one of the hart that calls.
[ColdPath]
public static unsafe class CoreLife<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>The machine that a hart is part of.</summary>
    public static HostMachine<THost>* MachineOf(HostCore<THost>* core) => core->Machine;

    /// <summary>Sends what waits for the terminal, polling: nothing else of the machine goes on.</summary>
    public static void FinishConsole(ref THost host, HostMachine<THost>* machine) => machine->Console.Finish(ref host);

    /// <summary>Has all harts but the calling one stop as soon as they look at what is asked of them. Nobody is waited for.</summary>
    /// <param name="host">The calling hart.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="stack">An address in the calling hart's stack.</param>
    public static void HaltOthers(ref THost host, HostMachine<THost>* machine, ulong stack)
    {
        for (var i = 0; i < machine->CoreCount; i++)
        {
            var core = machine->Cores + i;
            if (core->StackTop - stack > Limits.StackSize)
            {
                CoreKick<THost>.Raise(ref host, core, CoreRequest.Halt);
            }
        }
    }

    /// <summary>A further hart, in the window, on its stack. On a bare machine it never returns.</summary>
    public static void HartMain(ulong hartId, HostCore<THost>* core)
    {
        if (core->HartId != hartId)
        {
            throw new System.InvalidOperationException("a hart woke with another one's name");
        }

        if (!CoreCheck<THost>.Passes(core))
        {
            Park(ref core->Host);
        }

        Open(core);
        Begin(core);
    }

    /// <summary>Takes the hart over from the firmware: nothing it left is pending, and nothing but devices and other harts can interrupt it.</summary>
    internal static void Open(HostCore<THost>* core)
    {
        ref var host = ref core->Host;
        host.ClearSie(ulong.MaxValue);
        host.SetTimer(ulong.MaxValue);
        CoreKick<THost>.Postpone(core);
        host.SettleUserMode();
        core->Units = TrapContext<THost>.ModeOf(ref host).Open(ref host);
        HostInterrupts<THost>.Open(core);
        host.SetSie(Interrupts.Software | (core->HasPlic ? Interrupts.External : 0));
    }

    /// <summary>Runs the virtual hart by which the hart's guest starts, if that is its own; else waits until its own is started, and serves interrupts. On a bare machine it never returns.</summary>
    public static void Begin(HostCore<THost>* core)
    {
        if (core->Shares)
        {
            core->Host.EnterGuest(&GuestLife<THost>.Share(core)->V);
            return;
        }

        if (core->First == null || !core->First->Guest->Lives || core->First->V.Index != 0)
        {
            IdleLoop<THost>.Run(core);
            core->Host.EnterGuest(&GuestLife<THost>.Switch(core, core->First)->V);
            return;
        }

        HostInterrupts<THost>.RouteDevices(core, core->First->Guest);
        core->Host.EnterGuest(&GuestLife<THost>.Begin(core, core->First)->V);
    }

    /// <summary>The calling hart does nothing more, and nothing interrupts it.</summary>
    internal static void Park(ref THost host)
    {
        host.ClearSie(ulong.MaxValue);
        while (true)
        {
            host.Wfi();
        }
    }
}
