namespace Rvirt.Mmu;

/// <summary>A translation that led to no RAM, kept until the next fence so that device accesses need no walk.</summary>
internal struct MmioTranslation
{
    /// <summary>Number of translations kept.</summary>
    public const int Count = 8;

    /// <summary>The virtual page's address.</summary>
    public ulong Page;

    /// <summary>The guest physical page's address.</summary>
    public ulong GuestPage;

    /// <summary>The MMU's stamp when it was made.</summary>
    public ulong Stamp;

    /// <summary>The root it was made through.</summary>
    public int Root;

    /// <summary>The view it was made for, where that is more than the root tells.</summary>
    public ushort View;

    /// <summary>Bit n: the access of kind n is allowed.</summary>
    public ushort Allowed;
}
