using System.Runtime.InteropServices;
using System.Threading;
using Rvirt.Boot.Host;
using Rvirt.Boot.Target;
using Rvirt.Core.Freestanding;
using Rvirt.Hypervisor.Host;
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

    // The stack of the hart that panicked first: one in its report must not come to the console again, one on another hart not come between.
    private static ulong s_stack;

    /// <summary>A check that failed, or an exception.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_panic")]
    internal static void Check(uint kind, byte* what, nuint pc)
    {
        var host = new TargetHost(s_window, mayTrap: false);
        Begin(ref host);
        PanicReport.Check(ref host, kind, what, pc);
        TraceReport<TargetHost>.Write(s_machine, ref host);
        MachineEnd.Finish(ref host, Status);
    }

    /// <summary>A trap in the hypervisor.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_host_trap")]
    internal static void Trap(HostFrame* frame)
    {
        var host = new TargetHost(s_window, mayTrap: false);
        Begin(ref host);
        PanicReport.Trap(ref host, frame);
        TraceReport<TargetHost>.Write(s_machine, ref host);
        MachineEnd.Finish(ref host, Status);
    }

    // The others stop before anything is printed, where they can. One that panics as well leaves the report to the first.
    private static void Begin(ref TargetHost host)
    {
        var stack = (ulong)Instructions.StackPointer();
        var first = Interlocked.CompareExchange(ref s_stack, stack, 0);
        if (first == 0)
        {
            if (s_machine != null)
            {
                CoreLife<TargetHost>.HaltOthers(ref host, s_machine, stack);
                CoreLife<TargetHost>.FinishConsole(ref host, s_machine);
            }

            return;
        }

        // A stack is aligned to its size.
        while (((first ^ stack) & ~(ulong)(Limits.StackSize - 1)) != 0)
        {
            host.Wfi();
        }
    }
}
