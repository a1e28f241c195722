namespace Rvirt.Reference.Harts;

/// <summary>Bits of <c>mstatus</c> (Privileged spec 1.13 §3.1.6).</summary>
public static class Status
{
    public const ulong Sie = 1UL << 1, Mie = 1UL << 3, Spie = 1UL << 5, Mpie = 1UL << 7, Spp = 1UL << 8;
    public const int MppShift = 11;
    public const ulong Vs = 3UL << 9, VsInitial = 1UL << 9;
    public const ulong Mpp = 3UL << MppShift, Fs = 3UL << 13, FsInitial = 1UL << 13, Mprv = 1UL << 17, Sum = 1UL << 18, Mxr = 1UL << 19;
    public const ulong Tvm = 1UL << 20, Tw = 1UL << 21, Tsr = 1UL << 22, Uxl64 = 2UL << 32, Sxl64 = 2UL << 34, Sd = 1UL << 63;

    /// <summary>What S-mode sees.</summary>
    public const ulong SupervisorReadable = Sie | Spie | Spp | Vs | Fs | Sum | Mxr | (3UL << 32) | Sd;

    /// <summary>What S-mode may change.</summary>
    public const ulong SupervisorWritable = Sie | Spie | Spp | Vs | Fs | Sum | Mxr;

    /// <summary>What M-mode may change.</summary>
    public const ulong MachineWritable = SupervisorWritable | Mie | Mpie | Mpp | Mprv | Tvm | Tw | Tsr;
}
