using System.Runtime.InteropServices;
using Rvirt.Boot.Host;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Boot.Entry;

/// <summary>Where assembly calls C# while guests run; the first call, <c>rvirt_main</c>, is exported by the image (<see cref="Start"/>).</summary>
// SAFETY: virtual harts are those that set-up made, and stay.
internal static unsafe class Exports
{
    /// <summary>A further hart, in the window, on its stack.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_hart_main")]
    internal static void HartMain(ulong hartId, HostCore<TargetHost>* core) => CoreLife<TargetHost>.HartMain(hartId, core);

    /// <summary>A trap out of a guest. Returns the virtual hart to enter next.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_trap")]
    internal static GuestHart<TargetHost>* Trap(GuestHart<TargetHost>* hart, ulong cause, ulong value) => GuestLife<TargetHost>.Trap(hart, cause, value);
}
