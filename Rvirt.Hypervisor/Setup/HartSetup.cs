using Rvirt.Core.DeviceTree;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Pins virtual harts to the host's harts, and starts those.</summary>
// SAFETY: the machine has that many guests, each with a virtual hart in memory of its own that stays.
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

    /// <summary>Gives a virtual hart a hart of the host: the first guest the one that booted, the others the rest in order.</summary>
    internal static void Assign(ref THost host, HostMachine<THost>* machine, GuestHart<THost>* hart, int guest)
    {
        ref var description = ref machine->Host;
        var index = guest == 0 ? description.BootHart : guest - 1 < description.BootHart ? guest - 1 : guest;
        var physical = description.Harts[index];
        hart->Host = host;
        hart->Host.Adopt(physical);
        hart->PlicContext = (uint)physical.PlicContext;
        hart->V.HostHartId = physical.HartId;
        hart->V.Index = 0;
        hart->V.GuestHarts = hart->Guest->Devices.Harts;
        hart->V.Siblings = hart->Guest->Harts;
        hart->V.Owner = hart->Guest;
        hart->V.Memory = hart->Guest->Memory;
        hart->Start.Window = machine->Boot.Window;
        hart->Start.Satp = machine->Boot.Satp;
        hart->Start.Stack = hart->V.HostStack;
        hart->Start.Argument = (ulong)hart;
    }

    /// <summary>Starts the harts of all guests but the first, or ends the machine with a line that says what is wrong.</summary>
    internal static bool StartOthers(ref THost host, HostMachine<THost>* machine)
    {
        for (var i = 1; i < machine->GuestCount; i++)
        {
            var hart = (GuestHart<THost>*)machine->Guests[i].Harts[0];
            if (host.TryStartHart(hart->V.HostHartId, &hart->Start))
            {
                continue;
            }

            StartupFailure.EndOfGuest(ref host, machine->Guests[i].Name, "the firmware cannot start its hart"u8);
            return false;
        }

        return true;
    }
}
