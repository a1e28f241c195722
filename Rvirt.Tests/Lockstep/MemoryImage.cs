using System;
using System.Collections.Generic;
using Rvirt.Reference;

namespace Rvirt.Tests.Lockstep;

/// <summary>
/// The page tables that a program starts with: a few address spaces over the same virtual addresses, with leaves of every size and
/// every combination of flags, some of which lead to the tables themselves, to devices and to nothing.
/// </summary>
public sealed class MemoryImage
{
    private const ulong V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128;
    private const ulong All = V | R | W | X | A | D;
    private const ulong Tables = 0x8010_0000;
    private const int TablePages = 96;

    /// <summary>4 KiB pages, in runs so that accesses cross from one to the next.</summary>
    private static readonly ulong[] _pages =
    [
        0x1000, 0x2000, 0x3000, 0x4000, 0x3f_ffff_f000, 0x4000_0000 - 0x1000,
        0xffff_ffff_ffff_e000, 0xffff_ffff_ffff_f000, 0xffff_ffc0_0000_0000, 0xffff_ffc0_0000_1000,
        0xffff_ffff_c01f_f000, 0xffff_ffff_c020_0000,
    ];

    /// <summary>2 MiB pages.</summary>
    private static readonly ulong[] _mega = [0x4020_0000, 0x4040_0000, 0x4060_0000, 0xffff_ffff_8020_0000, 0xffff_ffff_8040_0000];

    /// <summary>1 GiB pages; the first is RAM's own address.</summary>
    private static readonly ulong[] _giga = [0x8000_0000, 0xc000_0000, 0x1_0000_0000, 0xffff_ffe0_0000_0000, 0xffff_ffe0_4000_0000];

    /// <summary>Addresses that only Sv48 has.</summary>
    private static readonly ulong[] _wide = [0x40_0000_0000, 0x7fff_ffff_f000, 0xffff_8000_0000_0000];

    private readonly Machine _machine;
    private readonly Random _random;
    private ulong _next = Tables;

    /// <summary>Builds tables in a machine's RAM.</summary>
    public MemoryImage(Machine machine, int guestMode, Random random)
    {
        _machine = machine;
        _random = random;
        for (var i = 0; i < 3; i++)
        {
            var mode = guestMode == 9 && random.Next(3) == 0 ? 9 : 8;
            Roots.Add(Build(mode));
        }
    }

    /// <summary>Value of <c>satp</c> without ASID for each address space.</summary>
    public List<ulong> Roots { get; } = [];

    /// <summary>Virtual addresses that some address space maps, each at the start of a page of some size.</summary>
    public List<ulong> Addresses { get; } = [.. _pages, .. _mega, .. _giga, .. _wide];

    /// <summary>Physical addresses of entries that were written.</summary>
    public List<ulong> Entries { get; } = [];

    /// <summary>Leaves that were written: in which root's address space, where, for what address, at which level.</summary>
    public List<(ulong Root, ulong Entry, ulong Address, int Level)> Leaves { get; } = [];

    /// <summary>A leaf that everything may use, of RAM.</summary>
    public ulong GoodLeaf(int level, bool user, bool global)
    {
        var target = level switch
        {
            0 => 0x8004_0000 + ((ulong)_random.Next(24) << 12),
            1 => 0x8000_0000 + ((ulong)_random.Next(2) << 21),
            _ => 0x8000_0000UL,
        };
        return All | (user ? U : 0) | (global ? G : 0) | (target >> 12 << 10);
    }

    /// <summary>A leaf with likely and unlikely flags.</summary>
    public ulong Leaf(int level)
    {
        var flags = _random.Next(10) switch
        {
            < 4 => All | (_random.Next(2) == 0 ? U : 0),
            < 6 => (All | U) & ~(1UL << _random.Next(1, 8)),
            _ => ((ulong)_random.Next(256) & ~V) | (_random.Next(16) == 0 ? 0 : V),
        };
        if (_random.Next(6) == 0)
        {
            flags |= G;
        }

        flags |= (ulong)_random.Next(4) << 8;
        if (_random.Next(100) == 0)
        {
            flags |= 1UL << _random.Next(54, 64);
        }

        return flags | (Target(level) >> 12 << 10);
    }

    private ulong Target(int level) => level switch
    {
        0 => _random.Next(8) switch
        {
            0 => Tables + ((ulong)_random.Next(TablePages) << 12),
            1 => 0x1000_0000UL,
            2 => _random.Next(2) == 0 ? 0x0c20_1000UL : 0x0c00_2000UL,
            3 => _random.Next(2) == 0 ? 0x8040_0000UL : 0xf_ffff_f000UL,
            _ => 0x8004_0000 + ((ulong)_random.Next(24) << 12),
        },
        1 => _random.Next(24) == 0 ? 0x8004_0000 : 0x8000_0000 + ((ulong)_random.Next(3) << 21),
        _ => _random.Next(12) switch { 0 => 0, 1 => 0x8020_0000, 2 => 0x4000_0000, _ => 0x8000_0000 },
    };

    private ulong Build(int mode)
    {
        var root = Table();
        var levels = mode - 5;
        // Most address spaces can run code: RAM at its own address for S, the same for U beside it, devices below.
        if (_random.Next(8) != 0)
        {
            Map(root, levels, _giga[0], 2, All | (0x8000_0000UL >> 12 << 10) | (_random.Next(3) == 0 ? G : 0));
            Map(root, levels, _giga[1], 2, All | U | (0x8000_0000UL >> 12 << 10));
        }

        foreach (var va in _pages)
        {
            Map(root, levels, va, 0, Leaf(0));
        }

        foreach (var va in _mega)
        {
            Map(root, levels, va, 1, Leaf(1));
        }

        foreach (var va in _giga)
        {
            Map(root, levels, va, 2, Leaf(2));
        }

        if (_random.Next(2) == 0)
        {
            Map(root, levels, 0x1000_0000, 0, All | (0x1000_0000UL >> 12 << 10));
            Map(root, levels, 0x0c20_1000, 0, All | (0x0c20_1000UL >> 12 << 10));
        }

        if (mode == 9)
        {
            foreach (var va in _wide)
            {
                Map(root, levels, va, _random.Next(3), Leaf(0));
            }

            if (_random.Next(2) == 0)
            {
                Map(root, levels, 0x80_0000_0000, 3, All | U);
            }
        }

        return ((ulong)mode << 60) | (root >> 12);
    }

    private ulong Table()
    {
        // When there are no pages left, tables are shared: that, too, is a shape of a table.
        var page = Tables + ((_next - Tables) % (TablePages << 12));
        _next += 4096;
        return page;
    }

    /// <summary>Writes a leaf unless a larger page is there already.</summary>
    private void Map(ulong root, int levels, ulong va, int level, ulong leaf)
    {
        var table = root;
        for (var l = levels - 1; ; l--)
        {
            var entry = table + (((va >> (12 + (9 * l))) & 511) * 8);
            var pte = _machine.Read64(entry);
            if (l == level)
            {
                if (pte == 0)
                {
                    _machine.Write64(entry, leaf);
                    Entries.Add(entry);
                    Leaves.Add((root, entry, va, level));
                }

                return;
            }

            if ((pte & V) == 0)
            {
                table = Table();
                pte = (table >> 12 << 10) | V | (_random.Next(20) == 0 ? G : 0);
                _machine.Write64(entry, pte);
                Entries.Add(entry);
            }
            else if ((pte & (R | W | X)) != 0)
            {
                return;
            }

            table = pte >> 10 << 12;
            if (table - Tables >= (ulong)TablePages << 12)
            {
                return;
            }
        }
    }
}
