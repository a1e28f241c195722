using Rvirt.Boot.Target;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Boot.Host;

/// <summary>Ends the whole machine, with a status that whoever started it sees, where there is somebody.</summary>
internal static class MachineEnd
{
    // One machine has one: set once by the first hart before any other runs, and read by whoever ends the machine, even a panic.
    private static HostReset<TargetHost> s_reset;

    /// <summary>Has a driver take the board's device for it.</summary>
    internal static void UseReset<TReset>(in HostDevice device)
        where TReset : unmanaged, IHostReset =>
        s_reset.Take<TReset>(device);

    /// <summary>Ends the machine and never returns.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="status">0 is success. Machines that have no number to give know success and failure only.</param>
    internal static void Finish(ref TargetHost host, uint status)
    {
        host.IoFence();
        s_reset.End(ref host, status);
        host.Firmware.Shutdown(status != 0);
        host.ClearSie(ulong.MaxValue);
        if (status != 0)
        {
            // The firmware cannot, and the device tree named no device for it, or there was none to read.
            Routines.EndFailed();
        }

        while (true)
        {
            host.Wfi();
        }
    }
}
