namespace Rvirt.Mmu;

/// <summary>One guest ASID whose translations are kept. Raising the generation drops them all.</summary>
internal struct AsidSlot
{
    /// <summary>Number of slots for ASIDs. An ASID has one place; another that needs it drops the one there.</summary>
    public const int Count = 64;

    /// <summary>The slot of what is mapped with translation off.</summary>
    public const int Bare = Count;

    /// <summary>In place of a slot: the translations are global, in every address space.</summary>
    public const int Global = -1;

    /// <summary>The ASID, or all ones for none.</summary>
    public uint Asid;

    /// <summary>Counts how often the slot's translations were dropped.</summary>
    public ulong Generation;
}
