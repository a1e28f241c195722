using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Hypervisor.Host;
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
    internal static bool TryTranslation(ref THost host, BootInfo* info, in HostDescription description, out HostTranslation translation)
    {
        translation = HostTranslation.Of(info->Mode, host.ProbeMaximumAsid(info->Satp));
        return WindowPlan.TryMap(description, ref translation);
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
            core->HasPlic = physical.PlicContext >= 0;
            core->PlicContext = core->HasPlic ? (uint)physical.PlicContext : 0;
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

    /// <summary>Gives each guest a hart to run on: the first the one that booted, the others the rest in order.</summary>
    internal static void Assign(HostMachine<THost>* machine, GuestHart<THost>* hart, int guest)
    {
        var core = machine->Cores + guest;
        core->First = hart;
        hart->V.HostHartId = core->HartId;
        hart->V.Index = 0;
        hart->V.GuestHarts = hart->Guest->Devices.Harts;
        hart->V.Siblings = hart->Guest->Harts;
        hart->V.Memory = hart->Guest->Memory;
    }

    /// <summary>Starts all harts but the one that calls. One that does not start ends the machine where a guest was to run on it, and is left out else.</summary>
    internal static bool StartOthers(ref THost host, HostMachine<THost>* machine)
    {
        for (var i = 1; i < machine->CoreCount; i++)
        {
            var core = machine->Cores + i;
            // By what the tree says of both: QEMU's says less of its harts than they can.
            if (TranslationOf(machine, core->HartId) < TranslationOf(machine, machine->Cores->HartId))
            {
                CoreCheck<THost>.Unlike(ref host, core, " cannot translate addresses as long as those of the hart that booted"u8);
            }
            else if (!host.TryStartHart(core->HartId, &core->Start))
            {
                CoreCheck<THost>.LeaveOut(ref host, core, " is not started by the firmware"u8);
            }
            else
            {
                continue;
            }

            if (core->First != null)
            {
                return false;
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
