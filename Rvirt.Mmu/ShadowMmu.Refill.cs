using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Mmu;

/// <content>The short way for a page fault: a table that was filled before, found without a walk.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    /// <summary>Maps a page of RAM by a table that is at hand.</summary>
    /// <remarks>The walk's rules hold: each of the guest's entries is read once, in its RAM, and allows the access; A, and D for a store, are set already.</remarks>
    /// <param name="host">The hart.</param>
    /// <param name="va">The faulting address.</param>
    /// <param name="access">What the guest does.</param>
    /// <param name="unmapped">Whether the guest has nothing at the address, so that the fault is its own.</param>
    /// <returns>False where the guest has nothing there, or a walk has to find out; nothing is done then.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryRefill<THost>(ref THost host, ulong va, AccessKind access, out bool unmapped)
        where THost : struct, IFences
    {
        unmapped = false;
        if (!TryRecall(va, out var recent))
        {
            return false;
        }

        var index = Pte.Index(va, 0);
        // SAFETY: a whole table of the guest in its RAM; the index is below 512.
        var leaf = Volatile.Read(ref recent->GuestTable[index]);
        unmapped = (leaf & Pte.V) == 0;
        var kept = leaf & recent->Kept;
        if (((leaf ^ recent->Wanted) & recent->Mask) != 0
            || (Needed(access) & ~kept) != 0
            || !Policy.MayRefill(_view, access, (leaf & Pte.U) != 0)
            || !_memory.TryTranslate(Pte.Address(leaf), Pte.PageSize, out var hostAddress))
        {
            return false;
        }

        var entry = recent->Entries + index;
        var old = *entry;
        // One aligned store: the host's walker sees the old entry or the new.
        var shadow = ShadowLeaf.OfKept(Policy, kept) | Pte.FromAddress(hostAddress);
        *entry = shadow;
        Counters.Refills++;
        if (old != 0)
        {
            FenceReplaced(ref host, va, old, shadow);
        }

        ref var used = ref recent->Record->Used;
        if (used.IsEmpty(index))
        {
            used.Set(index);
            Prefetch(*recent, index);
        }

        return true;
    }

    // Maps a page that the guest fences and has in its tables by now, where a table for it is at hand: its next access needs no fault. The page is mapped nowhere.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FillInstalled(ulong va)
    {
        if (!TryRecall(va, out var recent))
        {
            return;
        }

        // SAFETY: a whole table of the guest in its RAM, and a whole one of the pool; the index is below 512.
        var index = Pte.Index(va, 0);
        var leaf = Volatile.Read(ref recent->GuestTable[index]);
        if (((leaf ^ recent->Wanted) & recent->Mask) == 0 && _memory.TryTranslate(Pte.Address(leaf), Pte.PageSize, out var hostAddress))
        {
            recent->Entries[index] = ShadowLeaf.OfKept(Policy, leaf & recent->Kept) | Pte.FromAddress(hostAddress);
            recent->Record->Used.Set(index);
            Counters.Prefetched++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool TryRecall(ulong va, out RecentTable* recent)
    {
        recent = Recent(va);
        return recent->Region == va >> RecentTable.RegionShift
            && recent->LinkChanges == _linkChanges
            && recent->Root == _activeRoot
            && recent->LinksHold();
    }

    // What a readable leaf must have besides for an access.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Needed(AccessKind access) => access switch
    {
        AccessKind.Fetch => Pte.X,
        AccessKind.Load => Pte.R,
        _ => Pte.W | Pte.D,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly RecentTable* Recent(ulong va) =>
        _recent + (((va >> RecentTable.RegionShift) ^ ((ulong)(uint)_activeRoot << 2)) & (RecentTable.Count - 1));

    // What is remembered of tables that a slot of ASIDs owns is of no use any more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ForgetSlot(int slot)
    {
        // SAFETY: Initialize made room for that many; so below.
        for (var i = 0; _rememberedAt == _generation && i < RecentTable.Count; i++)
        {
            if (_recent[i].Owner == slot)
            {
                _recent[i].LinkChanges = 0;
            }
        }
    }

    // Nor is what is remembered of tables below a root.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ForgetRoot(int root)
    {
        for (var i = 0; _rememberedAt == _generation && i < RecentTable.Count; i++)
        {
            if (_recent[i].Root == root)
            {
                _recent[i].LinkChanges = 0;
            }
        }
    }

    /// <summary>Remembers a table that a fault filled, for <see cref="TryRefill"/>.</summary>
    private bool TryRemember(in GuestWalk walk, ulong va, int table, int leafClass, out RecentTable* recent)
    {
        recent = Recent(va);
        if (!_memory.TryPointer(walk.Table(0), Pte.PageSize, out var guestTable))
        {
            return false;
        }

        var global = false;
        var level = _activeSpace->Levels - 1;
        for (var i = 0; i < RecentTable.MaximumLinks; i++)
        {
            ref var link = ref recent->Links[i];
            // SAFETY: the walk read the link here, in the guest's RAM.
            _memory.TryPointer(walk.Table(level) + ((ulong)Pte.Index(va, level) * sizeof(ulong)), sizeof(ulong), out var entry);
            link.Entry = (ulong*)entry;
            link.Value = walk.Link(level);
            global |= (link.Value & Pte.G) != 0;
            level = level > 1 ? level - 1 : 1;
        }

        _rememberedAt = _generation;
        recent->Region = va >> RecentTable.RegionShift;
        recent->LinkChanges = _linkChanges;
        recent->Root = _activeRoot;
        recent->Owner = _records[table].Owner;
        recent->GuestTable = (ulong*)guestTable;
        recent->Entries = Table(table);
        recent->Record = _records + table;
        recent->Kept = ShadowLeaf.Kept(Policy, leafClass);
        // A global table holds global leaves only, be it by their own bit or by a link's.
        var ownG = _records[table].Owner == AsidSlot.Global && !global ? Pte.G : 0;
        recent->Wanted = Pte.V | Pte.R | Pte.A | (walk.Leaf & Pte.U) | ownG;
        recent->Mask = Pte.V | Pte.R | Pte.A | Pte.U | Pte.Reserved | ownG;
        return true;
    }

    /// <summary>Maps the neighbours of a page that need no change of the guest's tables.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Prefetch(in RecentTable recent, int index)
    {
        // In locals, for as far as a compiler knows each store below may change the originals.
        var first = index & ~(EntryGroups.Size - 1);
        var guestTable = recent.GuestTable + first;
        var entries = recent.Entries + first;
        var wanted = recent.Wanted;
        var mask = recent.Mask;
        var kept = recent.Kept;
        var memory = _memory;
        var filled = 0UL;
        for (var i = 0; i < EntryGroups.Size; i++)
        {
            // SAFETY: both are whole tables; indexes below 512.
            var leaf = Volatile.Read(ref guestTable[i]);
            if (entries[i] != 0
                || ((leaf ^ wanted) & mask) != 0
                || !memory.TryTranslate(Pte.Address(leaf), Pte.PageSize, out var hostAddress))
            {
                continue;
            }

            entries[i] = ShadowLeaf.OfKept(Policy, leaf & kept) | Pte.FromAddress(hostAddress);
            filled++;
        }

        Counters.Prefetched += filled;
    }
}
