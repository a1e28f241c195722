namespace Rvirt.Reference.Harts;

/// <summary>Exception codes (Privileged spec 1.13 §3.1.15).</summary>
public static class Cause
{
    public const ulong InstructionAccessFault = 1, IllegalInstruction = 2, Breakpoint = 3;
    public const ulong LoadMisaligned = 4, LoadAccessFault = 5, StoreMisaligned = 6, StoreAccessFault = 7;
    public const ulong UserCall = 8, SupervisorCall = 9, MachineCall = 11;
    public const ulong InstructionPageFault = 12, LoadPageFault = 13, StorePageFault = 15;
    public const ulong Interrupt = 1UL << 63;
}
