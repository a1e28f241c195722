using System;
using System.Collections.Generic;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>Values for registers that mean something to a hart: addresses, table entries, CSR contents.</summary>
public sealed class ValueChooser(Random random, LockstepRun run)
{
    private const int Tries = 12;

    private static readonly int[] _offsets = [0, 0, 0, 8, 4, 2, 1, 0xff8, 0xffc, 0xffe, 0xfff, 0xffd, 0x7f0];

    private readonly Random _random = random;
    private readonly LockstepRun _run = run;

    private Hart Hart => _run.Reference.Hart;

    /// <summary>One of a list.</summary>
    public T Pick<T>(IReadOnlyList<T> list) => list[_random.Next(list.Count)];

    /// <summary>Any kind of value.</summary>
    public ulong Any() => _random.Next(12) switch
    {
        < 4 => Address(),
        4 => 0x8000_0000 + (ulong)_random.Next((int)LockstepRun.Ram),
        5 => Pick(_run.Image.Entries),
        6 => _run.Image.Leaf(_random.Next(3)),
        7 => Satp(),
        8 => (ulong)_random.NextInt64() ^ ((ulong)_random.NextInt64() << 1),
        9 => (ulong)_random.Next(-16, 16),
        10 => 1UL << _random.Next(64),
        _ => _random.Next(3) switch { 0 => 0x1000_0000u + (ulong)_random.Next(8), 1 => 0x0c20_1004, _ => 0x0c00_2080 },
    };

    /// <summary>A virtual address at or near a page of the image, sometimes at the page's end.</summary>
    public ulong Address() => Pick(_run.Image.Addresses) + (ulong)Pick(_offsets) + (_random.Next(6) == 0 ? (ulong)_random.Next(0x20_0000) & ~7UL : 0);

    /// <summary>A value for <c>satp</c>: mostly a root of the image with a small ASID.</summary>
    public ulong Satp() => _random.Next(16) switch
    {
        0 => 0,
        1 => Pick(_run.Image.Roots) | (0xfffeUL << 44),
        2 => (Pick(_run.Image.Roots) & ~(15UL << 60)) | ((ulong)_random.Next(16) << 60),
        3 => (8UL << 60) | (Pick(_run.Image.Entries) >> 12),
        _ => Pick(_run.Image.Roots) | ((ulong)_random.Next(4) << 44),
    };

    /// <summary>A trap vector: RAM's own address, which most address spaces map for S-mode; direct or vectored.</summary>
    public ulong Handler() => _random.Next(20) switch
    {
        0 => Any(),
        1 => 0x8000_7ffc,
        _ => 0x8000_8000 + ((ulong)_random.Next(64) << 6) + (ulong)_random.Next(2),
    };

    /// <summary>Where code may be.</summary>
    public ulong CodeAddress(bool user)
    {
        if (_random.Next(3) == 0)
        {
            return Address();
        }

        return (user && Hart.ReadCsr(CsrNumber.Satp) >> 60 != 0 ? 0xc000_0000u : 0x8000_0000) + 0x1_0000 + ((ulong)_random.Next(0x4000) << 1);
    }

    /// <summary>A new value for a table entry: a flag changed, another leaf, another entry's value.</summary>
    public ulong NewEntry(ulong entry) => _random.Next(6) switch
    {
        0 or 1 => _run.Reference.Machine.Read64(entry) ^ (1UL << _random.Next(8)),
        2 => _run.Reference.Machine.Read64(Pick(_run.Image.Entries)),
        3 => 0,
        4 => _run.Image.Leaf(_random.Next(3)),
        _ => _run.Reference.Machine.Read64(entry) | 0xdf,
    };

    /// <summary>An address that the current mode may access now, where a few tries find one.</summary>
    public ulong Readable(Access access)
    {
        for (var i = 0; i < Tries; i++)
        {
            var va = Address();
            if (Hart.TryProbe(va, access, out var physical) && _run.Reference.Machine.IsRam(physical, 8))
            {
                return va;
            }
        }

        return Address();
    }

    /// <summary>A virtual address that leads to a physical one, through RAM's own address or the page of that address.</summary>
    public bool TryReach(ulong physical, Access access, out ulong va)
    {
        foreach (var candidate in (ReadOnlySpan<ulong>)[physical, physical + 0x4000_0000, physical | 0xffff_ffff_0000_0000])
        {
            if (Hart.TryProbe(candidate, access, out var found) && found == physical)
            {
                va = candidate;
                return true;
            }
        }

        va = 0;
        return false;
    }

    /// <summary>A writable virtual address of what a fetch address leads to.</summary>
    public bool TryReachCode(ulong pc, out ulong va)
    {
        va = 0;
        return Hart.TryProbe(pc, Access.Fetch, out var physical) && TryReach(physical, Access.Store, out va);
    }
}
