using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What the monitor says of a guest.</summary>
internal struct GuestFacts
{
    /// <summary>Its name.</summary>
    public ShortText Name;

    /// <summary>Where it is in its life.</summary>
    public GuestState State;

    /// <summary>Its share of the harts that guests share; 0 for one that has harts to itself.</summary>
    public uint Share;

    /// <summary>Why it stopped, if it did.</summary>
    public StopReason Reason;

    /// <summary>What it reported as it failed.</summary>
    public uint FailureCode;

    /// <summary>Number of virtual harts.</summary>
    public int Harts;

    /// <summary>Guest physical address of its RAM.</summary>
    public ulong MemoryBase;

    /// <summary>Bytes of its RAM.</summary>
    public ulong Memory;

    /// <summary>How often it has started.</summary>
    public ulong Starts;

    /// <summary>The <c>time</c> at which it started last.</summary>
    public ulong StartedAt;

    /// <summary>The <c>time</c> from which its traps are counted.</summary>
    public ulong CountedFrom;
}
