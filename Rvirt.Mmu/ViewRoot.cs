namespace Rvirt.Mmu;

/// <summary>A root of an address space.</summary>
internal struct ViewRoot
{
    /// <summary>In place of a root: there is none yet.</summary>
    public const int NoRoot = -1;

    /// <summary>What makes it the hart's by one write of the host's <c>satp</c>; 0 where it takes more than that.</summary>
    public ulong HostSatp;

    /// <summary>Index of the root.</summary>
    public int Root;

    /// <summary>No root.</summary>
    public static ViewRoot None => new() { Root = NoRoot };
}
