using System;
using System.Runtime.CompilerServices;

namespace Rvirt.Hypervisor.Setup;

/// <summary>The host's RAM that nobody uses yet: disjoint ranges of physical addresses, ascending, none empty.</summary>
internal struct MemoryMap
{
    /// <summary>Ranges kept at most. A removal that would need one more gives up the smaller part.</summary>
    public const int Capacity = 32;

    private Ranges _ranges;
    private int _count;

    /// <summary>A range of addresses.</summary>
    internal struct Range
    {
        /// <summary>First address.</summary>
        public ulong Start;

        /// <summary>The address behind the last.</summary>
        public ulong End;

        /// <summary>Bytes.</summary>
        public readonly ulong Length => End - Start;
    }

    [InlineArray(Capacity)]
    private struct Ranges
    {
        private Range _first;
    }

    /// <summary>Number of ranges.</summary>
    public readonly int Count => _count;

    /// <summary>A range by its place.</summary>
    public readonly Range this[int index] => _ranges[index];

    /// <summary>Adds RAM, of which some may be there already. What has no address behind it is not taken: no hart's window reaches so far.</summary>
    public void Add(ulong start, ulong length)
    {
        var end = start + length;
        if (end <= start)
        {
            return;
        }

        var at = 0;
        while (at < _count && _ranges[at].End <= start)
        {
            at++;
        }

        // One range for it and for all that it overlaps.
        while (at < _count && _ranges[at].Start < end)
        {
            start = Math.Min(start, _ranges[at].Start);
            end = Math.Max(end, _ranges[at].End);
            Delete(at);
        }

        Insert(at, start, end);
    }

    /// <summary>Takes a range out, whether or not all of it is there.</summary>
    public void Remove(ulong start, ulong length)
    {
        var end = start + length;
        if (end < start)
        {
            end = ulong.MaxValue;
        }

        for (var i = 0; i < _count; i++)
        {
            var range = _ranges[i];
            if (range.End <= start || range.Start >= end)
            {
                continue;
            }

            var below = range.Start < start ? start - range.Start : 0;
            var above = range.End > end ? range.End - end : 0;
            if (below == 0 && above == 0)
            {
                Delete(i--);
            }
            else if (below != 0 && above != 0 && _count < Capacity)
            {
                _ranges[i].End = start;
                Insert(++i, end, range.End);
            }
            else if (below >= above)
            {
                _ranges[i].End = start;
            }
            else
            {
                _ranges[i].Start = end;
            }
        }
    }

    /// <summary>Takes memory from the lowest place that fits.</summary>
    /// <param name="length">Bytes, not zero.</param>
    /// <param name="alignment">A power of two.</param>
    /// <param name="start">Where it is.</param>
    /// <returns>False where no range has that much.</returns>
    public bool TryTake(ulong length, ulong alignment, out ulong start)
    {
        for (var i = 0; i < _count; i++)
        {
            start = (_ranges[i].Start + alignment - 1) & ~(alignment - 1);
            if (start >= _ranges[i].Start && start < _ranges[i].End && length <= _ranges[i].End - start)
            {
                Remove(start, length);
                return true;
            }
        }

        start = 0;
        return false;
    }

    /// <summary>How many blocks of a size fit, each aligned.</summary>
    /// <param name="length">Bytes of a block, a multiple of <paramref name="alignment"/>, not zero.</param>
    /// <param name="alignment">A power of two.</param>
    public readonly ulong Fits(ulong length, ulong alignment)
    {
        var blocks = 0UL;
        for (var i = 0; i < _count; i++)
        {
            var start = (_ranges[i].Start + alignment - 1) & ~(alignment - 1);
            if (start >= _ranges[i].Start && start < _ranges[i].End)
            {
                blocks += (_ranges[i].End - start) / length;
            }
        }

        return blocks;
    }

    /// <summary>The largest size of which a number of aligned blocks fit, a multiple of the alignment; zero where none does.</summary>
    public readonly ulong LargestShare(ulong blocks, ulong alignment)
    {
        var low = 0UL;
        var high = 0UL;
        for (var i = 0; i < _count; i++)
        {
            var units = _ranges[i].Length / alignment;
            high = units > high ? units : high;
        }

        while (low < high)
        {
            var middle = high - ((high - low) / 2);
            if (Fits(middle * alignment, alignment) >= blocks)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low * alignment;
    }

    private void Insert(int at, ulong start, ulong end)
    {
        if (_count == Capacity)
        {
            return;
        }

        for (var i = _count++; i > at; i--)
        {
            _ranges[i] = _ranges[i - 1];
        }

        _ranges[at] = new Range { Start = start, End = end };
    }

    private void Delete(int at)
    {
        _count--;
        for (var i = at; i < _count; i++)
        {
            _ranges[i] = _ranges[i + 1];
        }
    }
}
