using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Rvirt.Reference.Harts;

/// <summary>Memory accesses, the page walk and the caches of translations.</summary>
// SAFETY: a pointer to RAM comes from RamPointer, which checks its whole range; a shortcut leads into a page of RAM, or into a copy of one that is freed when all shortcuts to copies are dropped.
public sealed unsafe partial class Hart
{
    private const int FastBits = 10;
    private const int FastEntries = 1 << FastBits;
    private const ulong FastMask = FastEntries - 1;
    private const ulong PageMask = ~0xfffUL;
    private const int ContextShift = 3;
    private const int Contexts = 512;
    private const ulong NoReservation = 1;

    private const ulong PteV = 1, PteR = 2, PteW = 4, PteX = 8, PteU = 16, PteG = 32, PteA = 64, PteD = 128;
    private const ulong PteReserved = 0x3ffUL << 54;

    /// <summary>
    /// Shortcuts from a virtual page to a pointer, for RAM only. The tag is the page with the context's number in bits 11 to 3; bits
    /// 2 to 0 are zero, so that a misaligned address never matches. Always a subset of what <see cref="_tlb"/> allows.
    /// </summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FastEntry
    {
        public ulong Tag;
        public ulong Addend;
    }

    private const int NormalTlbEntries = 512;

    private readonly FastEntry* _loadTable;
    private readonly FastEntry* _storeTable;
    private readonly FastEntry* _fetchTable;
    private readonly Tlb _tlb = new();
    private readonly Dictionary<ulong, ulong> _contexts = [];
    private readonly Dictionary<ulong, nint> _instructionPages = [];
    private ulong _nextContext = 1;
    private ulong _dataContext;
    private ulong _fetchContext;

    private ulong _fetchPage;
    private ulong _fetchLength;
    private byte* _fetchPointer;

    private bool _probing;

    /// <summary>Is told what accesses do to memory; it sees all of them where <see cref="TlbPolicy.None"/> is chosen.</summary>
    public IMemoryObserver? Observer { get; set; }

    /// <summary>Translations remembered, for tests of fences.</summary>
    public int TlbEntries => _tlb.Count;

    /// <summary>Drops translations as <c>sfence.vma</c> does.</summary>
    /// <param name="address">A virtual address, or null for all.</param>
    /// <param name="asid">An address space, or null for all; global mappings stay when one is named.</param>
    public void Fence(ulong? address, ushort? asid)
    {
        if (!_options.SelectiveFences && (address.HasValue || asid.HasValue))
        {
            return;
        }

        Observer?.Fenced(address, asid);
        ForgetContexts();
        _tlb.Fence(address, asid);
    }

    /// <summary>Translates as an access of the current mode would; sets A and D where hardware does.</summary>
    /// <param name="va">The virtual address.</param>
    /// <param name="access">What the access does.</param>
    /// <param name="physical">The physical address.</param>
    /// <returns>False with <see cref="LastFault"/> set where it faults.</returns>
    public bool TryTranslate(ulong va, Access access, out ulong physical) => Translate(va, access, out physical);

    /// <summary>
    /// Translates as an access of the current mode would, and leaves memory alone: a clear A or D bit does not count. A hart that remembers
    /// translations remembers this one; <see cref="TlbPolicy.None"/> does not.
    /// </summary>
    /// <param name="va">The virtual address.</param>
    /// <param name="access">What the access would do.</param>
    /// <param name="physical">The physical address.</param>
    /// <returns>False where it would fault.</returns>
    public bool TryProbe(ulong va, Access access, out ulong physical)
    {
        var (cause, value) = (_trapCause, _trapValue);
        _probing = true;
        var found = Translate(va, access, out physical);
        _probing = false;
        (_trapCause, _trapValue) = (cause, value);
        return found;
    }

    /// <summary>Cause and value of a failed <see cref="TryTranslate"/> or access, as <c>mcause</c> and <c>mtval</c> have them.</summary>
    public (ulong Cause, ulong Value) LastFault => (_trapCause, _trapValue);

    /// <summary>Loads as the current mode would.</summary>
    /// <param name="va">The virtual address.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">What was read, zero-extended.</param>
    /// <returns>False with <see cref="LastFault"/> set where it faults.</returns>
    public bool TryRead(ulong va, int size, out ulong value)
    {
        var done = SlowLoad(va, size);
        value = _value;
        return done;
    }

    /// <summary>Stores as the current mode would.</summary>
    /// <param name="va">The virtual address.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">What is stored: its lowest bytes.</param>
    /// <returns>False with <see cref="LastFault"/> set where it faults.</returns>
    public bool TryWrite(ulong va, int size, ulong value) => SlowStore(va, size, value);

    /// <summary>Fetches as the current mode would.</summary>
    /// <param name="va">The virtual address.</param>
    /// <param name="raw">The instruction; where it is compressed, its lower 16 bits.</param>
    /// <returns>False with <see cref="LastFault"/> set where it faults.</returns>
    public bool TryFetch(ulong va, out uint raw)
    {
        var done = SlowFetch(va);
        raw = (uint)_value;
        return done;
    }

    /// <summary>
    /// Reads an instruction with S-mode loads while SUM and MXR are set, which is how S-mode software reads code of U-mode: 16 bits, or 32.
    /// </summary>
    /// <param name="va">The virtual address.</param>
    /// <param name="raw">The instruction, or as much of it as could be read.</param>
    /// <returns>False with <see cref="LastFault"/> set where a load faults.</returns>
    public bool TryFetchForSupervisor(ulong va, out uint raw)
    {
        raw = 0;
        if (!TryLoadHalf(va, Status.Sum | Status.Mxr, out var low))
        {
            return false;
        }

        raw = low;
        if ((low & 3) != 3)
        {
            return true;
        }

        var done = TryLoadHalf(va + 2, Status.Sum | Status.Mxr, out var high);
        raw |= (uint)high << 16;
        return done;
    }

    /// <summary>Reads 16 bits with a load of the current mode while SUM is set.</summary>
    /// <param name="va">The virtual address.</param>
    /// <param name="half">What was read.</param>
    /// <returns>False with <see cref="LastFault"/> set where the load faults.</returns>
    public bool TryFetchHalfForSupervisor(ulong va, out ushort half) => TryLoadHalf(va, Status.Sum, out half);

    private bool TryLoadHalf(ulong va, ulong status, out ushort half)
    {
        var saved = _mstatus;
        _mstatus |= status;
        UpdateContext();
        var done = SlowLoad(va, 2);
        half = (ushort)_value;
        _mstatus = saved;
        UpdateContext();
        return done;
    }

    /// <summary>Later fetches see earlier stores, as <c>fence.i</c> has it.</summary>
    public void FlushInstructionCache()
    {
        if (_options.InstructionCache)
        {
            FreeInstructionCache();
            new Span<FastEntry>(_fetchTable, FastEntries).Clear();
            DropFetchPage();
        }
    }

    private void FreeInstructionCache()
    {
        foreach (var page in _instructionPages.Values)
        {
            // SAFETY: allocated in InstructionPage; no fetch shortcut to it survives the caller.
            NativeMemory.Free((void*)page);
        }

        _instructionPages.Clear();
    }

    private void DropFetchPage() => _fetchLength = 0;

    private void ClearFastTables()
    {
        // SAFETY: each table has FastEntries entries.
        new Span<FastEntry>(_loadTable, FastEntries).Clear();
        new Span<FastEntry>(_storeTable, FastEntries).Clear();
        new Span<FastEntry>(_fetchTable, FastEntries).Clear();
    }

    private void ForgetContexts()
    {
        _contexts.Clear();
        if (_nextContext >= Contexts - 8)
        {
            ClearFastTables();
            _nextContext = 1;
        }

        UpdateContext();
    }

    private PrivilegeLevel DataMode =>
        _mode == PrivilegeLevel.Machine && (_mstatus & Status.Mprv) != 0 ? (PrivilegeLevel)((_mstatus >> Status.MppShift) & 3) : _mode;

    /// <summary>Recomputes the numbers under which shortcuts are valid; runs after anything that changes how addresses translate.</summary>
    private void UpdateContext()
    {
        DropFetchPage();
        _fetchContext = ContextOf(_mode, 0);
        _dataContext = ContextOf(DataMode, (_mstatus >> 18) & 3);
    }

    private ulong ContextOf(PrivilegeLevel mode, ulong sumMxr)
    {
        var key = mode == PrivilegeLevel.Machine || _satp >> 60 == 0
            ? 0
            : ((_satp >> 44) << 4) | (sumMxr << 2) | ((ulong)mode << 1) | 1;
        if (_contexts.TryGetValue(key, out var context))
        {
            return context;
        }

        if (_nextContext >= Contexts)
        {
            ClearFastTables();
            _contexts.Clear();
            _nextContext = 1;
        }

        context = _nextContext++ << ContextShift;
        _contexts.Add(key, context);
        return context;
    }

    /// <summary>A pointer to RAM, or null.</summary>
    private byte* RamPointer(ulong physical, ulong size)
    {
        var offset = physical - _ramBase;
        return offset < _ramSize && size <= _ramSize - offset ? _ram + offset : null;
    }

    private ulong PhysicalOf(byte* pointer) => (ulong)(pointer - _ram) + _ramBase;

    private bool SlowFetch(ulong pc)
    {
        if (!FetchHalf(pc, pc, out var pointer))
        {
            return false;
        }

        uint raw = *(ushort*)pointer;
        if ((raw & 3) == 3)
        {
            if ((pc & 0xfff) != 0xffe)
            {
                raw = *(uint*)pointer;
            }
            else
            {
                if (!FetchHalf(pc + 2, pc, out pointer))
                {
                    return false;
                }

                raw |= (uint)*(ushort*)pointer << 16;
            }
        }

        _value = raw;
        return true;
    }

    private bool FetchHalf(ulong va, ulong pc, out byte* pointer)
    {
        var entry = _fetchTable + ((va >> 12) & FastMask);
        if (((va & PageMask) | _fetchContext) != entry->Tag)
        {
            pointer = null;
            if (!Translate(va, Access.Fetch, out var physical))
            {
                return false;
            }

            var page = RamPointer(physical & PageMask, 4096);
            if (page is null)
            {
                return Fail(Cause.InstructionAccessFault, va);
            }

            if (!_probing)
            {
                Observer?.BeforeFetch(physical);
            }

            page = InstructionPage(physical & PageMask, page);
            pointer = page + (va & 0xfff);
            if (_options.Tlb == TlbPolicy.None)
            {
                DropFetchPage();
                return true;
            }

            entry->Tag = (va & PageMask) | _fetchContext;
            entry->Addend = (ulong)page - (va & PageMask);
        }

        pointer = (byte*)(va + entry->Addend);
        if (va == pc)
        {
            _fetchPage = va & PageMask;
            _fetchPointer = (byte*)(_fetchPage + entry->Addend);
            _fetchLength = 0xffd;
        }

        return true;
    }

    private byte* InstructionPage(ulong physical, byte* page)
    {
        if (!_options.InstructionCache)
        {
            return page;
        }

        if (!_instructionPages.TryGetValue(physical, out var copy))
        {
            copy = (nint)NativeMemory.Alloc(4096);
            Buffer.MemoryCopy(page, (void*)copy, 4096, 4096);
            _instructionPages.Add(physical, copy);
        }

        return (byte*)copy;
    }

    private bool SlowLoad(ulong va, int size)
    {
        if ((va & (ulong)(size - 1)) != 0)
        {
            return MisalignedLoad(va, size);
        }

        if (!Translate(va, Access.Load, out var physical))
        {
            return false;
        }

        var pointer = RamPointer(physical, (ulong)size);
        if (pointer is null)
        {
            Observer?.BeforeDevice(physical, size);
            return _machine.TryRead(this, physical, size, out _value) || Fail(Cause.LoadAccessFault, va);
        }

        Observer?.BeforeLoad(physical, size);
        Remember(_loadTable, va, pointer);
        _value = ReadPointer(pointer, size);
        return true;
    }

    private bool SlowStore(ulong va, int size, ulong value)
    {
        if ((va & (ulong)(size - 1)) != 0)
        {
            return MisalignedStore(va, size, value);
        }

        if (!Translate(va, Access.Store, out var physical))
        {
            return false;
        }

        var pointer = RamPointer(physical, (ulong)size);
        if (pointer is null)
        {
            Observer?.BeforeDevice(physical, size);
            return _machine.TryWrite(this, physical, size, value & (ulong.MaxValue >> (64 - (8 * size)))) || Fail(Cause.StoreAccessFault, va);
        }

        Remember(_storeTable, va, pointer);
        Observer?.BeforeStore(physical, size);
        WritePointer(pointer, size, value);
        return true;
    }

    private void Remember(FastEntry* table, ulong va, byte* pointer)
    {
        if (_options.Tlb != TlbPolicy.None)
        {
            var entry = table + ((va >> 12) & FastMask);
            entry->Tag = (va & PageMask) | _dataContext;
            entry->Addend = (ulong)pointer - va;
        }
    }

    private bool MisalignedLoad(ulong va, int size)
    {
        if (!_options.Misaligned)
        {
            return Fail(Cause.LoadMisaligned, va);
        }

        if (!MisalignedPointers(va, size, Access.Load, out var first, out var second, out var split))
        {
            return false;
        }

        if (Observer is { } observer)
        {
            observer.BeforeLoad(PhysicalOf(first), split);
            if (split < size)
            {
                observer.BeforeLoad(PhysicalOf(second), size - split);
            }
        }

        var value = 0UL;
        for (var i = 0; i < size; i++)
        {
            value |= (ulong)(i < split ? first[i] : second[i - split]) << (8 * i);
        }

        _value = value;
        return true;
    }

    private bool MisalignedStore(ulong va, int size, ulong value)
    {
        if (!_options.Misaligned)
        {
            return Fail(Cause.StoreMisaligned, va);
        }

        if (!MisalignedPointers(va, size, Access.Store, out var first, out var second, out var split))
        {
            return false;
        }

        if (Observer is { } observer)
        {
            observer.BeforeStore(PhysicalOf(first), split);
            if (split < size)
            {
                observer.BeforeStore(PhysicalOf(second), size - split);
            }
        }

        for (var i = 0; i < size; i++)
        {
            (i < split ? ref first[i] : ref second[i - split]) = (byte)(value >> (8 * i));
        }

        return true;
    }

    /// <summary>Both parts of an access that may cross a page, in the order of their addresses; devices do not take misaligned accesses.</summary>
    private bool MisalignedPointers(ulong va, int size, Access access, out byte* first, out byte* second, out int split)
    {
        split = (int)Math.Min((ulong)size, 4096 - (va & 0xfff));
        second = null;
        first = null;
        var fault = access == Access.Load ? Cause.LoadAccessFault : Cause.StoreAccessFault;
        if (!Translate(va, access, out var physical))
        {
            return false;
        }

        first = RamPointer(physical, (ulong)split);
        if (first is null)
        {
            Observer?.BeforeDevice(physical, size);
            return Fail(fault, va);
        }

        if (split < size)
        {
            if (!Translate(va + (ulong)split, access, out var physicalSecond))
            {
                return false;
            }

            second = RamPointer(physicalSecond, (ulong)(size - split));
            if (second is null)
            {
                Observer?.BeforeDevice(physicalSecond, size - split);
                return Fail(fault, va + (ulong)split);
            }
        }

        return true;
    }

    private static ulong ReadPointer(byte* pointer, int size) => size switch
    {
        1 => *pointer,
        2 => *(ushort*)pointer,
        4 => *(uint*)pointer,
        _ => *(ulong*)pointer,
    };

    private static void WritePointer(byte* pointer, int size, ulong value)
    {
        switch (size)
        {
            case 1: *pointer = (byte)value; break;
            case 2: *(ushort*)pointer = (ushort)value; break;
            case 4: *(uint*)pointer = (uint)value; break;
            default: *(ulong*)pointer = value; break;
        }
    }

    /// <summary>An address with the sign extended from the highest bit that a mode translates.</summary>
    internal static ulong Canonical(ulong va, byte mode)
    {
        var unused = 64 - (12 + (9 * (mode - 5)));
        return (ulong)((long)(va << unused) >> unused);
    }

    /// <summary>Address translation (Privileged spec 1.13 §12.3.2).</summary>
    private bool Translate(ulong va, Access access, out ulong physical)
    {
        var privilege = access == Access.Fetch ? _mode : DataMode;
        var mode = (byte)(_satp >> 60);
        physical = va;
        if (privilege == PrivilegeLevel.Machine || mode == 0)
        {
            return privilege == PrivilegeLevel.Machine || !IsClosed(va, 0) || Fail(AccessFault(access), va);
        }

        var fault = access switch
        {
            Access.Fetch => Cause.InstructionPageFault,
            Access.Load => Cause.LoadPageFault,
            _ => Cause.StorePageFault,
        };
        if (Canonical(va, mode) != va)
        {
            return Fail(fault, va);
        }

        var asid = (int)((_satp >> 44) & 0xffff);
        if (_options.Tlb != TlbPolicy.None && _tlb.TryFind(va, mode, asid, out var entry, out var level))
        {
            var allowed = entry.Valid && Permits(entry.Flags, access, privilege) && (entry.Flags & PteA) != 0
                && (access != Access.Store || (entry.Flags & PteD) != 0);
            if (allowed)
            {
                physical = Combine(entry.PhysicalPage, va, level);
                return true;
            }

            // A cached clean page is not a fault where hardware sets D: the walk does it.
            var onlyDirty = entry.Valid && _options.HardwareAccessedDirty && Permits(entry.Flags, access, privilege);
            if (_options.Tlb == TlbPolicy.Aggressive && !onlyDirty)
            {
                return Fail(fault, va);
            }
        }

        return Walk(va, access, privilege, mode, asid, fault, out physical);
    }

    private static ulong AccessFault(Access access) => access switch
    {
        Access.Fetch => Cause.InstructionAccessFault,
        Access.Load => Cause.LoadAccessFault,
        _ => Cause.StoreAccessFault,
    };

    /// <summary>Whether PMP keeps an access from an address that a page of a level has been found for.</summary>
    private bool IsClosed(ulong physical, int level)
    {
        if (_options.ClosedMemory.Count == 0)
        {
            return false;
        }

        var length = _options.PmpChecksWholePages ? 4096UL << (9 * level) : 4096;
        var first = physical & (0 - length);
        foreach (var closed in _options.ClosedMemory)
        {
            if (closed.Start - first < length || first - closed.Start < closed.Length)
            {
                return true;
            }
        }

        return false;
    }

    private static ulong Combine(ulong page, ulong va, int level)
    {
        var low = (1UL << (12 + (9 * level))) - 1;
        return (page & ~low) | (va & low);
    }

    private bool Permits(ulong flags, Access access, PrivilegeLevel privilege)
    {
        if ((flags & PteU) != 0)
        {
            if (privilege == PrivilegeLevel.Supervisor && (access == Access.Fetch || (_mstatus & Status.Sum) == 0))
            {
                return false;
            }
        }
        else if (privilege == PrivilegeLevel.User)
        {
            return false;
        }

        return access switch
        {
            Access.Fetch => (flags & PteX) != 0,
            Access.Store => (flags & PteW) != 0,
            _ => (flags & PteR) != 0 || ((flags & PteX) != 0 && (_mstatus & Status.Mxr) != 0),
        };
    }

    private void Cache(ulong va, byte mode, int asid, int level, TlbEntry entry)
    {
        if (_options.Tlb == TlbPolicy.Normal && _tlb.Count >= NormalTlbEntries)
        {
            _tlb.Clear();
            ForgetContexts();
        }

        _tlb.Add(va, mode, asid, level, entry);
    }

    private bool Walk(ulong va, Access access, PrivilegeLevel privilege, byte mode, int asid, ulong fault, out ulong physical)
    {
        physical = 0;
        var accessFault = AccessFault(access);
        var table = (_satp & 0xfff_ffff_ffff) << 12;
        var global = 0UL;
        for (var level = mode - 6; ; level--)
        {
            var address = table + (((va >> (12 + (9 * level))) & 511) * 8);
            var pointer = (ulong*)RamPointer(address, 8);
            if (pointer is null)
            {
                return Fail(accessFault, va);
            }

            var pte = _probing || Observer is null ? *pointer : Observer.Entry(address, va, level, (global & PteG) != 0, *pointer);
            if ((pte & PteV) == 0 || (pte & (PteR | PteW)) == PteW || (pte & PteReserved) != 0)
            {
                return Miss(va, mode, asid, level, fault);
            }

            global |= pte & PteG;
            if ((pte & (PteR | PteX)) == 0)
            {
                if (level == 0 || (pte & (PteU | PteA | PteD)) != 0)
                {
                    return Miss(va, mode, asid, level, fault);
                }

                table = (pte >> 10) << 12;
                continue;
            }

            var page = (pte >> 10) << 12;
            if ((page & ((1UL << (12 + (9 * level))) - 1)) != 0 || !Permits(pte, access, privilege))
            {
                return Fail(fault, va);
            }

            if (IsClosed(Combine(page, va, level), level))
            {
                return Fail(accessFault, va);
            }

            var wanted = PteA | (access == Access.Store ? PteD : 0);
            if ((pte & wanted) != wanted)
            {
                if (!_options.HardwareAccessedDirty)
                {
                    return Fail(fault, va);
                }

                if (!_probing)
                {
                    Observer?.BeforeUpdate(address, pte);
                    *pointer = pte | wanted;
                }

                pte |= wanted;
            }

            if (_options.Tlb != TlbPolicy.None)
            {
                Cache(va, mode, asid, level, new TlbEntry(page, (pte & 0xff) | global, true));
            }

            physical = Combine(page, va, level);
            return true;
        }
    }

    private bool Miss(ulong va, byte mode, int asid, int level, ulong fault)
    {
        if (_options.Tlb == TlbPolicy.Aggressive && _options.CacheInvalidEntries)
        {
            Cache(va, mode, asid, level, new TlbEntry(0, 0, false));
        }

        return Fail(fault, va);
    }
}
