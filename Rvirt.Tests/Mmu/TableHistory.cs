using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Core.Privileged;

namespace Rvirt.Tests.Mmu;

/// <summary>
/// What the guest's page tables held and when, and when it fenced what: from this follows which translations a TLB may still have
/// (Privileged spec 1.13 §12.2.1).
/// </summary>
internal sealed class TableHistory(MmuWorld world, IReadOnlyList<ulong> entries)
{
    private const long Now = long.MaxValue;

    // For each entry, its values and when each was last held.
    private readonly Dictionary<ulong, List<(ulong Value, long LastHeld)>> _values = entries.ToDictionary(e => e, e => new List<(ulong, long)> { (world.Read(e), Now) });
    private readonly List<(long Time, ulong Va, int? Asid)> _pageFences = [];
    private readonly Dictionary<int, long> _asidFences = [];
    // For each satp that the guest had, when it last did.
    private readonly Dictionary<ulong, long> _satps = [];
    private long _allFence;
    private long _time = 1;

    /// <summary>Notes what changed since the last call, by the guest or by a walk that set A and D.</summary>
    public void Update()
    {
        foreach (var (entry, values) in _values)
        {
            var value = world.Read(entry);
            if (value != values[^1].Value)
            {
                values[^1] = (values[^1].Value, _time++);
                values.Add((value, Now));
            }
        }
    }

    /// <summary>The guest writes <c>satp</c>.</summary>
    public void SetSatp(ulong old, ulong value)
    {
        _satps[old] = _time++;
        _satps[value] = Now;
    }

    public void FenceAll() => _allFence = _time++;

    public void FenceAsid(int asid) => _asidFences[asid] = _time++;

    public void FencePage(ulong va, int? asid) => _pageFences.Add((_time++, va, asid));

    /// <summary>Whether a TLB may translate so: some state that each entry had since it was last ordered allows the access and leads there.</summary>
    /// <remarks>
    /// By the tables of this <c>satp</c>, or as a global mapping by those of one that the guest had before: such a mapping is in every
    /// address space, and where it should not be, either may be used (Privileged spec 1.13 §12.3.1).
    /// </remarks>
    public bool MayReach(ulong satp, ulong va, AccessKind access, Privilege privilege, ulong guestPage) =>
        Search(satp, va, access, privilege, guestPage, Root(satp), Levels(satp) - 1, Now, false, false)
        || _satps.Any(other => Levels(other.Key) == Levels(satp)
            && Search(other.Key, va, access, privilege, guestPage, Root(other.Key), Levels(satp) - 1, other.Value, false, true));

    private static ulong Root(ulong satp) => (satp & 0xfff_ffff_ffff) << 12;

    private static int Levels(ulong satp) => (int)(satp >> 60) - 5;

    private bool Search(
        ulong satp, ulong va, AccessKind access, Privilege privilege, ulong guestPage, ulong table, int level, long linksHeld, bool global, bool onlyGlobal)
    {
        var entry = table + ((va >> (12 + (9 * level))) % 512 * 8);
        foreach (var (pte, held) in Values(entry))
        {
            var isGlobal = global || (pte & 0x20) != 0;
            if ((pte & 1) == 0 || pte >> 54 != 0 || (pte & 6) == 4)
            {
                continue;
            }

            if ((pte & 0xa) == 0)
            {
                if (level > 0
                    && (pte & 0xd0) == 0
                    && Search(satp, va, access, privilege, guestPage, pte >> 10 << 12, level - 1, Math.Min(linksHeld, held), isGlobal, onlyGlobal))
                {
                    return true;
                }

                continue;
            }

            var size = 4096UL << (9 * level);
            var asid = (int)((satp >> 44) & 0xffff);
            if ((isGlobal || !onlyGlobal)
                && Leads(pte, va, size, guestPage)
                && (pte & 0x40) != 0
                && (access != AccessKind.Store || (pte & 0x80) != 0)
                && SpecWalk.Allows(pte, access, privilege)
                && linksHeld > LinksOrdered(asid, isGlobal)
                && held > LeafOrdered(va, size, asid, isGlobal))
            {
                return true;
            }
        }

        return false;
    }

    private IEnumerable<(ulong Value, long LastHeld)> Values(ulong entry) =>
        _values.TryGetValue(entry, out var values) ? values
        : world.TryRead(entry) is { } value ? [(value, Now)]
        : [];

    private static bool Leads(ulong pte, ulong va, ulong size, ulong guestPage)
    {
        var start = pte >> 10 << 12;
        return start % size == 0 && ((start + (va % size)) & ~0xfffUL) == guestPage;
    }

    private long LinksOrdered(int asid, bool global) =>
        global ? _allFence : Math.Max(_allFence, _asidFences.GetValueOrDefault(asid));

    // A fence of any address that a leaf maps orders the leaf.
    private long LeafOrdered(ulong va, ulong size, int asid, bool global) =>
        _pageFences
            .Where(fence => fence.Va / size == va / size && (fence.Asid == null || (fence.Asid == asid && !global)))
            .Select(fence => fence.Time)
            .Append(LinksOrdered(asid, global))
            .Max();
}
