using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Boot.Target;

/// <summary>What the assembly files and the linker script offer to C#.</summary>
// SAFETY: the assembly uses a virtual hart as VCPU_ offsets say and 33 doublewords of an area, both the caller's, who keeps them in place.
// A linker symbol is an address in the image, which is all mapped.
internal static unsafe class Routines
{
    /// <summary>Enters a guest (TrapVector.S). Never returns.</summary>
    [DllImport("*", EntryPoint = "rvirt_enter_guest")]
    internal static extern void EnterGuest(VCpu* virtualHart);

    /// <summary>Enters a resident guest (MachineVectors.S). Never returns.</summary>
    [DllImport("*", EntryPoint = "rvirt_enter_guest_of_machine")]
    internal static extern void EnterResidentGuest(VCpu* virtualHart);

    /// <summary>Calls the firmware (FirmwareCall.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_firmware_call")]
    internal static extern FirmwareResult FirmwareCall(ulong a0, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5, ulong function, ulong extension);

    /// <summary>Ends the machine as failed, through the board's own test device if need be (EarlyFailure.S). Never returns.</summary>
    [DllImport("*", EntryPoint = "rvirt_end_failed")]
    internal static extern void EndFailed();

    /// <summary>Whether the hart has <c>stimecmp</c> for us (Probes.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_probe_stimecmp")]
    internal static extern ulong ProbeStimecmp();

    /// <summary>Whether <c>rdtime</c> works (Probes.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_probe_time")]
    internal static extern ulong ProbeTime();

    /// <summary>Puts back what firmware can have left set for U-mode, and gives 1 where the hart has CSRs of the H extension, plus 2 where it has senvcfg (Probes.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_settle_user_mode")]
    internal static extern ulong SettleUserMode();

    /// <summary>Clears what a guest can have left in the CSRs of the H extension, which the hart has (Probes.S). In M-mode only.</summary>
    [DllImport("*", EntryPoint = "rvirt_settle_hypervisor")]
    internal static extern void SettleHypervisor();

    /// <summary>Saves f0 to f31 and fcsr (FloatingPoint.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_save_floating_point")]
    internal static extern void SaveFloatingPoint(ulong* area);

    /// <summary>Loads f0 to f31 and fcsr (FloatingPoint.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_restore_floating_point")]
    internal static extern void RestoreFloatingPoint(ulong* area);

    /// <summary>How many bytes a vector register has, or 0 (Vector.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_probe_vector_bytes")]
    internal static extern ulong ProbeVectorBytes();

    /// <summary>Saves the vector state (Vector.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_save_vectors")]
    internal static extern void SaveVectors(ulong* area);

    /// <summary>Loads the vector state (Vector.S).</summary>
    [DllImport("*", EntryPoint = "rvirt_restore_vectors")]
    internal static extern void RestoreVectors(ulong* area);

    /// <summary>Where a further hart starts, with translation off (Window.S).</summary>
    [LinkerSymbol("rvirt_start_hart")]
    internal static extern byte* StartHart();

    /// <summary>Where a further hart starts below resident guests (Resident.S).</summary>
    [LinkerSymbol("rvirt_start_resident_hart")]
    internal static extern byte* StartResidentHart();

    /// <summary>Not zero where the hypervisor runs in M-mode (Resident.S).</summary>
    [LinkerSymbol("rvirt_direct_call")]
    internal static extern ulong* DirectCall();

    /// <summary>Where harts that nobody can start by a call look for their <see cref="Hypervisor.Host.HartStart"/> (LateHarts.S).</summary>
    [LinkerSymbol("rvirt_mailboxes")]
    internal static extern ulong* Mailboxes();

    /// <summary>Where traps out of guests arrive (TrapVector.S).</summary>
    [LinkerSymbol("rvirt_trap_vector")]
    internal static extern byte* TrapVector();

    /// <summary>Where they arrive that are noted down (TraceVector.S).</summary>
    [LinkerSymbol("rvirt_trace_vector")]
    internal static extern byte* TraceVector();

    /// <summary>Where traps out of resident guests arrive (MachineVectors.S).</summary>
    [LinkerSymbol("rvirt_trap_vector_of_machine")]
    internal static extern byte* MachineTrapVector();

    /// <summary>Where they arrive that are noted down (MachineVectors.S).</summary>
    [LinkerSymbol("rvirt_trace_vector_of_machine")]
    internal static extern byte* MachineTraceVector();

    /// <summary>First byte of the code.</summary>
    [LinkerSymbol("__image_start")]
    internal static extern byte* ImageStart();

    /// <summary>The byte behind the code.</summary>
    [LinkerSymbol("__text_end")]
    internal static extern byte* TextEnd();

    /// <summary>Where the linker placed the image.</summary>
    [LinkerSymbol("__link_address")]
    internal static extern ulong* LinkAddress();
}
