using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Host;

namespace Rvirt.Mmu;

/// <content>Filling: what a walk of the guest's tables found is put where the host's hardware finds it.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    private const ulong SplitKey = 1UL << 63;

    private bool TryFill<THost>(ref THost host, in GuestWalk walk, ulong va)
        where THost : struct, IFences
    {
        // SAFETY: Activate has chosen a root and a space before the guest can fault. From there down every table is the root's own or the pool's, with
        // 512 entries as Pte.Index has values; the host's walker may read along, so entries change in one aligned store.
        ref var root = ref _roots[_activeRoot];
        var slot = _activeSpace->Slot;
        var wanted = Policy.ClassOf(root.Number, (walk.Leaf & Pte.U) != 0);
        var owner = walk.Global ? AsidSlot.Global : slot;
        var target = TargetLevel(walk, out var hostAddress);
        if (walk.Level != 0)
        {
            MarkLarge(va, walk.Level);
        }

        var level = root.Levels - 1;
        var index = Pte.Index(va, level);
        var entries = index < Pte.Entries / 2 ? root.Lower : root.Upper;
        var table = None;
        root.Used.Set(index);
        while (level > target)
        {
            table = Descend(ref host, walk, va, level, entries + index, wanted, owner, slot);
            if (table == None)
            {
                return false;
            }

            level--;
            entries = Table(table);
            index = Pte.Index(va, level);
            if (level > target)
            {
                _records[table].Used.Set(index);
            }
        }

        var leaf = ShadowLeaf.Of(Policy, walk.Leaf, wanted) | Pte.FromAddress(hostAddress);
        var old = entries[index];
        Volatile.Write(ref entries[index], leaf);
        Counters.Fills++;
        if (old != 0)
        {
            FenceReplaced(ref host, va, old, leaf);
        }

        if (table != None)
        {
            FinishTable(walk, va, table, wanted, index);
        }

        return true;
    }

    // The host may still use what stood here, or, if it is the same, remember that nothing did.
    private void FenceReplaced<THost>(ref THost host, ulong va, ulong old, ulong leaf)
        where THost : struct, IFences
    {
        if (old == leaf)
        {
            Counters.Spurious++;
        }

        if (Pte.IsLeaf(old))
        {
            FenceHostPage(ref host, va);
        }
        else
        {
            _linkChanges++;
            host.SfenceAll();
        }
    }

    // Marks the entry that was filled, and maps the neighbours that need no change of the guest's tables.
    private void FinishTable(in GuestWalk walk, ulong va, int table, int leafClass, int index)
    {
        ref var record = ref _records[table];
        var first = record.Used.IsEmpty(index);
        record.Used.Set(index);
        if (walk.Level == 0 && TryRemember(walk, va, table, leafClass, out var recent) && first)
        {
            Prefetch(*recent, index);
        }
    }

    /// <summary>Goes one level down, and makes the table there where there is none, or none that fits.</summary>
    private int Descend<THost>(
        ref THost host, in GuestWalk walk, ulong va, int level, ulong* entry, int wanted, int owner, int slot)
        where THost : struct, IFences
    {
        var split = level <= walk.Level;
        var key = split ? KeyOfSplit(walk, level) : walk.Table(level - 1);
        var old = *entry;
        var needClass = wanted;
        var needOwner = owner;
        if (old != 0 && !Pte.IsLeaf(old))
        {
            var child = TableOf(old);
            ref var record = ref _records[child];
            if (record.GuestTable == key)
            {
                if (Policy.Holds(record.Class, wanted) && (record.Owner == owner || record.Owner == slot))
                {
                    return child;
                }

                needClass = Policy.Join(record.Class, wanted);
                needOwner = record.Owner == owner ? owner : slot;
            }
        }

        var table = FindTable(key, va, level - 1, needClass, needOwner);
        if (table == None)
        {
            table = MakeTable(key, va, level - 1, needClass, needOwner);
            if (table == None)
            {
                return None;
            }
        }

        Volatile.Write(ref *entry, LinkTo(table) | (split ? Pte.Split : 0));
        if (old != 0)
        {
            // The host may hold the old link in any of the roots that share this table.
            _linkChanges++;
            host.SfenceAll();
        }

        return table;
    }

    // Where RAM backs a guest's large page whole and as aligned as it is, the page stays large.
    private readonly int TargetLevel(in GuestWalk walk, out ulong hostAddress)
    {
        for (var level = walk.Level; ; level--)
        {
            var offset = Pte.Size(level) - 1;
            if (_memory.TryTranslate(walk.GuestAddress & ~offset, Pte.Size(level), out hostAddress) && (hostAddress & offset) == 0)
            {
                return level;
            }

            if (level == 0)
            {
                return 0;
            }
        }
    }

    // What a table of a split leaf maps follows from the leaf alone.
    private static ulong KeyOfSplit(in GuestWalk walk, int level) =>
        (walk.GuestAddress & ~(Pte.Size(level) - 1)) | (walk.Leaf & 0xff) | SplitKey;

    private void MarkLarge(ulong va, int level)
    {
        var bits = level > 2 ? ulong.MaxValue : LargePageBit(va);
        _largePages |= bits;
        if (level > 1)
        {
            _hugePages |= bits;
        }
        else
        {
            if (_largeGeneration != _generation)
            {
                _largeGeneration = _generation;
                _largeRegions = default;
            }

            _largeRegions.Set(Pte.Index(va, 1));
        }
    }

    // Whether something larger than 4 KiB may be mapped at an address. Kernels map such in the gigabyte of the pages that they fence most.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool MayBeLarge(ulong va) =>
        (_largePages & LargePageBit(va)) != 0 && ((_hugePages & LargePageBit(va)) != 0 || _largeRegions.Contains(Pte.Index(va, 1)));

    private static ulong LargePageBit(ulong va) => 1UL << (int)(va >> Pte.Shift(2));
}
