namespace Rvirt.Reference.Harts;

/// <summary>Exception codes, and the bit that tells interrupts apart (Privileged spec 1.13 §3.1.15).</summary>
public static class Cause
{
    /// <summary>No instruction can be fetched there.</summary>
    public const ulong InstructionAccessFault = 1;

    /// <summary>The instruction is none, or not for this mode.</summary>
    public const ulong IllegalInstruction = 2;

    /// <summary><c>ebreak</c>.</summary>
    public const ulong Breakpoint = 3;

    /// <summary>The address of a load is no multiple of its size.</summary>
    public const ulong LoadMisaligned = 4;

    /// <summary>Nothing can be loaded there.</summary>
    public const ulong LoadAccessFault = 5;

    /// <summary>The address of a store or atomic operation is no multiple of its size.</summary>
    public const ulong StoreMisaligned = 6;

    /// <summary>Nothing can be stored there.</summary>
    public const ulong StoreAccessFault = 7;

    /// <summary><c>ecall</c> from U-mode.</summary>
    public const ulong UserCall = 8;

    /// <summary><c>ecall</c> from S-mode.</summary>
    public const ulong SupervisorCall = 9;

    /// <summary><c>ecall</c> from M-mode.</summary>
    public const ulong MachineCall = 11;

    /// <summary>The page tables do not allow a fetch.</summary>
    public const ulong InstructionPageFault = 12;

    /// <summary>The page tables do not allow a load.</summary>
    public const ulong LoadPageFault = 13;

    /// <summary>The page tables do not allow a store or atomic operation.</summary>
    public const ulong StorePageFault = 15;

    /// <summary>Set in the cause of an interrupt, whose number is below it.</summary>
    public const ulong Interrupt = 1UL << 63;
}
