namespace Rvirt.Hypervisor.Monitor;

/// <summary>What the monitor says of a hart of the host.</summary>
internal struct CoreFacts
{
    /// <summary>Hardware id.</summary>
    public ulong HartId;

    /// <summary>Guest of the virtual hart that it has loaded; -1 for none.</summary>
    public int Guest;

    /// <summary>That virtual hart's number.</summary>
    public int Hart;

    /// <summary>Whether that one waits: the hart sleeps.</summary>
    public bool Waits;

    /// <summary>How often a virtual hart was loaded.</summary>
    public ulong Loads;
}
