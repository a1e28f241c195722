namespace Rvirt.Core.VirtualHart;

/// <summary>What follows from a trap. No outcome is decided twice: each handler returns one, one place carries it out.</summary>
public enum TrapOutcome : byte
{
    /// <summary>Enter the guest where it is.</summary>
    Resume,

    /// <summary>The instruction, four bytes, was emulated: go on behind it.</summary>
    Advance,

    /// <summary>The guest takes the exception named by the virtual hart's reflect fields.</summary>
    Reflect,

    /// <summary>The virtual hart waits for an interrupt (<see cref="HartWait"/>), and stands where it goes on then: the run loop decides what its hart does meanwhile.</summary>
    Idle,

    /// <summary>A device of the host interrupted. That is no guest's affair: the hart's run loop claims the interrupt, then the guest goes on.</summary>
    DeviceInterrupt,

    /// <summary>Another hart interrupted: the hart's run loop serves what was asked of the hart and of the virtual hart, then the guest goes on.</summary>
    HartInterrupt,

    /// <summary>The hart's slice may have ended, or another virtual hart has to be woken: the run loop decides who runs next.</summary>
    Yield,

    /// <summary>The guest starts another of its harts, <see cref="VCpu.Named"/>, which is the run loop's to start; the one that asked goes on.</summary>
    HartStart,

    /// <summary>Another hart, <see cref="VCpu.Named"/>, has not made a fence in the time there is for it (<see cref="VCpu.FencePatience"/>): the run loop says so, and the call is made again.</summary>
    FenceLate,

    /// <summary>The guest came to a breakpoint, by <c>ebreak</c>, and somebody looks at it from outside: the run loop knows whose it is, and gives the guest its own.</summary>
    Breakpoint,

    /// <summary>The virtual hart stops, and its guest goes on without it as long as another one runs.</summary>
    HartStop,

    /// <summary>The guest stops, for the virtual hart's stop reason.</summary>
    Stop,

    /// <summary>The hypervisor met what cannot be: it must panic.</summary>
    HostBug,
}
