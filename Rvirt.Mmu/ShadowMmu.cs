using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <summary>
/// The MMU of one virtual hart: shadow page tables that the host's hardware walks while the guest runs.
/// </summary>
/// <remarks>
/// <para>
/// RISC-V promises that a changed entry is seen only after <c>sfence.vma</c> (Privileged spec 1.13 §12.2.1), so the tables are a
/// virtual TLB: nothing of the guest's is write-protected, faults fill, fences drop.
/// </para>
/// <para>
/// A shadow table is made for one guest table at one virtual address and one class of leaves, and belongs to one ASID or to all
/// (global leaves). Three rules keep it no staler than a TLB may be:
/// </para>
/// <list type="number">
/// <item>A fence of a page clears the page's leaf in every table that can hold it, linked anywhere or not: the index finds tables by
/// virtual address. It keeps links to tables, as such a fence orders leaf entries only.</item>
/// <item>A fence of an ASID drops the ASID's roots and every table it owns, by raising a generation. What it owns is linked only
/// from what it owns. Global tables stay: such a fence does not order global mappings.</item>
/// <item>A fence of everything drops everything, by raising one generation.</item>
/// </list>
/// <para>
/// A dropped table is cleared when its page is used again, entry by entry as it was filled. When no page is free all tables are
/// dropped. Roots have pages of their own, so the one the hardware uses always maps the hypervisor.
/// </para>
/// </remarks>
public unsafe struct ShadowMmu
{
    /// <summary>Root tables, the pool's least number of tables, and what they need besides pages.</summary>
    private const int RootCount = 32;

    private const int MinimumTables = 16;

    private const int Buckets = 1024;

    private const int PrefetchGroup = 8;

    private const int None = -1;

    private const ulong SplitKey = 1UL << 63;

    private const ulong NoSatp = ulong.MaxValue;

    private GuestMemory _memory;

    private PhysicalMemory _window;

    private HostTranslation _host;

    private ulong _tablesAddress;

    private ulong* _tables;

    private ShadowTable* _infos;

    private int* _buckets;

    private AsidSlot* _slots;

    private AddressSpace* _spaces;

    private ShadowRoot* _roots;

    private MmioTranslation* _mmio;

    private int _tableCount;

    private int _tableHand;

    private int _rootHand;

    private int _activeRoot;

    private int _activeSpace;

    // Most levels that any of the guest's address spaces had.
    private int _levels;

    private bool _hostAsids;

    private bool _sum;

    private bool _mxr;

    private PrivilegeMode _mode;

    private ulong _satp;

    private ulong _generation;

    private ulong _stamp;

    private EntryBitmap _rootLeaves;

    /// <summary>What the tables did so far.</summary>
    public ShadowCounters Counters;

    /// <summary>Bytes of memory that a number of tables needs, with their roots and records.</summary>
    public static ulong BytesNeeded(int tables) =>
        Records(tables) + ((ulong)RootCount * ShadowRoot.Pages + (ulong)tables) * Pte.PageSize;

    /// <summary>Sets up the shadow tables of a virtual hart.</summary>
    /// <param name="mmu">The MMU.</param>
    /// <param name="memory">The guest's RAM.</param>
    /// <param name="window">The hypervisor's view of physical memory.</param>
    /// <param name="host">How the host translates.</param>
    /// <param name="address">Host physical address of memory for the tables, a multiple of 4096. Its content does not matter.</param>
    /// <param name="tables">Number of tables, at least 16; <see cref="BytesNeeded"/> says what they take.</param>
    public static void Initialize(
        ref ShadowMmu mmu, in GuestMemory memory, PhysicalMemory window, in HostTranslation host, ulong address, int tables)
    {
        if (tables < MinimumTables)
        {
            throw new ArgumentOutOfRangeException(nameof(tables));
        }

        mmu = default;
        mmu._memory = memory;
        mmu._window = window;
        mmu._host = host;
        // SAFETY: the caller gives BytesNeeded(tables) bytes here, for as long as the MMU lives.
        var next = window.Pointer(address);
        Unsafe.InitBlock(next, 0, (uint)Records(tables));
        mmu._infos = (ShadowTable*)next;
        next += tables * sizeof(ShadowTable);
        mmu._spaces = (AddressSpace*)next;
        next += AddressSpace.Count * sizeof(AddressSpace);
        mmu._slots = (AsidSlot*)next;
        next += (AsidSlot.Count + 1) * sizeof(AsidSlot);
        mmu._roots = (ShadowRoot*)next;
        next += RootCount * sizeof(ShadowRoot);
        mmu._mmio = (MmioTranslation*)next;
        next += MmioTranslation.Count * sizeof(MmioTranslation);
        mmu._buckets = (int*)next;

        var pages = window.Pointer(address + Records(tables));
        for (var page = 0; page < RootCount * ShadowRoot.Pages + tables; page++)
        {
            Unsafe.InitBlock(pages + (ulong)page * Pte.PageSize, 0, (uint)Pte.PageSize);
        }

        mmu._tables = (ulong*)pages + (ulong)RootCount * ShadowRoot.Pages * Pte.Entries;
        mmu._tablesAddress = window.Address(mmu._tables);
        mmu._tableCount = tables;
        mmu._hostAsids = host.MaximumAsid >= RootCount;
        mmu._generation = 1;
        mmu._stamp = 1;
        mmu._activeRoot = None;
        mmu._activeSpace = None;
        mmu._satp = NoSatp;
        for (var table = 0; table < tables; table++)
        {
            mmu._infos[table].Bucket = None;
        }

        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            mmu._buckets[bucket] = None;
        }

        for (var slot = 0; slot <= AsidSlot.Count; slot++)
        {
            mmu._slots[slot].Asid = uint.MaxValue;
        }

        for (var root = 0; root < RootCount; root++)
        {
            mmu.InitializeRoot(root, (ulong*)pages + (ulong)root * ShadowRoot.Pages * Pte.Entries);
        }
    }

    /// <summary>See <see cref="IGuestMmu{THost}.Supports"/>: Bare, and every mode shorter than a wide host's own.</summary>
    public readonly bool Supports(TranslationMode mode) => mode switch
    {
        TranslationMode.Bare => true,
        TranslationMode.Sv39 => true,
        TranslationMode.Sv48 => _host.Mode == TranslationMode.Sv57,
        _ => false,
    };

    /// <summary>See <see cref="IGuestMmu{THost}.AsidMask"/>: all sixteen bits.</summary>
    public readonly ulong AsidMask => Satp.AsidMask;

    /// <summary>See <see cref="IGuestMmu{THost}.Activate"/>.</summary>
    public void Activate<THost>(ref THost host, ulong satp, PrivilegeMode mode, bool sum, bool mxr)
        where THost : struct, IHost
    {
        _mode = mode;
        _sum = sum;
        _mxr = mxr;
        if (satp != _satp || !IsLive(_spaces[_activeSpace]))
        {
            _satp = satp;
            _activeSpace = FindSpace(satp);
        }

        ref var space = ref _spaces[_activeSpace];
        var view = space.Slot == AsidSlot.Bare ? ViewKind.User : ViewKind.Of(mode, sum, mxr);
        var root = space.Roots.Of(view);
        if (root == AddressSpace.NoRoot)
        {
            root = MakeRoot(ref host, ref space, view);
        }
        else if (root == _activeRoot)
        {
            return;
        }

        _activeRoot = root;
        Counters.Switches++;
        host.WriteSatp(_roots[root].HostSatp);
        if (!_hostAsids)
        {
            host.SfenceAll();
        }
    }

    /// <summary>See <see cref="IGuestMmu{THost}.Resolve"/>.</summary>
    public FaultResolution Resolve<THost>(ref THost host, ulong va, AccessKind access, out ulong guestAddress)
        where THost : struct, IHost
    {
        ref var cached = ref _mmio[va >> Pte.PageShift & (MmioTranslation.Count - 1)];
        if (cached.Page == (va & ~(Pte.PageSize - 1))
            && cached.Stamp == _stamp
            && cached.Root == _activeRoot
            && (cached.Allowed >> (int)access & 1) != 0)
        {
            guestAddress = cached.GuestPage | va & (Pte.PageSize - 1);
            return FaultResolution.NotMemory;
        }

        var walk = default(GuestWalk);
        var result = Translate(ref walk, va, access);
        guestAddress = walk.GuestAddress;
        if (result != FaultResolution.Mapped)
        {
            return result;
        }

        if (!_memory.Contains(guestAddress & ~(Pte.PageSize - 1), Pte.PageSize))
        {
            Remember(ref cached, va, guestAddress, access);
            return FaultResolution.NotMemory;
        }

        if (_host.Mode == TranslationMode.Sv39 && _host.IsWindow(Pte.Index(va, 2)))
        {
            return FaultResolution.WindowCollision;
        }

        if (!TryFill(ref host, ref walk, va))
        {
            Counters.Exhaustions++;
            DropAll();
            host.SfenceAll();
            Activate(ref host, _satp, _mode, _sum, _mxr);
            if (!TryFill(ref host, ref walk, va))
            {
                throw new InvalidOperationException("the shadow page pool is too small for one walk");
            }
        }

        return FaultResolution.Mapped;
    }

    /// <summary>Translates a guest virtual address as the guest would, and changes nothing: for dumps and for reading the guest's memory on its behalf.</summary>
    /// <returns>False where the guest's tables forbid the access.</returns>
    public readonly bool TryTranslate(ulong va, AccessKind access, out ulong guestAddress)
    {
        guestAddress = va;
        if (Satp.Mode(_satp) == TranslationMode.Bare)
        {
            return true;
        }

        var walk = default(GuestWalk);
        var result = walk.Run(_memory, _satp, va, access, _mode, _sum, _mxr, update: false);
        guestAddress = walk.GuestAddress;
        return result == FaultResolution.Mapped;
    }

    /// <summary>See <see cref="IGuestMmu{THost}.FenceAll"/>.</summary>
    public void FenceAll<THost>(ref THost host)
        where THost : struct, IHost
    {
        // The host's own translations of dropped roots go when the roots are made again.
        Counters.FencesAll++;
        DropAll();
    }

    /// <summary>See <see cref="IGuestMmu{THost}.FenceAsid"/>.</summary>
    public void FenceAsid<THost>(ref THost host, ushort asid)
        where THost : struct, IHost
    {
        Counters.FencesAsid++;
        _stamp++;
        ref var slot = ref _slots[asid & (AsidSlot.Count - 1)];
        if (slot.Asid == asid)
        {
            slot.Generation++;
        }
    }

    /// <summary>See <see cref="IGuestMmu{THost}.FencePage"/>.</summary>
    public void FencePage<THost>(ref THost host, ulong va)
        where THost : struct, IHost
    {
        Counters.FencesPage++;
        _stamp++;
        for (var level = 0; level < _levels - 1; level++)
        {
            var virtualBase = va & ~(Pte.Size(level + 1) - 1);
            for (var table = _buckets[Bucket(level, virtualBase)]; table != None; table = _infos[table].Next)
            {
                ClearLeaf(table, va, level, virtualBase);
            }
        }

        ClearRootLeaves(va, None);
        host.SfencePage(va);
    }

    /// <summary>See <see cref="IGuestMmu{THost}.FencePageAsid"/>.</summary>
    public void FencePageAsid<THost>(ref THost host, ulong va, ushort asid)
        where THost : struct, IHost
    {
        Counters.FencesPage++;
        _stamp++;
        var slot = asid & (AsidSlot.Count - 1);
        if (_slots[slot].Asid != asid)
        {
            return;
        }

        for (var level = 0; level < _levels - 1; level++)
        {
            var virtualBase = va & ~(Pte.Size(level + 1) - 1);
            for (var table = _buckets[Bucket(level, virtualBase)]; table != None; table = _infos[table].Next)
            {
                if (_infos[table].Owner == slot)
                {
                    ClearLeaf(table, va, level, virtualBase);
                }
            }
        }

        ClearRootLeaves(va, slot);
        // The address space's views have a host ASID each; the fence of the page in all of them is one instruction.
        host.SfencePage(va);
    }

    private static ulong Records(int tables)
    {
        var bytes = (ulong)tables * (ulong)sizeof(ShadowTable)
            + AddressSpace.Count * (ulong)sizeof(AddressSpace)
            + (AsidSlot.Count + 1) * (ulong)sizeof(AsidSlot)
            + RootCount * (ulong)sizeof(ShadowRoot)
            + MmioTranslation.Count * (ulong)sizeof(MmioTranslation)
            + Buckets * sizeof(int);
        return (bytes + Pte.PageSize - 1) & ~(Pte.PageSize - 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Bucket(int level, ulong virtualBase)
    {
        var number = virtualBase >> Pte.Shift(1);
        return (int)((number ^ number >> 9 ^ number >> 18 ^ (ulong)level << 7) & (Buckets - 1));
    }

    // Virtual harts without translation see RAM as it is, through leaves as large as fit.
    private FaultResolution Translate(ref GuestWalk walk, ulong va, AccessKind access)
    {
        if (Satp.Mode(_satp) != TranslationMode.Bare)
        {
            return walk.Run(_memory, _satp, va, access, _mode, _sum, _mxr, update: true);
        }

        var level = _spaces[_activeSpace].Levels - 1;
        walk.Level = level;
        walk.Leaf = Pte.FromAddress(va & ~(Pte.Size(level) - 1)) | Pte.V | Pte.R | Pte.W | Pte.X | Pte.U | Pte.A | Pte.D;
        walk.GuestAddress = va;
        // The identity map has the lower half of the addresses only; no RAM lies beyond.
        return FaultResolution.Mapped;
    }

    private readonly void Remember(ref MmioTranslation cached, ulong va, ulong guestAddress, AccessKind access)
    {
        var page = va & ~(Pte.PageSize - 1);
        if (cached.Page != page || cached.Stamp != _stamp || cached.Root != _activeRoot)
        {
            cached.Page = page;
            cached.Stamp = _stamp;
            cached.Root = _activeRoot;
            cached.Allowed = 0;
        }

        cached.GuestPage = guestAddress & ~(Pte.PageSize - 1);
        cached.Allowed |= 1 << (int)access;
    }

    private bool TryFill<THost>(ref THost host, ref GuestWalk walk, ulong va)
        where THost : struct, IHost
    {
        ref var root = ref _roots[_activeRoot];
        var slot = _spaces[_activeSpace].Slot;
        var wanted = TableClass.Of(root.View, (walk.Leaf & Pte.U) != 0);
        var owner = walk.Global ? AsidSlot.Global : slot;
        var target = TargetLevel(walk, out var hostAddress);

        var level = root.Levels - 1;
        var index = Pte.Index(va, level);
        var entries = index < Pte.Entries / 2 ? root.Lower : root.Upper;
        root.Used.Set(index);
        if (level == target || level <= walk.Level)
        {
            // A leaf, or a split one, at the root level: fences of a page have to look at the roots too.
            _rootLeaves.Set(index);
        }

        while (level > target)
        {
            var table = Descend(ref host, walk, va, level, entries + index, wanted, owner, slot);
            if (table == None)
            {
                return false;
            }

            level--;
            entries = Table(table);
            index = Pte.Index(va, level);
            ref var info = ref _infos[table];
            info.Used.Set(index);
            if (level == 0 && walk.Level == 0)
            {
                Prefetch(walk, entries, index, ref info);
            }
        }

        var leaf = ShadowLeaf(walk.Leaf, wanted) | Pte.FromAddress(hostAddress);
        var old = entries[index];
        Volatile.Write(ref entries[index], leaf);
        Counters.Fills++;
        if (old != 0)
        {
            // The host may still use what stood here, or, if it is the same, remember that nothing did.
            if (old == leaf)
            {
                Counters.Spurious++;
            }

            if (Pte.IsLeaf(old))
            {
                host.SfencePage(va);
            }
            else
            {
                host.SfenceAll();
            }
        }

        return true;
    }

    /// <summary>Goes one level down, and makes the table there where there is none, or none that fits.</summary>
    private int Descend<THost>(
        ref THost host, in GuestWalk walk, ulong va, int level, ulong* entry, int wanted, int owner, int slot)
        where THost : struct, IHost
    {
        var split = level <= walk.Level;
        var key = split ? KeyOfSplit(walk, level) : walk.Table(level - 1);
        var old = *entry;
        var needClass = wanted;
        var needOwner = owner;
        if (old != 0 && !Pte.IsLeaf(old))
        {
            var child = TableOf(old);
            ref var info = ref _infos[child];
            if (info.GuestTable == key)
            {
                if (TableClass.Holds(info.Class, wanted) && (info.Owner == owner || info.Owner == slot))
                {
                    return child;
                }

                needClass = TableClass.Join(info.Class, wanted);
                needOwner = info.Owner == owner ? owner : slot;
            }
        }

        var virtualBase = va & ~(Pte.Size(level) - 1);
        var table = FindTable(key, virtualBase, level - 1, needClass, needOwner);
        if (table == None)
        {
            table = MakeTable(key, virtualBase, level - 1, needClass, needOwner);
            if (table == None)
            {
                return None;
            }
        }

        Volatile.Write(ref *entry, Pte.FromAddress(_tablesAddress + (ulong)table * Pte.PageSize) | Pte.V | (split ? Pte.Split : 0));
        if (old != 0)
        {
            // The host may hold the old link in any of the roots that share this table.
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

    private static ulong KeyOfSplit(in GuestWalk walk, int level) =>
        walk.GuestAddress & ~(Pte.Size(level) - 1) | walk.Leaf & 0xff | SplitKey;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ShadowLeaf(ulong leaf, int leafClass)
    {
        // Both of the guest's modes run in the hart's U-mode.
        var flags = Pte.V | Pte.U | Pte.A | leaf & Pte.R;
        if ((leaf & Pte.X) != 0)
        {
            flags |= (leafClass & TableClass.Mxr) != 0 ? Pte.R : 0;
            flags |= (leafClass & ~TableClass.Mxr) != TableClass.UserForSupervisor ? Pte.X : 0;
        }

        // A clean page is read-only until the guest writes it, so that D is set in time.
        return (leaf & (Pte.W | Pte.D)) == (Pte.W | Pte.D) ? flags | Pte.W | Pte.D : flags;
    }

    /// <summary>Maps the neighbours of a page that need no change of the guest's tables.</summary>
    private void Prefetch(in GuestWalk walk, ulong* entries, int index, ref ShadowTable info)
    {
        if (!_memory.TryPointer(walk.Table(0), Pte.PageSize, out var pointer))
        {
            return;
        }

        // SAFETY: a whole table of the guest in its RAM, checked above; indexes below 512.
        var guest = (ulong*)pointer;
        var first = index & ~(PrefetchGroup - 1);
        var same = Pte.V | Pte.A | walk.Leaf & Pte.U | (info.Owner == AsidSlot.Global ? Pte.G : 0);
        var mask = Pte.V | Pte.A | Pte.U | Pte.Reserved | (same & Pte.G);
        var leafClass = TableClass.Of(_roots[_activeRoot].View, (walk.Leaf & Pte.U) != 0);
        for (var i = first; i < first + PrefetchGroup; i++)
        {
            if (i == index || entries[i] != 0)
            {
                continue;
            }

            var pte = Volatile.Read(ref guest[i]);
            if ((pte & mask) != same || (pte & (Pte.R | Pte.W)) == Pte.W || !Pte.IsLeaf(pte))
            {
                continue;
            }

            var shadow = ShadowLeaf(pte, leafClass);
            if (!Pte.IsLeaf(shadow) || !_memory.TryTranslate(Pte.Address(pte), Pte.PageSize, out var hostAddress))
            {
                continue;
            }

            Volatile.Write(ref entries[i], shadow | Pte.FromAddress(hostAddress));
            info.Used.Set(i);
            Counters.Prefetched++;
        }
    }

    private readonly bool IsLive(in AddressSpace space) =>
        space.Generation == _generation && space.SlotGeneration == _slots[space.Slot].Generation;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsLive(in ShadowTable table) =>
        table.Generation == _generation
        && (table.Owner == AsidSlot.Global || table.OwnerGeneration == _slots[table.Owner].Generation);

    private readonly bool IsLive(int root)
    {
        var space = _roots[root].Space;
        return space != ShadowRoot.NoSpace
            && _spaces[space].Roots.Of(_roots[root].View) == root
            && IsLive(_spaces[space]);
    }

    private readonly ulong* Table(int table) => _tables + (ulong)table * Pte.Entries;

    private readonly int TableOf(ulong link) => (int)((Pte.Address(link) - _tablesAddress) >> Pte.PageShift);

    private void DropAll()
    {
        _generation++;
        _stamp++;
        _rootLeaves.Reset();
    }

    private int FindSpace(ulong satp)
    {
        var bare = Satp.Mode(satp) == TranslationMode.Bare;
        var asid = Satp.Asid(satp);
        var slotIndex = bare ? AsidSlot.Bare : asid & (AsidSlot.Count - 1);
        ref var slot = ref _slots[slotIndex];
        if (slot.Asid != asid)
        {
            slot.Asid = asid;
            slot.Generation++;
            _stamp++;
        }

        var ppn = Satp.Ppn(satp);
        var index = (int)((ppn ^ ppn >> 6 ^ (ulong)asid * 5) & (AddressSpace.Count - 1));
        ref var space = ref _spaces[index];
        if (space.Satp == satp && IsLive(space))
        {
            return index;
        }

        Counters.SpacesMade++;
        space.Satp = satp;
        space.Generation = _generation;
        space.SlotGeneration = slot.Generation;
        space.Slot = slotIndex;
        space.Levels = bare ? HostTranslation.Levels(TranslationMode.Sv39) : HostTranslation.Levels(Satp.Mode(satp));
        _levels = space.Levels > _levels ? space.Levels : _levels;
        for (var view = 0; view < ViewKind.Count; view++)
        {
            space.Roots.Of(view) = AddressSpace.NoRoot;
        }

        return index;
    }

    private int FindTable(ulong key, ulong virtualBase, int level, int tableClass, int owner)
    {
        var table = _buckets[Bucket(level, virtualBase)];
        while (table != None)
        {
            ref var info = ref _infos[table];
            var next = info.Next;
            if (!IsLive(info))
            {
                Unlink(table);
            }
            else if (info.GuestTable == key
                && info.VirtualBase == virtualBase
                && info.Level == level
                && info.Class == tableClass
                && info.Owner == owner)
            {
                return table;
            }

            table = next;
        }

        return None;
    }

    private int MakeTable(ulong key, ulong virtualBase, int level, int tableClass, int owner)
    {
        for (var tries = 0; tries < _tableCount; tries++)
        {
            var table = _tableHand;
            _tableHand = table + 1 == _tableCount ? 0 : table + 1;
            ref var info = ref _infos[table];
            if (IsLive(info))
            {
                continue;
            }

            Counters.TablesMade++;
            Unlink(table);
            info.Used.Clear(Table(table), Table(table));
            info.GuestTable = key;
            info.VirtualBase = virtualBase;
            info.Generation = _generation;
            info.OwnerGeneration = owner == AsidSlot.Global ? 0 : _slots[owner].Generation;
            info.Owner = owner;
            info.Level = level;
            info.Class = tableClass;
            var bucket = Bucket(level, virtualBase);
            info.Bucket = bucket;
            info.Previous = None;
            info.Next = _buckets[bucket];
            if (info.Next != None)
            {
                _infos[info.Next].Previous = table;
            }

            _buckets[bucket] = table;
            return table;
        }

        return None;
    }

    private readonly void Unlink(int table)
    {
        ref var info = ref _infos[table];
        if (info.Bucket == None)
        {
            return;
        }

        if (info.Next != None)
        {
            _infos[info.Next].Previous = info.Previous;
        }

        if (info.Previous != None)
        {
            _infos[info.Previous].Next = info.Next;
        }
        else
        {
            _buckets[info.Bucket] = info.Next;
        }

        info.Bucket = None;
    }

    private readonly void ClearLeaf(int table, ulong va, int level, ulong virtualBase)
    {
        ref var info = ref _infos[table];
        if (info.Level == level && info.VirtualBase == virtualBase)
        {
            ClearLeaf(Table(table) + Pte.Index(va, level));
        }
    }

    private static void ClearLeaf(ulong* entry)
    {
        if ((*entry & (Pte.R | Pte.W | Pte.X | Pte.Split)) != 0)
        {
            Volatile.Write(ref *entry, 0);
        }
    }

    // Clears the leaf of an address at the root level of the roots of one ASID, or of all.
    private readonly void ClearRootLeaves(ulong va, int slot)
    {
        for (var levels = 3; levels <= _levels; levels++)
        {
            var index = Pte.Index(va, levels - 1);
            if (!_rootLeaves.Contains(index))
            {
                continue;
            }

            for (var root = 0; root < RootCount; root++)
            {
                ref var info = ref _roots[root];
                if (info.Levels == levels
                    && (slot == None || (info.Space != ShadowRoot.NoSpace && _spaces[info.Space].Slot == slot)))
                {
                    ClearLeaf((index < Pte.Entries / 2 ? info.Lower : info.Upper) + index);
                }
            }
        }
    }

    private readonly void InitializeRoot(int index, ulong* table)
    {
        ref var root = ref _roots[index];
        root.Space = ShadowRoot.NoSpace;
        root.Table = table;
        root.HostAsid = _hostAsids ? (ulong)index + 1 : 0;
        root.HostSatp = (ulong)_host.Mode << Satp.ModeShift
            | root.HostAsid << Satp.AsidShift
            | _window.Address(table) >> Pte.PageShift;
        for (var slot = 0; slot < _host.SlotCount; slot++)
        {
            table[_host.SlotIndex(slot)] = _host.SlotEntry(slot);
        }
    }

    private int MakeRoot<THost>(ref THost host, ref AddressSpace space, int view)
        where THost : struct, IHost
    {
        // A dropped root if there is one, else the next in turn but the one in use.
        var index = _rootHand;
        for (var tries = 0; tries < RootCount; tries++)
        {
            if (!IsLive(index))
            {
                break;
            }

            index = index + 1 == RootCount ? 0 : index + 1;
        }

        if (index == _activeRoot && IsLive(index))
        {
            index = index + 1 == RootCount ? 0 : index + 1;
        }

        _rootHand = index + 1 == RootCount ? 0 : index + 1;
        ref var root = ref _roots[index];
        if (IsLive(index))
        {
            _spaces[root.Space].Roots.Of(root.View) = AddressSpace.NoRoot;
        }

        Counters.RootsMade++;
        if (root.Levels != 0)
        {
            root.Used.Clear(root.Lower, root.Upper);
        }

        if (root.Levels != space.Levels)
        {
            LinkRoot(ref root, space.Levels);
        }

        root.Space = _activeSpace;
        root.View = view;
        space.Roots.Of(view) = index;
        // Cached device translations name a root by its number.
        _stamp++;
        host.SfenceAsid(root.HostAsid);
        return index;
    }

    /// <summary>Links a root's pages so that its lower and upper tables stand at the guest's root level.</summary>
    private readonly void LinkRoot(ref ShadowRoot root, int levels)
    {
        const int Last = Pte.Entries - 1;
        var hostLevels = HostTranslation.Levels(_host.Mode);
        root.Levels = levels;
        root.Lower = root.Table;
        root.Upper = root.Table;
        if (levels == hostLevels)
        {
            return;
        }

        var next = root.Table + Pte.Entries;
        for (var level = hostLevels - 1; level >= levels; level--)
        {
            var lower = next;
            var upper = next + Pte.Entries;
            Unsafe.InitBlock(lower, 0, (uint)(2 * Pte.PageSize));
            root.Lower[0] = Pte.FromAddress(_window.Address(lower)) | Pte.V;
            root.Upper[Last] = Pte.FromAddress(_window.Address(upper)) | Pte.V;
            root.Lower = lower;
            root.Upper = upper;
            next += 2 * Pte.Entries;
        }
    }
}
