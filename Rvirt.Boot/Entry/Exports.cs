using System.Runtime.InteropServices;
using Rvirt.Boot.Host;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Hypervisor.Setup;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Boot.Entry;

/// <summary>Where assembly calls C# while guests run; the first call, <c>rvirt_main</c>, is exported by the image (<see cref="Start"/>).</summary>
// SAFETY: virtual harts are those that set-up made, and stay.
internal static unsafe class Exports
{
    // A tree that claims to be larger is damaged.
    private const ulong MaximumTree = 2 << 20;

    /// <summary>A further hart, in the window, on its stack.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_hart_main")]
    internal static void HartMain(ulong hartId, HostCore<TargetHost>* core) => CoreLife<TargetHost>.HartMain(hartId, core);

    /// <summary>Whether guests are to be resident, as the host's tree says. Before anything else runs, in M-mode and where the image was linked: nothing static is there yet.</summary>
    /// <returns>1 if so.</returns>
    [ColdPath]
    [UnmanagedCallersOnly(EntryPoint = "rvirt_choose_mode")]
    internal static ulong ChooseMode(byte* tree) =>
        tree != null
        && FdtReader.Open(tree, MaximumTree, out var reader) == FdtError.None
        && reader.TryFind("/chosen"u8, out var chosen)
        && reader.TryProperty(chosen, "bootargs"u8, out var arguments)
        && arguments.TryString(out var line)
        && ModeWord.TryFind(line, out var resident)
        && resident ? 1UL : 0UL;

    /// <summary>A trap out of a resident guest. Returns the virtual hart to enter next.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_trap_of_machine")]
    internal static GuestHart<TargetHost>* TrapToMachineMode(GuestHart<TargetHost>* hart, ulong cause, ulong value) =>
        GuestLife<TargetHost>.TrapToMachineMode(hart, cause, value);

    /// <summary>A trap out of a guest. Returns the virtual hart to enter next.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_trap")]
    internal static GuestHart<TargetHost>* Trap(GuestHart<TargetHost>* hart, ulong cause, ulong value) => GuestLife<TargetHost>.Trap(hart, cause, value);
}
