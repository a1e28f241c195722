namespace Rvirt.Core.VirtualHart;

/// <summary>What a fence of a guest's translations orders: some pages or all, of one address space or of all.</summary>
internal readonly struct FenceRange
{
    /// <summary>No address space is left out.</summary>
    public const int AnyAsid = -1;

    /// <summary>Makes a range.</summary>
    /// <param name="start">First address.</param>
    /// <param name="pages">Number of pages; 0 for the whole address space.</param>
    /// <param name="asid">The address space; <see cref="AnyAsid"/> for all.</param>
    public FenceRange(ulong start, int pages, int asid)
    {
        Start = start;
        Pages = pages;
        Asid = asid;
    }

    /// <summary>Everything.</summary>
    public static FenceRange All => new(0, 0, AnyAsid);

    /// <summary>First address.</summary>
    public readonly ulong Start;

    /// <summary>Number of pages; 0 for the whole address space.</summary>
    public readonly int Pages;

    /// <summary>The address space; <see cref="AnyAsid"/> for all.</summary>
    public readonly int Asid;

    /// <summary>Whether it is everything.</summary>
    public bool IsAll => Pages == 0 && Asid == AnyAsid;
}
