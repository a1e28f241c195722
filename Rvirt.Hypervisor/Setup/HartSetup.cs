using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Scheduling;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Makes records of the host's harts, gives guests harts to run on, and starts them.</summary>
// SAFETY: the machine has that many guests and harts, each with memory of its own that stays.
internal static unsafe class HartSetup<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>How this hart translates, as the entry assembly set it up, and a window that maps the RAM and devices of the host.</summary>
    /// <returns>False where the window does not reach one of them, which the reading of the host's tree rules out.</returns>
    internal static bool TryTranslation(ref THost host, BootInfo* info, in HostDescription description, in HostAbilities abilities, BoardQuirks quirks, out HostTranslation translation)
    {
        translation = HostTranslation.Of(info->Mode, host.ProbeMaximumAsid(info->Satp)) with
        {
            WholeFences = (quirks & BoardQuirks.WholeFences) != 0,
            Tables = info->WindowTables,
        };
        if (!WindowPlan.TryMap(description, abilities, ref translation))
        {
            return false;
        }

        if (info->WindowTables != 0)
        {
            // SAFETY: the image's own tables, as many as the window has root entries.
            WindowPlan.LeaveOutEdges((ulong*)host.Memory.Pointer(info->WindowTables), info, description, abilities);
            host.SfenceAll();
        }

        return true;
    }

    /// <summary>Tells the vectors that note traps down where they read the time.</summary>
    internal static void UseTimeRegister(HostMachine<THost>* machine)
    {
        var register = machine->Abilities.TimeRegister;
        for (var i = 0; register != 0 && i < machine->CoreCount; i++)
        {
            machine->Cores[i].Trace->TimeRegister = (ulong)machine->Memory.Pointer(register);
        }
    }

    /// <summary>Makes the records of the machine's harts, the one that starts first.</summary>
    /// <returns>False where memory is too small.</returns>
    internal static bool TryMakeCores(ref THost host, HostMachine<THost>* machine, ref MemoryMap map)
    {
        ref var description = ref machine->Host;
        machine->CoreCount = description.HartCount;
        machine->Cores = (HostCore<THost>*)HostMemory.Take(ref host, ref map, (ulong)sizeof(HostCore<THost>) * (ulong)description.HartCount);
        if (machine->Cores == null)
        {
            return false;
        }

        for (var i = 0; i < machine->CoreCount; i++)
        {
            var stack = HostMemory.Take(ref host, ref map, Limits.StackSize, Limits.StackSize);
            var trace = (TraceRing*)HostMemory.Take(ref host, ref map, (ulong)sizeof(TraceRing));
            if (stack == null || trace == null)
            {
                return false;
            }

            // SAFETY: fresh zeroed memory, the hart's for good.
            var core = machine->Cores + i;
            var physical = description.Harts[i == 0 ? description.BootHart : i - 1 < description.BootHart ? i - 1 : i];
            core->Machine = machine;
            core->Index = i;
            core->HartId = physical.HartId;
            var context = host.IsResident ? physical.PlicMachineContext : physical.PlicContext;
            core->HasPlic = context >= 0;
            core->PlicContext = core->HasPlic ? (uint)context : 0;
            core->Host = host;
            core->Host.Adopt(physical);
            core->StackTop = (ulong)stack + Limits.StackSize;
            core->Trace = trace;
            // Where the vector that notes traps down finds it.
            *(TraceRing**)(stack + sizeof(ulong)) = trace;
            core->Start.Window = machine->Boot.Window;
            core->Start.Satp = machine->Boot.Satp;
            core->Start.Stack = core->StackTop;
            core->Start.Argument = (ulong)core;
        }

        return true;
    }

    /// <summary>
    /// Gives virtual harts harts to run on: each one of its own where there are enough for all, the first of them that which booted; else those of
    /// pinned guests, and the others share the rest.
    /// </summary>
    /// <returns>False where there are too few; the machine has ended then.</returns>
    internal static bool TryAssign(ref THost host, HostMachine<THost>* machine, in Board board)
    {
        var all = 0;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            all += machine->Guests[i].Devices.Harts;
        }

        var given = 0;
        for (var i = 0; i < machine->GuestCount; i++)
        {
            var guest = machine->Guests + i;
            guest->Shares = all > machine->CoreCount && !guest->Description.Pinned;
            for (var n = 0; n < guest->Devices.Harts; n++)
            {
                var hart = (GuestHart<THost>*)guest->Harts[n];
                hart->V.Index = n;
                hart->V.GuestHarts = guest->Devices.Harts;
                hart->V.Siblings = guest->Harts;
                hart->V.FencePatience = machine->Host.TimebaseFrequency;
                hart->V.Memory = guest->Memory;
                if (guest->Shares)
                {
                    continue;
                }

                if (given == machine->CoreCount)
                {
                    StartupFailure.EndOfGuest(
                        ref host, guest->Name, "it is pinned, and there are too few harts for it: pin fewer, or give the machine more"u8, board.Advice(Remedy.MoreHarts));
                    return false;
                }

                var core = machine->Cores + given++;
                core->First = hart;
                hart->Home = core;
                hart->V.HostHartId = core->HartId;
            }
        }

        return all <= machine->CoreCount || TryShare(ref host, machine, board, given);
    }

    // What is left are the harts from the number given on, for all guests that are not pinned.
    private static bool TryShare(ref THost host, HostMachine<THost>* machine, in Board board, int given)
    {
        machine->Queue.Initialize(new Slices(machine->Host.TimebaseFrequency));
        machine->Sharing = machine->CoreCount - given;
        for (var i = given; i < machine->CoreCount; i++)
        {
            machine->Cores[i].Shares = true;
        }

        for (var i = 0; i < machine->GuestCount; i++)
        {
            var guest = machine->Guests + i;
            if (!guest->Shares)
            {
                continue;
            }

            if (machine->Sharing == 0)
            {
                StartupFailure.EndOfGuest(
                    ref host, guest->Name, "pinned guests leave no hart for it: pin fewer, or give the machine more"u8, board.Advice(Remedy.MoreHarts));
                return false;
            }

            machine->Queue.SetShare(i, guest->Description.Share);
            for (var n = 0; n < guest->Devices.Harts; n++)
            {
                guest->Harts[n]->HostHartId = machine->Cores[given].HartId;
            }
        }

        return true;
    }

    /// <summary>Starts all harts but the one that calls. One that does not start ends the machine where nothing else can run what it was to run, and is left out else.</summary>
    internal static bool StartOthers(ref THost host, HostMachine<THost>* machine)
    {
        for (var i = 1; i < machine->CoreCount; i++)
        {
            var core = machine->Cores + i;
            // By what the tree says of both: one may say less of its harts than they can.
            if (TranslationOf(machine, core->HartId) < TranslationOf(machine, machine->Cores->HartId))
            {
                if (!CoreCheck<THost>.Unlike(ref host, core, " cannot translate addresses as long as those of the hart that booted"u8))
                {
                    return false;
                }
            }
            else if (!host.TryStartHart(core->HartId, &core->Start))
            {
                if (!CoreCheck<THost>.LeaveOut(ref host, core, " is not started by the firmware"u8))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static TranslationMode TranslationOf(HostMachine<THost>* machine, ulong hartId)
    {
        ref var description = ref machine->Host;
        for (var i = 0; i < description.HartCount; i++)
        {
            if (description.Harts[i].HartId == hartId)
            {
                return description.Harts[i].TranslationMode;
            }
        }

        return TranslationMode.Bare;
    }
}
