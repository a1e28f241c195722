namespace Rvirt.Reference.Harts;

/// <summary>Watches a hart's accesses to RAM, and may give the walker what a page-table entry held before.</summary>
public interface IMemoryObserver
{
    /// <summary>The walk reads an entry.</summary>
    /// <param name="address">Physical address of the entry.</param>
    /// <param name="va">What is translated.</param>
    /// <param name="level">The entry's level, 0 for pages.</param>
    /// <param name="global">Whether an entry above it is global.</param>
    /// <param name="value">What memory holds.</param>
    /// <returns>What the walk is to use.</returns>
    ulong Entry(ulong address, ulong va, int level, bool global, ulong value);

    /// <summary>The walk sets A or D in an entry.</summary>
    /// <param name="address">Physical address of the entry.</param>
    /// <param name="used">The entry as the walk used it.</param>
    void BeforeUpdate(ulong address, ulong used);

    /// <summary>An instruction is read, or half of one that crosses a page.</summary>
    /// <param name="address">Its physical address.</param>
    void BeforeFetch(ulong address)
    {
    }

    /// <summary>A load reads RAM.</summary>
    /// <param name="address">Physical address of the first byte.</param>
    /// <param name="size">Its bytes.</param>
    void BeforeLoad(ulong address, int size)
    {
    }

    /// <summary>A store is about to change RAM.</summary>
    /// <param name="address">Physical address of the first byte.</param>
    /// <param name="size">Its bytes.</param>
    void BeforeStore(ulong address, int size);

    /// <summary>An access goes to a device, or to nothing.</summary>
    /// <param name="address">Its physical address.</param>
    /// <param name="size">Its bytes; 0 where it is atomic.</param>
    void BeforeDevice(ulong address, int size);

    /// <summary>Translations are dropped, as <see cref="Hart.Fence"/> has it.</summary>
    /// <param name="address">A virtual address, or null for all.</param>
    /// <param name="asid">An address space, or null for all.</param>
    void Fenced(ulong? address, ushort? asid);
}
