namespace Rvirt.Core.Modes;

/// <summary>What follows from the quick part of emulation.</summary>
public enum HotOutcome : byte
{
    /// <summary>The guest can be entered.</summary>
    Done,

    /// <summary>An interrupt can be delivered to the guest, whose program counter stands where it would go on.</summary>
    Interrupt,

    /// <summary>The instruction at the program counter traps and is not of the few.</summary>
    Rest,
}
