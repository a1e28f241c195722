namespace Rvirt.Hypervisor.Monitor;

/// <summary>A command that runs: what was typed, how far it is, and what it found out at its first step.</summary>
internal struct CommandRun
{
    /// <summary>What was typed, without the mark of a script.</summary>
    public CommandLine Line;

    /// <summary>How often it was called before.</summary>
    public int Step;

    /// <summary>Whether its arguments were read.</summary>
    public bool HasBegun;

    /// <summary>Whether it may end what runs.</summary>
    public bool IsConfirmed;

    /// <summary>The guest that was named.</summary>
    public int Guest;

    /// <summary>The second guest that was named.</summary>
    public int Other;

    /// <summary>The virtual hart that was named.</summary>
    public int Hart;

    /// <summary>Where it goes on.</summary>
    public ulong At;

    /// <summary>Where it ends.</summary>
    public ulong End;

    /// <summary>What the virtual hart holds.</summary>
    public HartReport Report;
}
