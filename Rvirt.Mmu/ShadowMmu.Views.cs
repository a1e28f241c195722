using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <content>Address spaces, their views, and which of them the hart uses.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    private const ulong NoSatp = ulong.MaxValue;

    /// <summary>See <see cref="IGuestMmu{THost}.TrySwitchView"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TrySwitchView<THost>(ref THost host, int view)
        where THost : struct, IFences
    {
        // SAFETY: never null, as NoSpace stands for none; a root's number is below AddressSpace.MaximumRoots.
        ref var known = ref _activeSpace->Roots.Of(Policy.RootOf(view));
        if (known.HostSatp == 0)
        {
            return false;
        }

        _view = view;
        if (known.Root != _activeRoot)
        {
            _activeRoot = known.Root;
            Counters.Switches++;
            host.WriteSatp(known.HostSatp);
        }

        return true;
    }

    /// <summary>See <see cref="IGuestMmu{THost}.Activate"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Activate<THost>(ref THost host, ulong satp, int view)
        where THost : struct, IFences
    {
        if (satp != _satp || !TrySwitchView(ref host, view))
        {
            ActivateSlowly(ref host, satp, view);
        }
    }

    /// <summary>
    /// The virtual hart was put down, and is loaded on any hart: what that one's <c>satp</c> holds is not known. <see cref="Activate"/>
    /// comes next, and writes it. Where the virtual hart was on another hart meanwhile, the caller fences this one.
    /// </summary>
    public void Load() => _activeRoot = None;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ActivateSlowly<THost>(ref THost host, ulong satp, int view)
        where THost : struct, IFences
    {
        _view = view;
        if (satp != _satp || _activeSpace == NoSpace)
        {
            _satp = satp;
            _activeSpace = FindSpace(satp);
        }

        var number = Policy.RootOf(view);
        var root = _activeSpace->Roots.Of(number).Root;
        if (root == ViewRoot.NoRoot)
        {
            root = MakeRoot(ref host, number);
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

    private readonly AddressSpace* NoSpace => _spaces + AddressSpace.Count;

    private AddressSpace* FindSpace(ulong satp)
    {
        var bare = Satp.Mode(satp) == TranslationMode.Bare;
        var asid = Satp.Asid(satp);
        var slotIndex = bare ? AsidSlot.Bare : asid & (AsidSlot.Count - 1);
        // SAFETY: the slot is masked or the one behind the masked ones, a space's place is masked; there are as many of each.
        ref var slot = ref _slots[slotIndex];
        if (slot.Asid != asid)
        {
            slot.Asid = asid;
            DropSlot(slotIndex);
        }

        var ppn = Satp.Ppn(satp);
        var space = _spaces + ((ppn ^ (ppn >> 6) ^ ((ulong)asid * 5)) & (AddressSpace.Count - 1));
        if (space->Satp == satp && IsLive(*space))
        {
            return space;
        }

        Counters.SpacesMade++;
        space->Satp = satp;
        space->Generation = _generation;
        space->SlotGeneration = slot.Generation;
        space->Slot = slotIndex;
        space->Levels = HostTranslation.Levels(bare ? TranslationMode.Sv39 : Satp.Mode(satp));
        for (var root = 0; root < Policy.Roots; root++)
        {
            space->Roots.Of(root) = ViewRoot.None;
        }

        return space;
    }

    private readonly bool IsLive(in AddressSpace space) =>
        space.Generation == _generation && space.SlotGeneration == _slots[space.Slot].Generation;

    private void DropAll()
    {
        _generation++;
        _fences++;
        _linkChanges++;
        _largePages = 0;
        _hugePages = 0;
        _activeSpace = NoSpace;
    }

    private void DropSlot(int slot)
    {
        _slots[slot].Generation++;
        _fences++;
        ForgetSlot(slot);
        if (_activeSpace->Slot == slot)
        {
            _activeSpace = NoSpace;
        }
    }
}
