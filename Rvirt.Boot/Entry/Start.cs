using Rvirt.Boot.Host;
using Rvirt.Boot.Panic;
using Rvirt.Core.Freestanding;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Setup;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Boot.Entry;

/// <summary>The start of an image, which exports <c>rvirt_main</c> and names its boards.</summary>
public static unsafe class Start
{
    /// <summary>Sets the machine up and runs what the hart is to run: the first hart, in the window, on the boot stack. Never returns.</summary>
    /// <typeparam name="TBoards">The boards that the image knows.</typeparam>
    /// <param name="info">What the entry assembly filled in.</param>
    [ColdPath]
    public static void Run<TBoards>(BootInfo* info)
        where TBoards : struct, IBoards
    {
        // SAFETY: rvirt_boot_info is part of the image; no other hart of ours runs yet.
        PanicEntry.UseWindow(info->Window);
        var host = new TargetHost(info->Window, mayTrap: true);
        var first = MachineSetup<TargetHost>.Run<TBoards>(ref host, info);
        if (first != null)
        {
            PanicEntry.UseMachine(CoreLife<TargetHost>.MachineOf(first));
            CoreLife<TargetHost>.Begin(first);
        }
    }
}
