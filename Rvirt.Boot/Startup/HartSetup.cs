using Rvirt.Boot.Guests;
using Rvirt.Boot.Target;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Mmu;

namespace Rvirt.Boot.Startup;

/// <summary>Pins virtual harts to the host's harts, and starts those.</summary>
internal static unsafe class HartSetup
{
    /// <summary>How this hart translates, as the entry assembly set it up, and a window that maps the RAM and devices of the host.</summary>
    /// <returns>False where the window does not reach one of them, which the reading of the host's tree rules out.</returns>
    internal static bool TryTranslation(BootInfo* info, in HostDescription description, out HostTranslation translation)
    {
        var satp = info->Satp;
        // ASID bits that do not exist read as zero (Privileged spec 1.13 §12.1.11).
        Instructions.WriteSatp(satp | Satp.AsidMask);
        var maximumAsid = Satp.Asid(Instructions.ReadSatp());
        Instructions.WriteSatp(satp);
        Instructions.SfenceAll();
        translation = HostTranslation.Of(Satp.Mode(satp), maximumAsid);
        return WindowPlan.TryMap(description, ref translation);
    }

    /// <summary>Gives a virtual hart a hart of the host: the first guest the one that booted, the others the rest in order.</summary>
    internal static void Assign(ref TargetHost host, Machine* machine, GuestHart* hart, int guest)
    {
        ref var description = ref machine->Host;
        var index = guest == 0 ? description.BootHart : guest - 1 < description.BootHart ? guest - 1 : guest;
        var physical = description.Harts[index];
        hart->Host = host;
        hart->Host.MistrustsInstructions = physical.MayHaveHypervisorExtension;
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
    internal static bool StartOthers(ref TargetHost host, Machine* machine)
    {
        for (var i = 1; i < machine->GuestCount; i++)
        {
            var hart = (GuestHart*)machine->Guests[i].Harts[0];
            var id = hart->V.HostHartId;
            var start = machine->Memory.Address(&hart->Start);
            if (id < Limits.MaximumHarts)
            {
                // The hart's mailbox, for firmware that starts all harts together, and for OpenSBI 1.1: it lets a hart go before it notes
                // where to, so that the hart can come in by the image's entry.
                // SAFETY: one mailbox for each hart id below the limit.
                Routines.Mailboxes()[id] = start;
            }

            host.IoFence();
            if (host.Firmware.HasHartState)
            {
                if (host.Firmware.StartHart(id, machine->Memory.Address(Routines.StartHart()), start) == 0)
                {
                    continue;
                }
            }
            else if (id < Limits.MaximumHarts)
            {
                host.SendIpi(id);
                continue;
            }

            StartupFailure.End(ref host, machine->Guests[i].Name, "the firmware cannot start its hart"u8);
            return false;
        }

        return true;
    }
}
