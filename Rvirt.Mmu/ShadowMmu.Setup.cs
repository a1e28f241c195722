using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.Memory;

namespace Rvirt.Mmu;

/// <content>How the memory of the shadow tables is laid out: records first, then the roots' pages, then the tables'.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    private const int MinimumTables = 16;

    /// <summary>Bytes of memory that a number of tables needs, with their roots and records.</summary>
    public static ulong BytesNeeded(int tables) =>
        Records(tables) + ((((ulong)RootCount * ShadowRoot.Pages) + (ulong)tables) * Pte.PageSize);

    /// <summary>Sets up the shadow tables of a virtual hart.</summary>
    /// <param name="mmu">The MMU.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="window">The hypervisor's view of physical memory.</param>
    /// <param name="host">How the host translates.</param>
    /// <param name="asids">Those of the hart that it runs on. Where there are too few left it works without, and fences at each switch.</param>
    /// <param name="address">Host physical address of memory for the tables, a multiple of 4096. Its content does not matter.</param>
    /// <param name="tables">Number of tables, at least 16; <see cref="BytesNeeded"/> says what they take.</param>
    public static void Initialize(
        ref ShadowMmu<TViews> mmu, in GuestMemory memory, PhysicalMemory window, in HostTranslation host, ref HostAsids asids, ulong address, int tables)
    {
        if (tables < MinimumTables)
        {
            throw new ArgumentOutOfRangeException(nameof(tables));
        }

        // SAFETY: all of it, which is the caller's. In one call, where an assignment would be a store for each field.
        Unsafe.InitBlock(Unsafe.AsPointer(ref mmu), 0, (uint)sizeof(ShadowMmu<TViews>));
        mmu._memory = memory;
        mmu._window = window;
        mmu._host = host;
        mmu._hostAsids = asids.TryTake(RootCount, out mmu._firstAsid);
        mmu._generation = 1;
        mmu._fences = 1;
        mmu._linkChanges = 1;
        mmu._activeRoot = None;
        mmu._satp = NoSatp;
        mmu._tableCount = tables;
        // SAFETY: the caller gives BytesNeeded(tables) bytes here, for as long as the MMU lives.
        var next = window.Pointer(address);
        Unsafe.InitBlock(next, 0, (uint)Records(tables));
        mmu._records = (ShadowTable*)Take(ref next, tables, sizeof(ShadowTable));
        mmu._recent = (RecentTable*)Take(ref next, RecentTable.Count, sizeof(RecentTable));
        mmu._spaces = (AddressSpace*)Take(ref next, AddressSpace.Count + 1, sizeof(AddressSpace));
        mmu._slots = (AsidSlot*)Take(ref next, AsidSlot.Count + 1, sizeof(AsidSlot));
        mmu._roots = (ShadowRoot*)Take(ref next, RootCount, sizeof(ShadowRoot));
        mmu._mmio = (MmioTranslation*)Take(ref next, MmioTranslation.Count, sizeof(MmioTranslation));
        mmu._buckets = (int*)Take(ref next, Buckets, sizeof(int));

        var pages = window.Pointer(address + Records(tables));
        for (var page = 0; page < (RootCount * ShadowRoot.Pages) + tables; page++)
        {
            Unsafe.InitBlock(pages + ((ulong)page * Pte.PageSize), 0, (uint)Pte.PageSize);
        }

        mmu._tables = pages + ((ulong)RootCount * ShadowRoot.Pages * Pte.PageSize);
        mmu._tablesAddress = window.Address(mmu._tables);
        mmu.ClearRecords();
        for (var root = 0; root < RootCount; root++)
        {
            mmu.InitializeRoot(root, (ulong*)pages + ((ulong)root * ShadowRoot.Pages * Pte.Entries));
        }
    }

    /// <summary>The memory that the host's walker reads, roots and tables, as host physical addresses.</summary>
    public readonly void Walked(out ulong address, out ulong length)
    {
        const ulong Roots = RootCount * ShadowRoot.Pages * Pte.PageSize;
        address = _tablesAddress - Roots;
        length = Roots + ((ulong)_tableCount * Pte.PageSize);
    }

    // Zero is not the empty value of all fields.
    private void ClearRecords()
    {
        for (var table = 0; table < _tableCount; table++)
        {
            _records[table].Bucket = None;
        }

        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            _buckets[bucket] = None;
        }

        for (var slot = 0; slot <= AsidSlot.Count; slot++)
        {
            _slots[slot].Asid = uint.MaxValue;
        }

        // The last is never given to a satp: it stands for no address space, and no view of it has a host's satp.
        _activeSpace = NoSpace;
    }

    private static byte* Take(ref byte* next, int count, int size)
    {
        var taken = next;
        next += count * size;
        return taken;
    }

    private static ulong Records(int tables)
    {
        var bytes = ((ulong)tables * (ulong)sizeof(ShadowTable))
            + (RecentTable.Count * (ulong)sizeof(RecentTable))
            + ((AddressSpace.Count + 1) * (ulong)sizeof(AddressSpace))
            + ((AsidSlot.Count + 1) * (ulong)sizeof(AsidSlot))
            + (RootCount * (ulong)sizeof(ShadowRoot))
            + (MmioTranslation.Count * (ulong)sizeof(MmioTranslation))
            + (Buckets * sizeof(int));
        return (bytes + Pte.PageSize - 1) & ~(Pte.PageSize - 1);
    }
}
