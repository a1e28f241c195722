using System.Runtime.InteropServices;
using Rvirt.Boot.Host;
using Rvirt.Core.Freestanding;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Boot.Panic;

/// <summary>Where compiled code and the trap vector go when the hypervisor has a bug: report, then end the machine.</summary>
// SAFETY: compiled code passes a text of the image, the trap vector the frame that it filled in on the stack of this hart; PanicReport
// alone follows them.
[ColdPath]
internal static unsafe class PanicEntry
{
    private const uint Status = 2;

    // The window cannot be found when everything else may be broken, so it is kept here; set once, before any other hart runs.
    private static ulong s_window;

    /// <summary>Tells where physical memory is seen.</summary>
    internal static void UseWindow(ulong window) => s_window = window;

    // Set once, by the hart that starts, when there are rings of traps; a panic before that has none.
    private static HostMachine<TargetHost>* s_machine;

    /// <summary>Tells where the harts' last traps are.</summary>
    internal static void UseMachine(HostMachine<TargetHost>* machine) => s_machine = machine;

    // Set by the first panic: one in its report must not come to the console again.
    private static bool s_panics;

    /// <summary>A check that failed, or an exception.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_panic")]
    internal static void Check(uint kind, byte* what, nuint pc)
    {
        var host = new TargetHost(s_window, mayTrap: false);
        SendWhatWaits(ref host);
        PanicReport.Check(ref host, kind, what, pc);
        TraceReport<TargetHost>.Write(s_machine, ref host);
        MachineEnd.Finish(ref host, Status);
    }

    /// <summary>A trap in the hypervisor.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_host_trap")]
    internal static void Trap(HostFrame* frame)
    {
        var host = new TargetHost(s_window, mayTrap: false);
        SendWhatWaits(ref host);
        PanicReport.Trap(ref host, frame);
        TraceReport<TargetHost>.Write(s_machine, ref host);
        MachineEnd.Finish(ref host, Status);
    }

    private static void SendWhatWaits(ref TargetHost host)
    {
        var first = !s_panics && s_machine != null;
        s_panics = true;
        if (first)
        {
            CoreLife<TargetHost>.FinishConsole(ref host, s_machine);
        }
    }
}
