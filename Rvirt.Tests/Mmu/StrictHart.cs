using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Core.Privileged;

namespace Rvirt.Tests.Mmu;

/// <summary>
/// The translation hardware under the shadow tables, as strict as the specification lets it be: it remembers every leaf and every
/// link it ever used, by ASID, until a fence names it.
/// </summary>
internal sealed class StrictHart(Func<ulong, ulong> readTable)
{
    private readonly Dictionary<(ulong Asid, ulong Page, int Level), ulong> _leaves = [];
    private readonly Dictionary<(ulong Asid, ulong Prefix, int Level), ulong> _links = [];

    /// <summary>The host's <c>satp</c>.</summary>
    public ulong Satp { get; private set; }

    /// <summary>Writes of <c>satp</c>.</summary>
    public int SatpWrites { get; private set; }

    /// <summary>Fences, in order.</summary>
    public List<string> Fences { get; } = [];

    /// <summary>The mode, SUM and MXR of the hart itself; it is in U-mode where nothing else is said.</summary>
    public Privilege Runs { get; set; } = new(PrivilegeMode.User, false, false);

    private ulong Asid => (Satp >> 44) & 0xffff;

    private int Levels => (int)(Satp >> 60) - 5;

    public void WriteSatp(ulong value)
    {
        Satp = value;
        SatpWrites++;
    }

    public void FenceAll()
    {
        Fences.Add("all");
        _leaves.Clear();
        _links.Clear();
    }

    public void FenceAsid(ulong asid)
    {
        Fences.Add($"asid {asid}");
        Remove(_leaves, key => key.Asid == asid);
        Remove(_links, key => key.Asid == asid);
    }

    public void FencePage(ulong va)
    {
        Fences.Add($"page {va:x}");
        Remove(_leaves, key => key.Page == va >> (12 + (9 * key.Level)));
    }

    /// <summary>An access of the hart in its mode.</summary>
    /// <returns>False for a page fault.</returns>
    public bool TryAccess(ulong va, AccessKind access, out ulong physical)
    {
        for (var level = 0; level < Levels; level++)
        {
            if (_leaves.TryGetValue((Asid, va >> (12 + (9 * level)), level), out var cached))
            {
                physical = Physical(cached, va, level);
                return Allows(cached, access);
            }
        }

        physical = 0;
        if (!TryWalk(va, useLinks: true, out var leaf, out var found))
        {
            return false;
        }

        _leaves[(Asid, va >> (12 + (9 * found)), found)] = leaf;
        physical = Physical(leaf, va, found);
        return Allows(leaf, access);
    }

    /// <summary>What the tables in memory map, nothing remembered.</summary>
    public bool TryLookUp(ulong va, out ulong leaf, out int level) => TryWalk(va, useLinks: false, out leaf, out level);

    /// <summary>The physical address a leaf gives.</summary>
    public static ulong Physical(ulong leaf, ulong va, int level)
    {
        var size = 4096UL << (9 * level);
        var start = ((leaf >> 10) & 0xfff_ffff_ffff) * 4096;
        return start % size == 0 ? start + (va % size) : throw new InvalidOperationException($"misaligned leaf {leaf:x} of level {level}");
    }

    /// <summary>Whether a leaf lets the hart do it in its mode (Privileged spec 1.13 §12.3.2). The hart sets no A and no D itself.</summary>
    public bool Allows(ulong leaf, AccessKind access)
    {
        var (readable, writable, executable, user) = ((leaf & 2) != 0, (leaf & 4) != 0, (leaf & 8) != 0, (leaf & 16) != 0);
        var mine = Runs.Mode == PrivilegeMode.User ? user : !user || (Runs.Sum && access != AccessKind.Fetch);
        var (accessed, dirty) = ((leaf & 64) != 0, (leaf & 128) != 0);
        return mine && accessed && access switch
        {
            AccessKind.Fetch => executable,
            AccessKind.Load => readable || (Runs.Mxr && executable),
            _ => writable && dirty,
        };
    }

    private bool TryWalk(ulong va, bool useLinks, out ulong leaf, out int level)
    {
        leaf = 0;
        level = 0;
        var shift = 64 - (12 + (9 * Levels));
        if ((long)(va << shift) >> shift != (long)va)
        {
            return false;
        }

        var table = (Satp & 0xfff_ffff_ffff) * 4096;
        for (level = Levels - 1; level >= 0; level--)
        {
            var key = (Asid, va >> (12 + (9 * level)), level);
            if (useLinks && _links.TryGetValue(key, out var below))
            {
                table = below;
                continue;
            }

            var pte = readTable(table + ((va >> (12 + (9 * level))) % 512 * 8));
            if ((pte & 1) == 0)
            {
                return false;
            }

            if ((pte & 0xe) != 0)
            {
                leaf = pte;
                return true;
            }

            table = ((pte >> 10) & 0xfff_ffff_ffff) * 4096;
            if (useLinks)
            {
                _links[key] = table;
            }
        }

        throw new InvalidOperationException($"a link at the last level for {va:x}");
    }

    private static void Remove<TKey>(Dictionary<TKey, ulong> entries, Func<TKey, bool> named)
        where TKey : notnull
    {
        foreach (var key in entries.Keys.Where(named).ToList())
        {
            entries.Remove(key);
        }
    }
}
