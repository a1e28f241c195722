using System.Runtime.CompilerServices;

namespace Rvirt.Mmu;

/// <content>The pool of tables, and the index that finds them by the virtual addresses they map.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    private const int Buckets = 1024;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // SAFETY: the number is that of a table of the pool, below _tableCount: MakeTable gave it out, and buckets and links hold only such.
    private readonly ulong* Table(int table) => (ulong*)(_tables + ((ulong)(uint)table << Pte.PageShift));

    private readonly ulong LinkTo(int table) => Pte.FromAddress(_tablesAddress + ((ulong)table << Pte.PageShift)) | Pte.V;

    private readonly int TableOf(ulong link) => (int)((Pte.Address(link) - _tablesAddress) >> Pte.PageShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Bucket(ulong va, int level)
    {
        var number = va >> Pte.Shift(level + 1);
        return (int)((number ^ (number >> 10) ^ ((ulong)level << 7)) & (Buckets - 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsLive(in ShadowTable table) =>
        table.Generation == _generation
        && (table.Owner == AsidSlot.Global || table.OwnerGeneration == _slots[table.Owner].Generation);

    /// <summary>How much is in use now. Any hart may ask: what another one changes meanwhile counts as before or as after.</summary>
    public readonly ShadowUse Use()
    {
        var use = new ShadowUse { Tables = _tableCount, Roots = RootCount };
        for (var table = 0; table < _tableCount; table++)
        {
            use.LiveTables += IsLive(_records[table]) ? 1 : 0;
        }

        for (var root = 0; root < RootCount; root++)
        {
            use.LiveRoots += IsLive(root) ? 1 : 0;
        }

        return use;
    }

    private readonly int FindTable(ulong key, ulong va, int level, int tableClass, int owner)
    {
        var place = ShadowTable.PlaceOf(va, level);
        var table = _buckets[Bucket(va, level)];
        while (table != None)
        {
            ref var record = ref _records[table];
            var next = record.Next;
            if (!IsLive(record))
            {
                Unlink(table);
            }
            else if (record.GuestTable == key && record.Place == place && record.Class == tableClass && record.Owner == owner)
            {
                return table;
            }

            table = next;
        }

        return None;
    }

    private int MakeTable(ulong key, ulong va, int level, int tableClass, int owner)
    {
        for (var tries = 0; tries < _tableCount; tries++)
        {
            var table = _tableHand;
            _tableHand = table + 1 == _tableCount ? 0 : table + 1;
            ref var record = ref _records[table];
            if (IsLive(record))
            {
                continue;
            }

            Counters.TablesMade++;
            Unlink(table);
            record.Used.Clear(Table(table));
            record.GuestTable = key;
            record.Place = ShadowTable.PlaceOf(va, level);
            record.Generation = _generation;
            record.OwnerGeneration = owner == AsidSlot.Global ? 0 : _slots[owner].Generation;
            record.Owner = owner;
            record.Class = tableClass;
            Link(table, Bucket(va, level));
            return table;
        }

        return None;
    }

    private readonly void Link(int table, int bucket)
    {
        ref var record = ref _records[table];
        record.Bucket = bucket;
        record.Previous = None;
        record.Next = _buckets[bucket];
        if (record.Next != None)
        {
            _records[record.Next].Previous = table;
        }

        _buckets[bucket] = table;
    }

    private readonly void Unlink(int table)
    {
        ref var record = ref _records[table];
        if (record.Bucket == None)
        {
            return;
        }

        if (record.Next != None)
        {
            _records[record.Next].Previous = record.Previous;
        }

        if (record.Previous != None)
        {
            _records[record.Previous].Next = record.Next;
        }
        else
        {
            _buckets[record.Bucket] = record.Next;
        }

        record.Bucket = None;
    }
}
