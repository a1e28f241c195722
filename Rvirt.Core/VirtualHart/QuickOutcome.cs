namespace Rvirt.Core.VirtualHart;

/// <summary>What follows from <see cref="IExecutionMode{THost}.EmulateQuickly"/>.</summary>
public enum QuickOutcome : byte
{
    /// <summary>The guest can be entered.</summary>
    Done,

    /// <summary>An interrupt can be delivered to the guest, whose program counter stands where it would go on.</summary>
    Interrupt,

    /// <summary>The instruction at the program counter traps and is none of the frequent ones.</summary>
    Other,
}
