using System;
using System.Threading;
using Rvirt.Core.Freestanding;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Whether a further hart is like the one that booted: any virtual hart can be loaded on any of them only if they are alike.</summary>
/// <remarks>One that a guest was to run on ends the machine; another is left out, with a warning. Either is named, with what it lacks.</remarks>
// SAFETY: records of harts, guests and the machine stay in place.
[ColdPath]
internal static unsafe class CoreCheck<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Checks what only the hart itself can find out. On that hart, before it does anything else.</summary>
    /// <returns>False where it is not used.</returns>
    internal static bool Passes(HostCore<THost>* core)
    {
        ref var host = ref core->Host;
        var machine = core->Machine;
        if (host.ProbeStimecmp() != machine->Abilities.HasStimecmp)
        {
            Unlike(ref host, core, machine->Abilities.HasStimecmp
                ? " has no timer of its own (Sstc), which the hart that booted has"u8
                : " has a timer of its own (Sstc), which the hart that booted has not"u8);
            return false;
        }

        if (host.ProbeMaximumAsid(machine->Boot.Satp) != machine->Translation.MaximumAsid)
        {
            Unlike(ref host, core, " has another number of ASIDs than the hart that booted"u8);
            return false;
        }

        if (machine->OffersVectors && host.ProbeVectorBytes() != machine->Abilities.VectorBytes)
        {
            Unlike(ref host, core, " has vector registers of another length than the hart that booted"u8);
            return false;
        }

        return true;
    }

    /// <summary>Says that a hart is unlike the one that booted, as <see cref="LeaveOut"/> does.</summary>
    internal static bool Unlike(ref THost host, HostCore<THost>* core, ReadOnlySpan<byte> how) =>
        LeaveOut(ref host, core, how, ": Rvirt needs harts that are alike"u8);

    /// <summary>Says that a hart cannot be used, and ends the machine where a guest was to run on it, or all that share the last hart for them.</summary>
    /// <param name="host">The hart that says so.</param>
    /// <param name="core">The hart that it is about.</param>
    /// <param name="why">What is wrong with it.</param>
    /// <param name="advice">What else to say where the machine ends.</param>
    /// <returns>False where the machine has ended.</returns>
    internal static bool LeaveOut(ref THost host, HostCore<THost>* core, ReadOnlySpan<byte> why, ReadOnlySpan<byte> advice = default)
    {
        if (core->First != null)
        {
            StartupFailure.Begin(ref host).Text("guest "u8).Text(core->First->Guest->Name)
                .Text(": hart "u8).Decimal(core->HartId).Text(why).Text(advice);
            StartupFailure.Finish(ref host);
            return false;
        }

        if (core->Shares && Interlocked.Decrement(ref core->Machine->Sharing) == 0)
        {
            StartupFailure.Begin(ref host).Text("no hart is left for the guests that share one: hart "u8).Decimal(core->HartId).Text(why).Text(advice);
            StartupFailure.Finish(ref host);
            return false;
        }

        var console = &core->Machine->Console;
        ConsoleMultiplexer<THost>.BeginMessage(console, ref host)
            .Text("warning: hart "u8).Decimal(core->HartId).Text(why).Text(", and stays unused"u8);
        console->EndMessage(ref host);
        return true;
    }
}
