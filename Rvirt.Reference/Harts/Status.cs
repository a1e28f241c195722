namespace Rvirt.Reference.Harts;

/// <summary>Bits of <c>mstatus</c> (Privileged spec 1.13 §3.1.6).</summary>
public static class Status
{
    /// <summary>SIE: interrupts of S-mode are taken in S-mode.</summary>
    public const ulong Sie = 1UL << 1;

    /// <summary>MIE: interrupts of M-mode are taken in M-mode.</summary>
    public const ulong Mie = 1UL << 3;

    /// <summary>SPIE: SIE before the trap into S-mode.</summary>
    public const ulong Spie = 1UL << 5;

    /// <summary>MPIE: MIE before the trap into M-mode.</summary>
    public const ulong Mpie = 1UL << 7;

    /// <summary>SPP: the trap into S-mode came from S-mode.</summary>
    public const ulong Spp = 1UL << 8;

    /// <summary>The place of <see cref="Mpp"/>.</summary>
    public const int MppShift = 11;

    /// <summary>VS: state of the vector unit; all of it is "dirty".</summary>
    public const ulong Vs = 3UL << 9;

    /// <summary>VS: on, and as after reset.</summary>
    public const ulong VsInitial = 1UL << 9;

    /// <summary>MPP: the mode that the trap into M-mode came from, as <see cref="PrivilegeLevel"/> has it.</summary>
    public const ulong Mpp = 3UL << MppShift;

    /// <summary>FS: state of the floating-point unit; all of it is "dirty".</summary>
    public const ulong Fs = 3UL << 13;

    /// <summary>FS: on, and as after reset.</summary>
    public const ulong FsInitial = 1UL << 13;

    /// <summary>MPRV: loads and stores of M-mode are those of the mode in <see cref="Mpp"/>.</summary>
    public const ulong Mprv = 1UL << 17;

    /// <summary>SUM: S-mode may load from and store to pages of U-mode.</summary>
    public const ulong Sum = 1UL << 18;

    /// <summary>MXR: loads may read pages that are for fetches alone.</summary>
    public const ulong Mxr = 1UL << 19;

    /// <summary>TVM: <c>satp</c> and <c>sfence.vma</c> are illegal in S-mode.</summary>
    public const ulong Tvm = 1UL << 20;

    /// <summary>TW: <c>wfi</c> is illegal in S-mode.</summary>
    public const ulong Tw = 1UL << 21;

    /// <summary>TSR: <c>sret</c> is illegal in S-mode.</summary>
    public const ulong Tsr = 1UL << 22;

    /// <summary>UXL: U-mode has 64 bits; it is always so.</summary>
    public const ulong Uxl64 = 2UL << 32;

    /// <summary>SXL: S-mode has 64 bits; it is always so.</summary>
    public const ulong Sxl64 = 2UL << 34;

    /// <summary>SD: <see cref="Fs"/> or <see cref="Vs"/> is "dirty".</summary>
    public const ulong Sd = 1UL << 63;

    /// <summary>What S-mode sees.</summary>
    public const ulong SupervisorReadable = Sie | Spie | Spp | Vs | Fs | Sum | Mxr | (3UL << 32) | Sd;

    /// <summary>What S-mode may change.</summary>
    public const ulong SupervisorWritable = Sie | Spie | Spp | Vs | Fs | Sum | Mxr;

    /// <summary>What M-mode may change.</summary>
    public const ulong MachineWritable = SupervisorWritable | Mie | Mpie | Mpp | Mprv | Tvm | Tw | Tsr;
}
