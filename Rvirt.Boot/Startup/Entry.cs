using System.Runtime.InteropServices;
using Rvirt.Boot.Guests;
using Rvirt.Boot.Panic;
using Rvirt.Boot.Target;

namespace Rvirt.Boot.Startup;

/// <summary>Where the entry assembly calls C#.</summary>
internal static unsafe class Entry
{
    /// <summary>The first hart, in the window, on the boot stack.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_main")]
    internal static void Main(BootInfo* info)
    {
        // SAFETY: the entry assembly has filled rvirt_boot_info in, which is part of the image; no other hart of ours runs yet.
        PanicEntry.UseWindow(info->Window);
        var host = new TargetHost(info->Window, mayTrap: true);
        var first = MachineSetup.Run(ref host, info);
        if (first != null)
        {
            GuestLife.Begin(first);
        }
    }
}
