using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.VirtualHart;

/// <summary>
/// Room in a virtual hart for what its guest believes of its supervisor CSRs. What stands here, and when, only the guest's way of running knows
/// (<see cref="IExecutionMode{THost}"/>): everything else asks that, and a test holds it to it.
/// </summary>
[AsmOffsets("GUEST_CSRS")]
[StructLayout(LayoutKind.Sequential)]
internal struct GuestCsrs
{
    /// <summary>An address that no mode of translation has, and no RAM.</summary>
    internal const ulong NoCode = 1UL << 63;

    /// <summary>Guest <c>sstatus</c> without FS, VS and SD; UXL is fixed.</summary>
    internal ulong Sstatus;

    /// <summary>Guest <c>sie</c>.</summary>
    internal ulong Sie;

    /// <summary>Guest <c>sip</c>, as last evaluated.</summary>
    internal ulong Sip;

    /// <summary>Guest <c>stvec</c>.</summary>
    internal ulong Stvec;

    /// <summary>Guest <c>sscratch</c>.</summary>
    internal ulong Sscratch;

    /// <summary>Guest <c>sepc</c>.</summary>
    internal ulong Sepc;

    /// <summary>Guest <c>scause</c>.</summary>
    internal ulong Scause;

    /// <summary>Guest <c>stval</c>.</summary>
    internal ulong Stval;

    /// <summary>Guest <c>satp</c>.</summary>
    internal ulong Satp;

    /// <summary>Guest <c>scounteren</c>.</summary>
    internal ulong Scounteren;

    /// <summary>Guest <c>senvcfg</c>.</summary>
    internal ulong Senvcfg;

    /// <summary>
    /// The address of the page that the guest's S-mode last executed an instruction in that trapped; <see cref="NoCode"/> once its tables
    /// may forbid it. Only there may the hypervisor read instructions of its own accord: that a page can be read does not say that it
    /// can be executed.
    /// </summary>
    internal ulong CodePage;

    /// <summary>Bits of <c>sstatus</c> that the hart keeps for the guest, because hardware changes them: FS, SD, and VS where the guest has vectors.</summary>
    internal ulong HardwareSstatus;

    /// <summary>Those bits, as they were when the virtual hart was put down; meaningless while it is loaded.</summary>
    internal ulong ParkedSstatus;

    /// <summary>Guest privilege mode, U or S.</summary>
    internal PrivilegeMode Mode;

    /// <summary>Whether mode, SUM, MXR or <c>satp</c> changed since the MMU view was last chosen.</summary>
    internal bool ViewChanged;

    /// <summary>Whether the hart itself has them now, where the guest's S-mode is the hart's own: what stands here then is what was loaded.</summary>
    internal bool OnHart;

    /// <summary>Whether an interrupt may have become deliverable since the last look.</summary>
    internal bool InterruptsChanged;
}
