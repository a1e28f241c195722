namespace Rvirt.Core.Privileged;

/// <summary>Values of <c>scause</c> with the interrupt bit clear (Privileged spec 1.13 §12.1.8).</summary>
public enum ExceptionCause : byte
{
    /// <summary>Instruction address misaligned.</summary>
    InstructionAddressMisaligned = 0,

    /// <summary>Instruction access fault.</summary>
    InstructionAccessFault = 1,

    /// <summary>Illegal instruction.</summary>
    IllegalInstruction = 2,

    /// <summary>Breakpoint.</summary>
    Breakpoint = 3,

    /// <summary>Load address misaligned.</summary>
    LoadAddressMisaligned = 4,

    /// <summary>Load access fault.</summary>
    LoadAccessFault = 5,

    /// <summary>Store or AMO address misaligned.</summary>
    StoreAddressMisaligned = 6,

    /// <summary>Store or AMO access fault.</summary>
    StoreAccessFault = 7,

    /// <summary>Environment call from U-mode.</summary>
    EnvironmentCallFromUser = 8,

    /// <summary>Environment call from S-mode.</summary>
    EnvironmentCallFromSupervisor = 9,

    /// <summary>Instruction page fault.</summary>
    InstructionPageFault = 12,

    /// <summary>Load page fault.</summary>
    LoadPageFault = 13,

    /// <summary>Store or AMO page fault.</summary>
    StorePageFault = 15,
}
