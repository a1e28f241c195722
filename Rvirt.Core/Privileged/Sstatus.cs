namespace Rvirt.Core.Privileged;

/// <summary>Fields of <c>sstatus</c> (Privileged spec 1.13 §12.1.1).</summary>
public static class Sstatus
{
    /// <summary>Supervisor interrupts enabled.</summary>
    public const ulong Sie = 1UL << 1;

    /// <summary>SIE before the trap.</summary>
    public const ulong Spie = 1UL << 5;

    /// <summary>U-mode's loads and stores are big-endian.</summary>
    public const ulong Ube = 1UL << 6;

    /// <summary>Privilege before the trap: set for S-mode.</summary>
    public const ulong Spp = 1UL << 8;

    /// <summary>Vector state, two bits.</summary>
    public const ulong Vs = 3UL << 9;

    /// <summary>Vector state: Initial.</summary>
    public const ulong VsInitial = 1UL << 9;

    /// <summary>Floating-point state, two bits.</summary>
    public const ulong Fs = 3UL << 13;

    /// <summary>Floating-point state: Initial.</summary>
    public const ulong FsInitial = 1UL << 13;

    /// <summary>Floating-point state: Dirty.</summary>
    public const ulong FsDirty = 3UL << 13;

    /// <summary>S-mode may access U-mode pages.</summary>
    public const ulong Sum = 1UL << 18;

    /// <summary>Executable pages are readable.</summary>
    public const ulong Mxr = 1UL << 19;

    /// <summary>UXLEN is 64.</summary>
    public const ulong Uxl64 = 2UL << 32;

    /// <summary>Some extension's state is dirty.</summary>
    public const ulong Sd = 1UL << 63;
}
