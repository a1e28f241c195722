using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>
/// One virtual hart: the registers that entry and exit assembly saves and loads, and the supervisor state the guest believes in.
/// </summary>
/// <remarks>
/// The head, up to <see cref="HostStack"/>, is the trap frame that assembly reaches through <c>sscratch</c>.
/// <c>sstatus.FS</c> and <c>sstatus.VS</c> are not here but in the hart's own <c>sstatus</c> while the virtual hart is loaded,
/// because hardware turns them dirty.
/// </remarks>
[AsmOffsets("VCPU")]
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VCpu
{
    /// <summary>x0 to x31; the first is always zero.</summary>
    public fixed ulong X[32];

    /// <summary>Guest program counter.</summary>
    public ulong Pc;

    /// <summary>Top of the hypervisor's stack of the hart that runs this virtual hart.</summary>
    public ulong HostStack;

    /// <summary>Guest <c>sstatus</c> without FS, VS and SD; UXL is fixed.</summary>
    public ulong Sstatus;

    /// <summary>Guest <c>sie</c>.</summary>
    public ulong Sie;

    /// <summary>Guest <c>sip</c>, as last evaluated.</summary>
    public ulong Sip;

    /// <summary>Guest <c>stvec</c>.</summary>
    public ulong Stvec;

    /// <summary>Guest <c>sscratch</c>.</summary>
    public ulong Sscratch;

    /// <summary>Guest <c>sepc</c>.</summary>
    public ulong Sepc;

    /// <summary>Guest <c>scause</c>.</summary>
    public ulong Scause;

    /// <summary>Guest <c>stval</c>.</summary>
    public ulong Stval;

    /// <summary>Guest <c>satp</c>.</summary>
    public ulong Satp;

    /// <summary>Guest <c>scounteren</c>.</summary>
    public ulong Scounteren;

    /// <summary>Guest <c>senvcfg</c>.</summary>
    public ulong Senvcfg;

    /// <summary>When the guest's timer interrupt becomes pending, in timebase ticks; all ones: never.</summary>
    public ulong TimerDeadline;

    /// <summary>What the guest did wrong, for <see cref="Traps.TrapOutcome.Reflect"/>: cause.</summary>
    public ulong ReflectCause;

    /// <summary>What the guest did wrong, for <see cref="Traps.TrapOutcome.Reflect"/>: value for <c>stval</c>.</summary>
    public ulong ReflectValue;

    /// <summary>What other harts ask of this one, as bits of <see cref="HartRequest"/>; changed atomically.</summary>
    public int Requests;

    /// <summary>Guest privilege mode, U or S.</summary>
    public PrivilegeMode Mode;

    /// <summary>Whether mode, SUM, MXR or <c>satp</c> changed since the MMU view was last chosen.</summary>
    public bool ViewChanged;

    /// <summary>Life cycle of the hart (SBI 2.0 §9).</summary>
    public HartState State;

    /// <summary>Why the guest stops, once <see cref="Traps.TrapOutcome.Stop"/> was returned.</summary>
    public StopReason StopReason;

    /// <summary>Number of the virtual hart in its guest, which is its <c>mhartid</c>.</summary>
    public int Index;

    /// <summary>Number of virtual harts of the guest.</summary>
    public int GuestHarts;

    /// <summary>The guest's virtual harts, <see cref="GuestHarts"/> pointers, this one among them.</summary>
    public VCpu** Siblings;

    /// <summary>Hardware id of the hart that runs this virtual hart.</summary>
    public ulong HostHartId;

    /// <summary>The virtual machine this hart belongs to; opaque here.</summary>
    public void* Owner;

    /// <summary>Bits of <c>sstatus</c> the guest may use beyond the base: VS where the host has vectors.</summary>
    public ulong ExtraSstatus;

    /// <summary>Timebase frequency and machine identity that SBI reports.</summary>
    public TrapCounters Counters;
}
