using System.Collections.Generic;

namespace Rvirt.Reference.Harts;

/// <summary>A translation a hart remembers: of a page, or of the lack of one.</summary>
/// <param name="PhysicalPage">Where the page lies.</param>
/// <param name="Flags">The leaf's low eight bits, G of the tables above it included.</param>
/// <param name="Valid">False: the walk found nothing.</param>
internal readonly record struct TlbEntry(ulong PhysicalPage, ulong Flags, bool Valid);

/// <summary>Translations by address space, so that a fence finds what it names without a search (Privileged spec 1.13 §12.2.1).</summary>
internal sealed class Tlb
{
    /// <summary>Stands for the ASID of global mappings, which are valid in every address space.</summary>
    private const int Global = -1;

    private const int Levels = 5;
    private const ulong FlagG = 32;

    private readonly Dictionary<(byte Mode, int Asid), Dictionary<ulong, TlbEntry>> _spaces = [];

    /// <summary>Translations remembered.</summary>
    public int Count { get; private set; }

    /// <summary>Looks an address up: the smallest page that holds it.</summary>
    public bool TryFind(ulong va, byte mode, int asid, out TlbEntry entry, out int level)
    {
        var own = _spaces.GetValueOrDefault((mode, asid));
        var global = _spaces.GetValueOrDefault((mode, Global));
        for (level = 0; level < mode - 5; level++)
        {
            var key = Key(va, level);
            if ((own is not null && own.TryGetValue(key, out entry)) || (global is not null && global.TryGetValue(key, out entry)))
            {
                return true;
            }
        }

        entry = default;
        return false;
    }

    /// <summary>Remembers a translation.</summary>
    public void Add(ulong va, byte mode, int asid, int level, TlbEntry entry)
    {
        var space = (mode, (entry.Flags & FlagG) != 0 ? Global : asid);
        if (!_spaces.TryGetValue(space, out var entries))
        {
            entries = [];
            _spaces.Add(space, entries);
        }

        Count -= entries.Count;
        entries[Key(va, level)] = entry;
        Count += entries.Count;
    }

    /// <summary>Forgets what a fence names: an address or all, an address space or all. Global mappings stay when a space is named.</summary>
    public void Fence(ulong? address, ushort? asid)
    {
        foreach (var (space, entries) in _spaces)
        {
            if (asid is { } named && space.Asid != named)
            {
                continue;
            }

            Count -= entries.Count;
            if (address is not { } va)
            {
                entries.Clear();
                continue;
            }

            for (var level = 0; level < Levels; level++)
            {
                entries.Remove(Key(Hart.Canonical(va, space.Mode), level));
            }

            Count += entries.Count;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _spaces.Clear();
        Count = 0;
    }

    // The number of the page with its level below it.
    private static ulong Key(ulong va, int level)
    {
        var shift = 12 + (9 * level);
        return (va >> shift << shift) | (uint)level;
    }
}
