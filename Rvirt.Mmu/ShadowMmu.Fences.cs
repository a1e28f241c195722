using System.Runtime.CompilerServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <content>The guest's fences. The host's own translations of dropped roots go when the roots are made again.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    /// <summary>In place of an ASID's slot: all of them, and the global translations.</summary>
    private const int AllSlots = -1;

    /// <summary>See <see cref="IGuestMmu{THost}.FenceAll"/>.</summary>
    public void FenceAll<THost>(ref THost host)
        where THost : struct, IFences
    {
        Counters.FencesAll++;
        DropAll();
    }

    /// <summary>See <see cref="IGuestMmu{THost}.FenceAsid"/>.</summary>
    internal void FenceAsid<THost>(ref THost host, ushort asid)
        where THost : struct, IFences
    {
        Counters.FencesAsid++;
        var slot = asid & (AsidSlot.Count - 1);
        if (_slots[slot].Asid == asid)
        {
            DropSlot(slot);
        }
    }

    /// <summary>See <see cref="IGuestMmu{THost}.FencePage"/>.</summary>
    internal void FencePage<THost>(ref THost host, ulong va)
        where THost : struct, IFences
    {
        Counters.FencesPage++;
        _fences++;
        var cleared = ClearPage(va);
        // Where views share a root, a guest's own fences come quickly, and these are other harts'.
        if (!Policy.SharesRoots && !MayBeLarge(va))
        {
            FillInstalled(va);
        }

        FinishFence(ref host, va, AllSlots, cleared);
    }

    /// <summary>See <see cref="IGuestMmu{THost}.TryFencePageQuickly"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryFencePageQuickly<THost>(ref THost host, ulong va)
        where THost : struct, IFences
    {
        if (MayBeLarge(va))
        {
            return false;
        }

        Counters.FencesPage++;
        _fences++;
        var cleared = ClearPage(va);
        FillInstalled(va);
        if (cleared != 0)
        {
            FenceHostPage(ref host, va);
        }

        return true;
    }

    // Clears a page's leaf of 4 KiB in every table that can hold it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong ClearPage(ulong va)
    {
        var cleared = 0UL;
        var place = ShadowTable.PlaceOf(va, 0);
        // SAFETY: a bucket's number is masked, what a bucket leads to is a table of the pool, and Pte.Index is below a table's 512 entries; so below.
        for (var table = _buckets[Bucket(va, 0)]; table != None; table = _records[table].Next)
        {
            if (_records[table].Place == place)
            {
                cleared |= Clear(Table(table) + Pte.Index(va, 0));
            }
        }

        return cleared;
    }

    /// <summary>See <see cref="IGuestMmu{THost}.FencePageAsid"/>.</summary>
    internal void FencePageAsid<THost>(ref THost host, ulong va, ushort asid)
        where THost : struct, IFences
    {
        Counters.FencesPage++;
        var slot = asid & (AsidSlot.Count - 1);
        if (_slots[slot].Asid != asid)
        {
            return;
        }

        _fences++;
        var cleared = 0UL;
        var place = ShadowTable.PlaceOf(va, 0);
        for (var table = _buckets[Bucket(va, 0)]; table != None; table = _records[table].Next)
        {
            if (_records[table].Place == place && _records[table].Owner == slot)
            {
                cleared |= Clear(Table(table) + Pte.Index(va, 0));
            }
        }

        FinishFence(ref host, va, slot, cleared);
    }

    /// <summary>Clears what is larger than a page, and fences on the host what was mapped.</summary>
    /// <remarks>
    /// No leaf ever leaves a shadow table without a fence of the host's, so where none was cleared the host remembers none. The views
    /// have a host ASID each; the fence of the page in all of them is one instruction.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FinishFence<THost>(ref THost host, ulong va, int slot, ulong cleared)
        where THost : struct, IFences
    {
        if (MayBeLarge(va))
        {
            cleared |= ClearLarge(va, slot);
        }

        if ((cleared & Pte.Split) != 0)
        {
            // All the pages of the split leaf go, not only this.
            host.SfenceAll();
        }
        else if (cleared != 0)
        {
            FenceHostPage(ref host, va);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FenceHostPage<THost>(ref THost host, ulong va)
        where THost : struct, IFences
    {
        if (_host.WholeFences)
        {
            host.SfenceAll();
        }
        else
        {
            host.SfencePage(va);
        }
    }

    /// <summary>Clears what is larger than 4 KiB at an address.</summary>
    /// <returns>The bits of all that was cleared.</returns>
    [ColdPath]
    private readonly ulong ClearLarge(ulong va, int slot)
    {
        var cleared = 0UL;
        for (var level = 1; level < GuestWalk.MaximumLevels; level++)
        {
            var place = ShadowTable.PlaceOf(va, level);
            for (var table = _buckets[Bucket(va, level)]; table != None; table = _records[table].Next)
            {
                if (_records[table].Place == place && (slot == AllSlots || _records[table].Owner == slot))
                {
                    cleared |= ClearLeaf(Table(table) + Pte.Index(va, level));
                }
            }
        }

        for (var index = 0; index < RootCount; index++)
        {
            ref var root = ref _roots[index];
            var entry = Pte.Index(va, root.Levels - 1);
            // What was never filled can be the hypervisor's window.
            if (root.Used.Contains(entry) && (slot == AllSlots || _spaces[root.Space].Slot == slot))
            {
                cleared |= ClearLeaf((entry < Pte.Entries / 2 ? root.Lower : root.Upper) + entry);
            }
        }

        return cleared;
    }

    // Links stay, but those that stand for a leaf.
    private static ulong ClearLeaf(ulong* entry) => (*entry & (Pte.R | Pte.W | Pte.X | Pte.Split)) != 0 ? Clear(entry) : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Clear(ulong* entry)
    {
        // One aligned store: the host's walker sees the old entry or none.
        // SAFETY: callers point into a table of the pool or of a root.
        var old = *entry;
        *entry = 0;
        return old;
    }
}
