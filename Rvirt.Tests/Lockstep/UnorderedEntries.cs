using System;
using System.Collections.Generic;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>
/// What page-table entries held before, for as long as no <c>sfence.vma</c> has ordered the change (freedom 2 of docs/testing.md):
/// a translation may use any of these values. The reference hart's walker takes memory's unless told otherwise.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="hart">The hart whose entries they are: each has its own.</param>
/// <param name="tablePages">Pages of RAM that any hart has walked as tables.</param>
public sealed class UnorderedEntries(Machine machine, Hart hart, bool[] tablePages) : IMemoryObserver
{
    private const ulong Leaf = 0xe;
    private const ulong GlobalBit = 1 << 5;
    private const ulong AccessedDirty = 3 << 6;

    private readonly Machine _machine = machine;
    private readonly Hart _hart = hart;
    private readonly bool[] _tablePages = tablePages;
    private readonly Dictionary<ulong, List<(ulong Value, long Replaced)>> _versions = [];
    private readonly Dictionary<ushort, long> _asidFences = [];
    private readonly List<(ulong Address, int Asid, long Time)> _pageFences = [];
    private readonly List<(ulong Address, ulong Old)> _journal = [];
    private readonly List<(ulong? Address, ushort? Asid)> _fences = [];
    private readonly List<(ulong Value, bool NeedsGlobal)> _options = [];
    private readonly List<int> _choices = [];
    private readonly List<int> _counts = [];
    private readonly HashSet<ulong> _fetched = [];
    private long _now;
    private long _allFence;
    private int _reads;
    private bool _needsGlobal;

    /// <summary>Whether any entry has an older value that may still be in use.</summary>
    public bool Pending => _versions.Count != 0;

    /// <summary>Whether the last attempt read an entry that has older values to choose from.</summary>
    public bool HasChoice => _counts.Exists(count => count > 1);

    /// <summary>Whether the last attempt used an old value in a way that no hart may.</summary>
    public bool Rejected { get; private set; }

    /// <summary>Doublewords of RAM that the steps since <see cref="Begin"/> wrote, with their old values.</summary>
    public List<(ulong Address, ulong Old)> Journal => _journal;

    /// <summary>Whether an attempt of this step changed an instruction that it ran, by a store or by A and D of a walk (freedom 7).</summary>
    public bool ChangedItself { get; private set; }

    /// <summary>Entries in which the last attempt set A or D.</summary>
    public List<ulong> Updated { get; } = [];

    /// <summary>Whether the last attempt changed an entry of a table.</summary>
    public bool ChangesTables => _journal.Exists(entry => IsTable(entry.Address) && _machine.Read64(entry.Address) != entry.Old);

    /// <summary>Whether a page was walked as a page table.</summary>
    public bool IsTable(ulong physical) => _tablePages[(physical - _machine.RamBase) >> 12];

    /// <summary>Starts a step that uses memory's values.</summary>
    public void Begin()
    {
        ChangedItself = false;
        _choices.Clear();
        StartAttempt();
    }

    /// <summary>Takes the last attempt back and chooses other values.</summary>
    /// <returns>False where all were tried.</returns>
    public bool TryNext()
    {
        Undo();
        var last = _counts.Count - 1;
        while (last >= 0 && Choice(last) + 1 >= _counts[last])
        {
            last--;
        }

        if (last < 0)
        {
            return false;
        }

        while (_choices.Count <= last)
        {
            _choices.Add(0);
        }

        _choices[last]++;
        _choices.RemoveRange(last + 1, _choices.Count - last - 1);
        StartAttempt();
        return true;
    }

    /// <summary>Whether the last attempt ran a fence.</summary>
    public bool HasFences => _fences.Count != 0;

    /// <summary>The last attempt's fences, to tell them from another's.</summary>
    public string FencesText => string.Join(' ', _fences);

    /// <summary>The last attempt counts: what it changed in tables is remembered.</summary>
    /// <param name="fencesAreKnown">Whether its fences order anything; not so where the other machine may have run different ones.</param>
    public void Accept(bool fencesAreKnown = true)
    {
        foreach (var (address, old) in _journal)
        {
            if (IsTable(address) && _machine.Read64(address) != old)
            {
                if (!_versions.TryGetValue(address, out var list))
                {
                    _versions.Add(address, list = []);
                }

                list.Add((old, _now));
            }
        }

        _now++;
        if (fencesAreKnown)
        {
            foreach (var (address, asid) in _fences)
            {
                Apply(address, asid);
            }
        }

        _fences.Clear();
    }

    /// <summary>Another hart changed memory, which this one need not see in its tables yet. A and D of a leaf that were set alone nobody could miss: who needs them reads the entry again. In a link they are reserved, and make it none.</summary>
    public void Learn(ulong address, ulong old)
    {
        var value = _machine.Read64(address);
        if (!IsTable(address) || ((value & Leaf) != 0 && ((value ^ old) & ~AccessedDirty) == 0 && (old & ~value) == 0))
        {
            return;
        }

        if (!_versions.TryGetValue(address, out var list))
        {
            _versions.Add(address, list = []);
        }

        list.Add((old, _now));
        _now++;
    }

    public ulong Entry(ulong address, ulong va, int level, bool global, ulong value)
    {
        var read = _reads++;
        _tablePages[(address - _machine.RamBase) >> 12] = true;
        _options.Clear();
        _options.Add((value, false));
        if (_versions.TryGetValue(address, out var list))
        {
            foreach (var (old, replaced) in list)
            {
                if (Usable(old, replaced, va, level, out var needsGlobal) && old != value)
                {
                    _options.Add((old, needsGlobal));
                }
            }
        }

        _counts.Add(_options.Count);
        var (chosen, mustBeGlobal) = _options[Choice(read)];
        if (level == 0 || (chosen & Leaf) != 0)
        {
            Rejected |= (_needsGlobal || mustBeGlobal) && !global && (chosen & GlobalBit) == 0;
            _needsGlobal = false;
        }
        else
        {
            _needsGlobal |= mustBeGlobal;
        }

        return chosen;
    }

    /// <summary>An old value without A or D cannot be the base of an update: the hart compares it with memory and walks again (Privileged spec 1.13 §12.3.2).</summary>
    public void BeforeUpdate(ulong address, ulong used)
    {
        var memory = _machine.Read64(address);
        Rejected |= used != memory;
        Note(address, memory);
        Updated.Add(address);
    }

    /// <summary>Takes an entry's value over from the other machine, as a part of this attempt.</summary>
    /// <returns>False where more differs than A and D that only the other machine set.</returns>
    public bool TryAdopt(ulong address, ulong value)
    {
        var memory = _machine.Read64(address);
        if (((value ^ memory) & ~AccessedDirty) != 0 || (memory & ~value) != 0)
        {
            return false;
        }

        if (value != memory)
        {
            _journal.Add((address, memory));
            _machine.Write64(address, value);
        }

        return true;
    }

    public void BeforeStore(ulong address, int size)
    {
        Note(address & ~7UL, _machine.Read64(address & ~7UL));
        if ((address & 7) + (ulong)size > 8)
        {
            Note((address & ~7UL) + 8, _machine.Read64((address & ~7UL) + 8));
        }
    }

    public void BeforeFetch(ulong address)
    {
        foreach (var half in (ReadOnlySpan<ulong>)[address & ~7UL, (address + 2) & ~7UL])
        {
            _fetched.Add(half);
            ChangedItself |= _journal.Exists(entry => entry.Address == half);
        }
    }

    /// <summary>Accesses that went to devices, or to nothing.</summary>
    public ulong DeviceAccesses { get; private set; }

    /// <summary>Whether one of them was of a width or an alignment that only some devices take, or to a device that only one machine has (freedom 6).</summary>
    public bool OddDeviceAccess { get; private set; }

    public void BeforeDevice(ulong address, int size)
    {
        DeviceAccesses++;
        OddDeviceAccess |= address switch
        {
            >= 0x0010_0000 and < 0x0010_2000 => true,
            >= 0x0c00_0000 and < 0x0c60_0000 => size != 4 || (address & 3) != 0,
            // The UART's FIFO, line and modem control: depth, the divisor's reset value and loop back are not the reference's. Nor is its interrupt enable: the transmitter's interrupt that was
            // claimed asks once under Rvirt.
            >= 0x1000_0001 and <= 0x1000_0004 => true,
            >= 0x1000_0000 and < 0x1000_0100 => size != 1,
            >= 0x1000_0100 and < 0x1000_9000 => true,
            >= 0x0200_0000 and < 0x0201_0000 => true,
            _ => false,
        };
    }

    public void Fenced(ulong? address, ushort? asid) => _fences.Add((address, asid));

    private void Apply(ulong? address, ushort? asid)
    {
        if (address is { } va)
        {
            _pageFences.Add((va, asid ?? -1, _now));
        }
        else if (asid is { } number)
        {
            _asidFences[number] = _now;
        }
        else
        {
            _allFence = _now;
            _versions.Clear();
            _pageFences.Clear();
            _asidFences.Clear();
        }
    }

    private void Note(ulong address, ulong old)
    {
        _journal.Add((address, old));
        ChangedItself |= _fetched.Contains(address);
    }

    private int Choice(int read) => read < _choices.Count ? _choices[read] : 0;

    private void StartAttempt()
    {
        _journal.Clear();
        Updated.Clear();
        _fetched.Clear();
        _fences.Clear();
        _counts.Clear();
        _reads = 0;
        _needsGlobal = false;
        Rejected = false;
    }

    private void Undo()
    {
        for (var i = _journal.Count - 1; i >= 0; i--)
        {
            _machine.Write64(_journal[i].Address, _journal[i].Old);
        }
    }

    /// <summary>What fences leave of an old value (Privileged spec 1.13 §12.2.1): an ASID's fence does not order global mappings, a page's only leaves.</summary>
    private bool Usable(ulong value, long replaced, ulong va, int level, out bool needsGlobal)
    {
        needsGlobal = false;
        if (replaced < _allFence)
        {
            return false;
        }

        var asid = (ushort)(_hart.ReadCsr(CsrNumber.Satp) >> 44);
        needsGlobal = _asidFences.TryGetValue(asid, out var fence) && replaced < fence;
        if ((value & Leaf) == 0)
        {
            return true;
        }

        var shift = 12 + (9 * level);
        foreach (var (address, owner, time) in _pageFences)
        {
            if (replaced < time && address >> shift == va >> shift && (owner < 0 || owner == asid))
            {
                if (owner < 0)
                {
                    return false;
                }

                needsGlobal = true;
            }
        }

        return true;
    }
}
