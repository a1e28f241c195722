using Rvirt.Core.Privileged;
using Rvirt.Mmu;

namespace Rvirt.Tests.Mmu;

/// <summary>One address space of the guest's, its tables made as they are needed.</summary>
internal sealed class GuestTables(MmuWorld world, TranslationMode mode = TranslationMode.Sv39)
{
    /// <summary>Flags of leaves: valid, accessed and dirty all of them.</summary>
    public const ulong Kernel = 0xc7, KernelCode = 0xcf, KernelReadOnly = 0xc3, User = 0xd7, UserCode = 0xdf, Global = 0x20;

    /// <summary>Guest physical address of the root table.</summary>
    public ulong Root { get; } = world.NewTable();

    /// <summary>The value for <c>satp</c>.</summary>
    public ulong Satp(ushort asid = 1) => ((ulong)mode << 60) | ((ulong)asid << 44) | (Root >> 12);

    /// <summary>Maps a page of a level.</summary>
    /// <returns>Guest physical address of its entry.</returns>
    public ulong Map(ulong va, ulong address, ulong flags, int level = 0)
    {
        var entry = Entry(va, level);
        world.Write(entry, (address >> 12 << 10) | flags);
        return entry;
    }

    /// <summary>Guest physical address of the entry of an address at a level; tables above it are made.</summary>
    public ulong Entry(ulong va, int level)
    {
        var table = Root;
        for (var above = (int)mode - 6; above > level; above--)
        {
            var link = table + ((ulong)Pte.Index(va, above) * 8);
            if ((world.Read(link) & Pte.V) == 0)
            {
                world.Write(link, (world.NewTable() >> 2) | Pte.V);
            }

            table = Pte.Address(world.Read(link));
        }

        return table + ((ulong)Pte.Index(va, level) * 8);
    }
}
