namespace Rvirt.Core.Privileged;

/// <summary>Fields of <c>mstatus</c> that <c>sstatus</c> has not (Privileged spec 1.13 §3.1.6).</summary>
internal static class Mstatus
{
    /// <summary>Machine interrupts enabled.</summary>
    public const ulong Mie = 1UL << 3;

    /// <summary>MIE before the trap.</summary>
    public const ulong Mpie = 1UL << 7;

    /// <summary>Privilege before the trap, two bits.</summary>
    public const ulong Mpp = 3UL << 11;

    /// <summary>Privilege before the trap: S-mode.</summary>
    public const ulong MppSupervisor = 1UL << 11;

    /// <summary>Loads and stores are those of the mode in MPP.</summary>
    public const ulong Mprv = 1UL << 17;

    /// <summary>S-mode's accesses to <c>satp</c>, and its fences of translations, trap.</summary>
    public const ulong Tvm = 1UL << 20;

    /// <summary>A <c>wfi</c> of S-mode traps.</summary>
    public const ulong Tw = 1UL << 21;

    /// <summary>An <c>sret</c> of S-mode traps.</summary>
    public const ulong Tsr = 1UL << 22;

    /// <summary>S-mode's loads and stores are big-endian.</summary>
    public const ulong Sbe = 1UL << 36;

    /// <summary>The trap's address is a virtual machine's (H extension, §18.4.1).</summary>
    public const ulong Gva = 1UL << 38;

    /// <summary>The trap came out of a virtual machine (H extension, §18.4.1).</summary>
    public const ulong Mpv = 1UL << 39;
}
