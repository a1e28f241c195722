using System.Runtime.InteropServices;
using Rvirt.Boot.Firmware;
using Rvirt.Boot.Panic;
using Rvirt.Boot.Target;
using Rvirt.Devices.Console;

namespace Rvirt.Boot.Startup;

/// <summary>Where the entry assembly calls C#.</summary>
internal static unsafe class Entry
{
    /// <summary>The first hart, in the window, on the boot stack.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_main")]
    internal static void Main(BootInfo* info)
    {
        PanicEntry.UseWindow(info->Window);
        var host = new TargetHost(info->Window, mayTrap: true);
        new ConsoleWriter<TargetHost, FirmwareSink>(ref host, default).Text("rvirt: hello from C#\n"u8);
        MachineEnd.Finish(ref host, 0);
    }
}
