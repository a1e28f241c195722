using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Core.Memory;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Modes.Resident;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Mmu;

namespace Rvirt.Tests.Mmu;

/// <summary>A guest's RAM with page tables in it, shadow tables over it, and the strict hart that uses those.</summary>
internal sealed unsafe class MmuWorld : IDisposable
{
    /// <summary>Guest physical address of RAM.</summary>
    public const ulong Ram = 0x8000_0000;

    /// <summary>A guest physical page that is not RAM.</summary>
    public const ulong Device = 0x1000_0000;

    /// <summary>Root index of the window on an Sv39 host.</summary>
    public const int NarrowSlot = 258;

    private readonly ulong _poolAddress;

    private readonly byte* _allocation;
    private readonly byte* _pool;
    private readonly ulong _poolSize;
    private readonly ulong _ramOffset;
    private readonly ShadowMmu<SplitViews>* _mmu;
    private readonly IShadow _shadow;
    private readonly Shared _asids;
    private MmuWorld? _second;
    private ulong _nextTable;

    /// <param name="hostMode">How the host translates.</param>
    /// <param name="ramSize">Bytes of guest RAM.</param>
    /// <param name="hostAddress">Host physical address behind it.</param>
    /// <param name="maximumAsid">The host's highest ASID.</param>
    /// <param name="tables">Tables in the pool.</param>
    /// <param name="neighbour">A world whose hart this one runs on too, in turns.</param>
    /// <param name="native">Whether the hart has the guest's modes, SUM and MXR itself (<see cref="NativeViews"/>).</param>
    public MmuWorld(
        TranslationMode hostMode = TranslationMode.Sv57,
        ulong ramSize = 8 << 20,
        ulong hostAddress = 0x1_0000_0000,
        ushort maximumAsid = 0xffff,
        int tables = 64,
        MmuWorld? neighbour = null,
        bool native = false)
    {
        IsNative = native;
        // Tables lie in a pool of each world's own.
        _poolAddress = neighbour is null ? 0x9000_0000 : neighbour._poolAddress + 0x100_0000;
        _poolSize = ShadowMmu<SplitViews>.BytesNeeded(tables);
        _ramOffset = (_poolSize + 4095) & ~4095UL;
        // SAFETY: freed in Dispose. The system gives pages when they are touched, so that large RAM costs nothing.
        _allocation = (byte*)NativeMemory.AllocZeroed((nuint)(_ramOffset + ramSize + (ulong)sizeof(ShadowMmu<SplitViews>)));
        _pool = _allocation;
        new Span<byte>(_pool, (int)_poolSize).Fill(0xa5);
        var place = _allocation + _ramOffset + ramSize;
        Memory = new GuestMemory(Ram, ramSize, hostAddress, _allocation + _ramOffset);
        _asids = neighbour?._asids ?? new Shared { Value = new HostAsids(maximumAsid) };
        Hart = neighbour?.Hart ?? new StrictHart(ReadPool);
        var translation = HostTranslation.Of(hostMode, maximumAsid);
        translation.TryMap(0x8000_0000, 1 << 30);
        Translation = translation;
        var window = new PhysicalMemory((ulong)_pool - _poolAddress);
        if (native)
        {
            var mmu = (ShadowMmu<NativeViews>*)place;
            ShadowMmu<NativeViews>.Initialize(ref *mmu, Memory, window, translation, ref _asids.Value, _poolAddress, tables);
            _shadow = new Shadow<NativeViews>(mmu, Hart);
        }
        else
        {
            _mmu = (ShadowMmu<SplitViews>*)place;
            ShadowMmu<SplitViews>.Initialize(ref *_mmu, Memory, window, translation, ref _asids.Value, _poolAddress, tables);
            _shadow = new Shadow<SplitViews>(_mmu, Hart);
        }

        _nextTable = Ram + 0x1000;
        neighbour?._second = this;
    }

    public GuestMemory Memory { get; }

    public HostTranslation Translation { get; }

    public StrictHart Hart { get; }

    /// <summary>Whether the hart has the guest's modes, SUM and MXR itself.</summary>
    public bool IsNative { get; }

    public ref ShadowMmu<SplitViews> Mmu => ref *_mmu;

    public ulong Satp { get; private set; }

    public Privilege Privilege { get; private set; } = new(PrivilegeMode.Supervisor, false, false);

    /// <summary>A fresh table of the guest's, after the earlier ones in RAM.</summary>
    public ulong NewTable()
    {
        _nextTable += 4096;
        return _nextTable - 4096;
    }

    /// <summary>Reads a doubleword of guest RAM.</summary>
    public ulong Read(ulong address) =>
        TryRead(address) ?? throw new ArgumentOutOfRangeException(nameof(address), $"{address:x}");

    /// <summary>Reads a doubleword of guest RAM, or nothing where there is none.</summary>
    public ulong? TryRead(ulong address) =>
        address - Ram <= Memory.Length - 8 && address >= Ram ? *(ulong*)(Memory.Pointer + (address - Ram)) : null;

    /// <summary>Writes a doubleword of guest RAM.</summary>
    public void Write(ulong address, ulong value)
    {
        Read(address);
        *(ulong*)(Memory.Pointer + (address - Ram)) = value;
    }

    /// <summary>Writes one entry of a table of the guest's.</summary>
    public void WriteEntry(ulong table, int index, ulong address, ulong flags) =>
        Write(table + ((ulong)index * 8), (address >> 12 << 10) | flags);

    /// <summary>The guest's <c>csrw satp</c>.</summary>
    public void SetSatp(ulong satp)
    {
        Satp = satp;
        Activate();
    }

    /// <summary>A change of the guest's mode, SUM or MXR.</summary>
    public void Become(Privilege privilege)
    {
        Privilege = privilege;
        Activate();
    }

    public void Become(PrivilegeMode mode, bool sum = false, bool mxr = false) => Become(new Privilege(mode, sum, mxr));

    /// <summary>As trap handling does before it enters the guest.</summary>
    public void Activate()
    {
        _shadow.Activate(Satp, ViewOf(Privilege));
        Run();
    }

    public bool TrySwitch(Privilege privilege)
    {
        var done = _shadow.TrySwitchView(ViewOf(privilege));
        Privilege = done ? privilege : Privilege;
        Run();
        return done;
    }

    private int ViewOf(Privilege privilege) =>
        IsNative ? NativeViews.Of(privilege.Mode, (privilege.Sum ? Sstatus.Sum : 0) | (privilege.Mxr ? Sstatus.Mxr : 0)) : ViewKind.Of(privilege.Mode, privilege.Sum, privilege.Mxr);

    private void Run() => Hart.Runs = IsNative ? Privilege : new Privilege(PrivilegeMode.User, false, false);

    public void FenceAll(bool activate = true)
    {
        _shadow.FenceAll();
        if (activate)
        {
            Activate();
        }
    }

    public void FenceAsid(ushort asid, bool activate = true)
    {
        _shadow.FenceAsid(asid);
        if (activate)
        {
            Activate();
        }
    }

    public void FencePage(ulong va) => _shadow.FencePage(va);

    public void FencePageAsid(ulong va, ushort asid) => _shadow.FencePageAsid(va, asid);

    public FaultResolution Resolve(ulong va, AccessKind access, out ulong guestAddress)
    {
        var answer = _shadow.Resolve(va, access);
        guestAddress = answer.GuestAddress;
        return answer.Resolution;
    }

    public bool TryRefill(ulong va, AccessKind access) => _shadow.TryRefill(va, access);

    public bool TryReadCode(ulong va, out uint instruction) => _shadow.TryReadCode(va, out instruction);

    /// <summary>The guest accesses an address: the hart translates, and its page faults are served as trap handling serves them.</summary>
    public WalkResult Access(ulong va, AccessKind access)
    {
        for (var faults = 0; faults < 6; faults++)
        {
            if (Hart.TryAccess(va, access, out var physical))
            {
                return new WalkResult(FaultResolution.Mapped, ToGuest(physical));
            }

            var result = Resolve(va, access, out var guestAddress);
            if (result != FaultResolution.Mapped)
            {
                return new WalkResult(result, result == FaultResolution.NotMemory ? guestAddress : 0);
            }
        }

        throw new InvalidOperationException($"{access} at {va:x} faults for ever");
    }

    /// <summary>The hypervisor is mapped in the root that the hart uses, and out of U-mode's reach.</summary>
    public bool HasWindow()
    {
        var root = (Hart.Satp & 0xfff_ffff_ffff) * 4096;
        // Valid, readable, writable, executable, global, accessed, dirty, not for U-mode: from physical address 0, or the gigabyte at 2 GiB.
        return Translation.Mode == TranslationMode.Sv39
            ? ReadPool(root + (258 * 8)) == ((0x8000_0000 >> 2) | 0xef)
            : ReadPool(root + (256 * 8)) == 0xef;
    }

    /// <summary>Whether the active view maps an address in memory now, and how.</summary>
    public bool IsMapped(ulong va) => Hart.TryLookUp(va, out _, out _);

    /// <summary>Level of the host's leaf at an address; -1 where there is none.</summary>
    public int LevelAt(ulong va) => Hart.TryLookUp(va, out _, out var level) ? level : -1;

    /// <summary>Whether the hart can do it without a fault, by the tables in memory.</summary>
    public bool Can(ulong va, AccessKind access) => Hart.TryLookUp(va, out var leaf, out _) && Hart.Allows(leaf, access);

    /// <summary>The guest physical address behind a host physical one, which must be the guest's RAM.</summary>
    public ulong ToGuest(ulong physical) =>
        physical - Memory.HostAddress < Memory.Length
            ? physical - Memory.HostAddress + Ram
            : throw new InvalidOperationException($"{physical:x} is not the guest's");

    // SAFETY: allocated in the constructor; nothing uses it any more.
    public void Dispose() => NativeMemory.Free(_allocation);

    /// <summary>Reads an entry of the host's tables; they lie in the pool and nowhere else.</summary>
    public ulong ReadPool(ulong address) =>
        address - _poolAddress <= _poolSize - 8
            ? *(ulong*)(_pool + (address - _poolAddress))
            : _second?.ReadPool(address) ?? throw new InvalidOperationException($"a host table at {address:x}, outside the pool");

    /// <summary>The hart goes on with this world, after another had it.</summary>
    public void Load()
    {
        _shadow.Load();
        Activate();
    }

    // Shadow tables by whichever policy of views.
    private interface IShadow
    {
        void Activate(ulong satp, int view);

        bool TrySwitchView(int view);

        void FenceAll();

        void FenceAsid(ushort asid);

        void FencePage(ulong va);

        void FencePageAsid(ulong va, ushort asid);

        FaultAnswer Resolve(ulong va, AccessKind access);

        bool TryReadCode(ulong va, out uint instruction);

        bool TryRefill(ulong va, AccessKind access);

        void Load();
    }

    // SAFETY: the world that makes it keeps the tables in place.
    private sealed class Shadow<TViews>(ShadowMmu<TViews>* mmu, StrictHart hart) : IShadow
        where TViews : struct, IViewPolicy
    {
        private MmuHost _host = new(hart);

        public void Activate(ulong satp, int view) => mmu->Activate(ref _host, satp, view);

        public bool TrySwitchView(int view) => mmu->TrySwitchView(ref _host, view);

        public void FenceAll() => mmu->FenceAll(ref _host);

        public void FenceAsid(ushort asid) => mmu->FenceAsid(ref _host, asid);

        public void FencePage(ulong va) => mmu->FencePage(ref _host, va);

        public void FencePageAsid(ulong va, ushort asid) => mmu->FencePageAsid(ref _host, va, asid);

        public FaultAnswer Resolve(ulong va, AccessKind access)
        {
            var answer = default(FaultAnswer);
            mmu->Resolve(ref _host, va, access, new Keeper(&answer));
            return answer;
        }

        public bool TryReadCode(ulong va, out uint instruction) => mmu->TryReadCode(va, out instruction);

        public bool TryRefill(ulong va, AccessKind access) => mmu->TryRefill(ref _host, va, access, out _);

        public void Load() => mmu->Load();
    }

    // SAFETY: the answer is its maker's, and outlives it; nobody looks at the virtual hart.
    private readonly struct Keeper(FaultAnswer* answer) : IFaultFollower
    {
        public ref VCpu FollowToDevice(ulong va, ulong guestAddress) => ref Follow(va, FaultAnswer.NotMemory(guestAddress));

        public ref VCpu Follow(ulong va, FaultAnswer given)
        {
            *answer = given;
            return ref Unsafe.NullRef<VCpu>();
        }
    }

    private sealed class Shared
    {
        public HostAsids Value;
    }
}
