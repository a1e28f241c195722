namespace Rvirt.Reference.Harts;

/// <summary>Bits of <c>mip</c> and <c>mie</c> (Privileged spec 1.13 §3.1.9).</summary>
public static class Interrupts
{
    /// <summary>S-mode's software interrupt.</summary>
    public const ulong SupervisorSoftware = 1UL << 1;

    /// <summary>M-mode's software interrupt, which the CLINT drives.</summary>
    public const ulong MachineSoftware = 1UL << 3;

    /// <summary>S-mode's timer interrupt.</summary>
    public const ulong SupervisorTimer = 1UL << 5;

    /// <summary>M-mode's timer interrupt, which <c>mtimecmp</c> drives.</summary>
    public const ulong MachineTimer = 1UL << 7;

    /// <summary>S-mode's external interrupt, which the PLIC drives.</summary>
    public const ulong SupervisorExternal = 1UL << 9;

    /// <summary>M-mode's external interrupt, which the PLIC drives.</summary>
    public const ulong MachineExternal = 1UL << 11;

    /// <summary>All of S-mode.</summary>
    public const ulong Supervisor = SupervisorSoftware | SupervisorTimer | SupervisorExternal;

    /// <summary>All of M-mode.</summary>
    public const ulong Machine = MachineSoftware | MachineTimer | MachineExternal;
}
