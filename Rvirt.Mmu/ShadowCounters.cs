namespace Rvirt.Mmu;

/// <summary>What the shadow tables did, for statistics.</summary>
public struct ShadowCounters
{
    /// <summary>Pages mapped because of a fault, after a walk.</summary>
    public ulong Fills;

    /// <summary>Pages mapped because of a fault, without a walk.</summary>
    public ulong Refills;

    /// <summary>Neighbours mapped along with them.</summary>
    public ulong Prefetched;

    /// <summary>Faults on what was mapped already.</summary>
    public ulong Spurious;

    /// <summary>Fences of everything.</summary>
    public ulong FencesAll;

    /// <summary>Fences of an address space.</summary>
    public ulong FencesAsid;

    /// <summary>Fences of a page.</summary>
    public ulong FencesPage;

    /// <summary>Address spaces made.</summary>
    public ulong SpacesMade;

    /// <summary>Root tables made.</summary>
    public ulong RootsMade;

    /// <summary>Tables made.</summary>
    public ulong TablesMade;

    /// <summary>Times that all tables were dropped because no page was free.</summary>
    public ulong Exhaustions;

    /// <summary>Writes of the host's <c>satp</c>.</summary>
    public ulong Switches;
}
