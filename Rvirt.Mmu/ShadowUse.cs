namespace Rvirt.Mmu;

/// <summary>How much of the shadow tables of a virtual hart is in use.</summary>
public struct ShadowUse
{
    /// <summary>Tables of the pool.</summary>
    public int Tables;

    /// <summary>Tables that map something now.</summary>
    public int LiveTables;

    /// <summary>Roots that there can be.</summary>
    public int Roots;

    /// <summary>Roots that an address space has now.</summary>
    public int LiveRoots;
}
