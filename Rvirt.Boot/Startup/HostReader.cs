using System;
using Rvirt.Boot.Firmware;
using Rvirt.Boot.Target;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Mmu;

namespace Rvirt.Boot.Startup;

/// <summary>Reads the device tree that the firmware handed over.</summary>
internal static unsafe class HostReader
{
    // A tree that claims to be larger is damaged.
    private const ulong MaximumLength = 2 << 20;

    /// <summary>Reads it, or ends the machine with a line that says what is wrong.</summary>
    internal static bool TryOpen(ref TargetHost host, BootInfo* info, out FdtReader tree, out HostDescription description)
    {
        tree = default;
        description = default;
        if (info->DeviceTree == 0)
        {
            StartupFailure.End(ref host, "the firmware handed over no device tree in a1: use firmware that does"u8);
            return false;
        }

        var reach = HostTranslation.Reach(Satp.Mode(info->Satp));
        if (info->DeviceTree >= reach)
        {
            StartupFailure.End(ref host, "the firmware handed over a device tree above the addresses that Rvirt can map on this hart: load it lower"u8);
            return false;
        }

        // SAFETY: the firmware vouches for a tree there; the reader checks its header before it goes on.
        var error = FdtReader.Open(host.Memory.Pointer(info->DeviceTree), Math.Min(MaximumLength, reach - info->DeviceTree), out tree);
        if (error != FdtError.None)
        {
            StartupFailure.Begin(ref host).Text("the machine's device tree is bad: "u8).Text(FdtErrorText.Of(error))
                .Text("; start with firmware that hands over a sound one"u8);
            StartupFailure.Finish(ref host);
            return false;
        }

        var hostError = HostTree.Read(tree, info->HartId, reach, out description);
        MachineEnd.UseTestDevice(description.TestDevice);
        if (hostError != HostTreeError.None)
        {
            StartupFailure.End(ref host, HostTreeErrorText.Of(hostError));
            return false;
        }

        return true;
    }
}
