namespace Rvirt.Core.VirtualHart;

/// <summary>What a trap out of a guest is to the rest of trap handling, whatever number the hart has for it.</summary>
public enum TrapKind : byte
{
    /// <summary>None that can come from a guest.</summary>
    Unknown,

    /// <summary>An instruction that the hart refused: to be emulated, or the guest's own illegal instruction.</summary>
    Instruction,

    /// <summary>A call of the guest's S-mode to its firmware.</summary>
    Call,

    /// <summary>A call of the guest's U-mode to its S-mode.</summary>
    UserCall,

    /// <summary>A page fault, of the access that the mode says.</summary>
    PageFault,

    /// <summary>Another exception, which is the guest's own.</summary>
    Exception,

    /// <summary>What only a guest can cause that went where it was shut out: it stops.</summary>
    Forbidden,

    /// <summary>The host's software interrupt.</summary>
    SoftwareInterrupt,

    /// <summary>The host's timer interrupt.</summary>
    TimerInterrupt,

    /// <summary>The host's external interrupt.</summary>
    ExternalInterrupt,
}
