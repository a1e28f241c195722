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
    /// <returns>False where a walk has to find out; nothing is done then.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryRefill<THost>(ref THost host, ulong va, AccessKind access)
        where THost : struct, IFences
    {
        if (!TryRecall(va, out var recent))
        {
            return false;
        }

        var index = Pte.Index(va, 0);
        // SAFETY: a whole table of the guest in its RAM; the index is below 512.
        var leaf = Volatile.Read(ref recent->GuestTable[index]);
        var kept = leaf & recent->Kept;
        if (((leaf ^ recent->Wanted) & recent->Mask) != 0
            || (Needed(access) & ~kept) != 0
            || !Policy.MayRefill(_view, (leaf & Pte.U) != 0)
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
        if (used.IsGroupEmpty(index))
        {
            used.Set(index);
            Prefetch(*recent, index);
            return true;
        }

        used.Set(index);
        return true;
    }

    // Whether a table is at hand in which the guest has nothing at an address.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsUnmapped(ulong va) =>
        TryRecall(va, out var recent) && (Volatile.Read(ref recent->GuestTable[Pte.Index(va, 0)]) & Pte.V) == 0;

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

    /// <summary>Remembers a table that a fault filled, for <see cref="TryRefill"/>.</summary>
    private readonly bool TryRemember(in GuestWalk walk, ulong va, int table, int leafClass, out RecentTable* recent)
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

        recent->Region = va >> RecentTable.RegionShift;
        recent->LinkChanges = _linkChanges;
        recent->Root = _activeRoot;
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
        var first = index & ~(EntryBitmap.Group - 1);
        for (var i = first; i < first + EntryBitmap.Group; i++)
        {
            // SAFETY: both are whole tables; indexes below 512.
            var leaf = Volatile.Read(ref recent.GuestTable[i]);
            if (recent.Entries[i] != 0
                || ((leaf ^ recent.Wanted) & recent.Mask) != 0
                || !_memory.TryTranslate(Pte.Address(leaf), Pte.PageSize, out var hostAddress))
            {
                continue;
            }

            recent.Entries[i] = ShadowLeaf.OfKept(Policy, leaf & recent.Kept) | Pte.FromAddress(hostAddress);
            recent.Record->Used.Set(i);
            Counters.Prefetched++;
        }
    }
}
