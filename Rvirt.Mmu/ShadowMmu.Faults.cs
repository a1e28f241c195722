using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <content>Page faults of the host: the guest's tables say whether the shadow tables are to map the page, or whose fault it is.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    /// <summary>See <see cref="IGuestMmu{THost}.Resolve"/>.</summary>
    /// <remarks>What is known comes first: pages of devices, of which drivers poll a few, then the tables that faults filled last.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref VCpu Resolve<THost, TFollower>(ref THost host, ulong va, AccessKind access, TFollower follower)
        where THost : struct, IFences
        where TFollower : struct, IFaultFollower
    {
        if (TryTranslateDevice(va, access, out var guestAddress))
        {
            return ref follower.FollowToDevice(va, guestAddress);
        }

        return ref ResolveMemory(ref host, va, access, follower);
    }

    /// <summary>Translates an address of a device's page, where that is at hand.</summary>
    /// <param name="va">Any 64-bit value.</param>
    /// <param name="access">What the guest does.</param>
    /// <param name="guestAddress">The guest physical address; not RAM.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool TryTranslateDevice(ulong va, AccessKind access, out ulong guestAddress)
    {
        ref var cached = ref Device(va);
        guestAddress = cached.GuestPage | (va & (Pte.PageSize - 1));
        return cached.Page == (va & ~(Pte.PageSize - 1))
            && cached.Stamp == _fences
            && cached.Root == _activeRoot
            && (!Policy.SharesRoots || cached.View == _view)
            && ((cached.Allowed >> (int)access) & 1) != 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ref VCpu ResolveMemory<THost, TFollower>(ref THost host, ulong va, AccessKind access, TFollower follower)
        where THost : struct, IFences
        where TFollower : struct, IFaultFollower
    {
        if (TryRefill(ref host, va, access, out var unmapped))
        {
            return ref follower.Follow(va, FaultResolution.Mapped);
        }

        if (unmapped)
        {
            return ref follower.Follow(va, FaultResolution.GuestPageFault);
        }

        return ref follower.Follow(va, ResolveByWalk(ref host, va, access));
    }

    // A walk writes what it is asked for later: zeroing it first would cost as much as a level.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultAnswer ResolveByWalk<THost>(ref THost host, ulong va, AccessKind access)
        where THost : struct, IFences
    {
        Unsafe.SkipInit(out GuestWalk walk);
        var result = Translate(ref walk, va, access);
        var guestAddress = walk.GuestAddress;
        if (result != FaultResolution.Mapped)
        {
            return result;
        }

        if (!_memory.Contains(guestAddress & ~(Pte.PageSize - 1), Pte.PageSize))
        {
            Remember(va, guestAddress, access);
            return FaultAnswer.NotMemory(guestAddress);
        }

        if (Policy.HasWindow && _host.Mode == TranslationMode.Sv39 && _host.IsWindow(Pte.Index(va, 2)))
        {
            return FaultResolution.WindowCollision;
        }

        if (!TryFill(ref host, walk, va))
        {
            Counters.Exhaustions++;
            DropAll();
            host.SfenceAll();
            ActivateSlowly(ref host, _satp, _view);
            if (!TryFill(ref host, walk, va))
            {
                throw new InvalidOperationException("the shadow page pool is too small for one walk");
            }
        }

        return FaultResolution.Mapped;
    }

    /// <summary>See <see cref="IGuestMmu{THost}.Translate"/>.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal readonly FaultResolution Translate(ulong va, AccessKind access, out ulong guestAddress)
    {
        Unsafe.SkipInit(out GuestWalk walk);
        var result = Translate(ref walk, va, access);
        guestAddress = walk.GuestAddress;
        return result;
    }

    // Virtual harts without translation see RAM as it is, through leaves as large as fit.
    private readonly FaultResolution Translate(ref GuestWalk walk, ulong va, AccessKind access)
    {
        if (Satp.Mode(_satp) != TranslationMode.Bare)
        {
            return walk.Run(
                _memory, _satp, va, access, Policy.ModeOf(_view), Policy.HasSum(_view), Policy.HasMxr(_view), update: true);
        }

        walk.GuestAddress = va;
        if (va >> Pte.PhysicalAddressBits != 0)
        {
            return FaultResolution.GuestAccessFault;
        }

        // SAFETY: never null: where the guest has no address space it is the one behind the last.
        var level = _activeSpace->Levels - 1;
        walk.Level = level;
        walk.Global = false;
        // Of a leaf only the flags are looked at; the address is the walk's.
        walk.Leaf = Pte.V | Pte.R | Pte.W | Pte.X | Pte.A | Pte.D | (Policy.IsBareUser(_view) ? Pte.U : 0);
        // The identity map has the lower half of the addresses only; no RAM lies beyond.
        return FaultResolution.Mapped;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // SAFETY: the index is masked, and Initialize made room for MmioTranslation.Count of them.
    private readonly ref MmioTranslation Device(ulong va) => ref _mmio[(va >> Pte.PageShift) & (MmioTranslation.Count - 1)];

    private readonly void Remember(ulong va, ulong guestAddress, AccessKind access)
    {
        ref var cached = ref Device(va);
        var page = va & ~(Pte.PageSize - 1);
        if (cached.Page != page || cached.Stamp != _fences || cached.Root != _activeRoot
            || (Policy.SharesRoots && cached.View != _view))
        {
            cached.Page = page;
            cached.Stamp = _fences;
            cached.Root = _activeRoot;
            cached.View = (ushort)_view;
            cached.Allowed = 0;
        }

        cached.GuestPage = guestAddress & ~(Pte.PageSize - 1);
        cached.Allowed |= (ushort)(1 << (int)access);
    }
}
