using System.Runtime.CompilerServices;

namespace Rvirt.Core.VirtualHart;

/// <summary>Fences that were asked of a virtual hart and are not made yet. What has no place of its own becomes a fence of everything.</summary>
internal struct FencePosts
{
    /// <summary>How many ranges have a place of their own.</summary>
    public const int Room = 8;

    /// <summary>Everything is fenced, whatever the ranges say.</summary>
    public bool All;

    /// <summary>Fetches are fenced too (<c>fence.i</c>).</summary>
    public bool Fetches;

    /// <summary>How many of <see cref="Ranges"/> there are.</summary>
    public int Count;

    /// <summary>The ranges.</summary>
    public RangeArray Ranges;

    /// <summary>Adds a range.</summary>
    public void Add(in FenceRange range)
    {
        if (All)
        {
            return;
        }

        if (range.IsAll || Count == Room)
        {
            All = true;
            Count = 0;
            return;
        }

        Ranges[Count++] = range;
    }

    /// <summary>Room for as many ranges as have a place.</summary>
    [InlineArray(Room)]
    public struct RangeArray
    {
        private FenceRange _first;
    }
}
