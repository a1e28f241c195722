using System.Runtime.CompilerServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;

namespace Rvirt.Mmu;

/// <content>Roots: tables that the host's <c>satp</c> can select, each with the hypervisor's window in it.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    private const int RootCount = 32;

    // Of an entry, for the guest's own use (Privileged spec 1.13 §12.3.1).
    private const ulong SoftwareBits = 3 << 8;

    private readonly void InitializeRoot(int index, ulong* table)
    {
        ref var root = ref _roots[index];
        // SAFETY: the caller gives ShadowRoot.Pages zeroed pages for each index below RootCount; slots of the window are indexes below 512.
        root.Space = ShadowRoot.NoSpace;
        root.Table = table;
        root.HostAsid = _hostAsids ? _firstAsid + (ulong)index : 0;
        root.HostSatp = ((ulong)_host.Mode << Satp.ModeShift)
            | (root.HostAsid << Satp.AsidShift)
            | (_window.Address(table) >> Pte.PageShift);
        if (Policy.HasWindow)
        {
            _host.WriteWindow(table);
        }
    }

    private readonly bool IsLive(int index)
    {
        ref var root = ref _roots[index];
        return root.Space != ShadowRoot.NoSpace
            && _spaces[root.Space].Roots.Of(root.Number).Root == index
            && IsLive(_spaces[root.Space]);
    }

    /// <summary>Makes a root of the active address space: a dropped one if there is one, else the next in turn but the one in use.</summary>
    private int MakeRoot<THost>(ref THost host, int number)
        where THost : struct, IFences
    {
        var index = _rootHand;
        for (var tries = 0; tries < RootCount; tries++)
        {
            if (index != _activeRoot && !IsLive(index))
            {
                break;
            }

            index = NextRoot(index);
        }

        if (index == _activeRoot)
        {
            index = NextRoot(index);
        }

        _rootHand = NextRoot(index);
        ref var root = ref _roots[index];
        if (IsLive(index))
        {
            _spaces[root.Space].Forget(index, Policy.Roots);
        }

        Counters.RootsMade++;
        if (root.Levels != 0)
        {
            root.Used.Clear(root.Lower, root.Upper);
        }

        if (root.Levels != _activeSpace->Levels)
        {
            LinkRoot(ref root, _activeSpace->Levels);
        }

        root.Space = (int)(_activeSpace - _spaces);
        Give(ref *_activeSpace, number, index);
        // Once a table was filled since all were dropped, the root in use is of that time too.
        if (_activeRoot != None && _rememberedAt == _generation && _activeSpace->Slot != AsidSlot.Bare)
        {
            LinkGlobalTables(ref root, number, _roots[_activeRoot]);
        }

        // What is remembered of a table or a device below a root names the root by its number.
        _fences++;
        ForgetRoot(index);
        if (_host.WholeFences)
        {
            host.SfenceAll();
        }
        else
        {
            host.SfenceAsid(root.HostAsid);
        }

        return index;
    }

    /// <summary>Links the tables of global translations that the root in use has, in a root that is none yet.</summary>
    /// <remarks>
    /// A kernel's half need not be found anew by faults: where the guest's own new root leads to the same table, so does a walk. Of what the root in use leads to, some
    /// may just have been dropped, but none is another table by now: those are made for the root in use.
    /// A table serves where its leaves are of the kind that the kernel has in the new root.
    /// </remarks>
    [ColdPath]
    private readonly void LinkGlobalTables(ref ShadowRoot root, int number, in ShadowRoot from)
    {
        if (from.Levels != root.Levels)
        {
            return;
        }

        // SAFETY: marked entries are below 512, and every link in a root leads to a table of the pool.
        for (var entry = 0; from.Used.TryNext(ref entry); entry++)
        {
            var upper = entry >= Pte.Entries / 2;
            var link = (upper ? from.Upper : from.Lower)[entry];
            if ((link & Pte.V) == 0 || Pte.IsLeaf(link))
            {
                continue;
            }

            ref var record = ref _records[TableOf(link)];
            if (record.Owner == AsidSlot.Global
                && record.Class == Policy.ClassOf(number, userLeaf: false)
                && _memory.TryRead64((Satp.Ppn(_satp) << Pte.PageShift) + ((ulong)(uint)entry * sizeof(ulong)), out var guest)
                && (guest & ~(Pte.G | SoftwareBits)) == (Pte.FromAddress(record.GuestTable) | Pte.V))
            {
                (upper ? root.Upper : root.Lower)[entry] = link;
                root.Used.Set(entry);
            }
        }
    }

    private readonly void Give(ref AddressSpace space, int number, int index)
    {
        ref var root = ref _roots[index];
        // Without host ASIDs a switch needs a fence too.
        var given = new ViewRoot { Root = index, HostSatp = _hostAsids ? root.HostSatp : 0 };
        root.Number = number;
        if (space.Slot != AsidSlot.Bare)
        {
            space.Roots.Of(number) = given;
            return;
        }

        // Without translation all that the guest's modes tell apart is the same.
        root.Number = Policy.BareRoot;
        for (var each = 0; each < Policy.Roots; each++)
        {
            space.Roots.Of(each) = given;
        }
    }

    private static int NextRoot(int index) => index + 1 == RootCount ? 0 : index + 1;

    /// <summary>Links a root's pages so that its lower and upper tables stand at the guest's root level.</summary>
    private readonly void LinkRoot(ref ShadowRoot root, int levels)
    {
        // SAFETY: the root's own table and two for each of at most two levels of the host's above the guest's: five pages, ShadowRoot.Pages.
        const int Last = Pte.Entries - 1;
        var hostLevels = HostTranslation.Levels(_host.Mode);
        root.Levels = levels;
        root.Lower = root.Table;
        root.Upper = root.Table;
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
