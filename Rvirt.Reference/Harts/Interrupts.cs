namespace Rvirt.Reference.Harts;

/// <summary>Bits of <c>mip</c> and <c>mie</c> (Privileged spec 1.13 §3.1.9).</summary>
public static class Interrupts
{
    public const ulong SupervisorSoftware = 1UL << 1, MachineSoftware = 1UL << 3, SupervisorTimer = 1UL << 5, MachineTimer = 1UL << 7;
    public const ulong SupervisorExternal = 1UL << 9, MachineExternal = 1UL << 11;
    public const ulong Supervisor = SupervisorSoftware | SupervisorTimer | SupervisorExternal;
    public const ulong Machine = MachineSoftware | MachineTimer | MachineExternal;
}
