using Rvirt.Boot.Target;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Boot.Host;

/// <summary>Ends the whole machine, with a status that whoever runs QEMU sees.</summary>
internal static class MachineEnd
{
    // One machine has one: set once by the first hart before any other runs, and read by whoever ends the machine, even a panic.
    private static ulong s_testDevice;

    /// <summary>Names the board's test device (<c>sifive,test0</c>): physical address, or 0 where there is none.</summary>
    internal static void UseTestDevice(ulong address) => s_testDevice = address;

    /// <summary>Ends the machine and never returns.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="status">Exit status of QEMU: 0 is success. Other machines only know success and failure.</param>
    internal static void Finish(ref TargetHost host, uint status)
    {
        if (s_testDevice != 0)
        {
            host.IoFence();
            host.Write32(s_testDevice, status == 0 ? TestDeviceWord.Pass : TestDeviceWord.Fail | (status << TestDeviceWord.StatusShift));
        }

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
