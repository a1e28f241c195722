using System.Runtime.CompilerServices;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Where breakpoints were set in a guest's RAM from outside, and what stood there.</summary>
internal struct BreakpointTable
{
    /// <summary>How many there may be.</summary>
    internal const int Capacity = 16;

    private Places _places;

    /// <summary>How many there are.</summary>
    internal int Count { get; private set; }

    /// <summary>What stood where one of them is, 0 to <see cref="Count"/> - 1.</summary>
    internal readonly ushort Original(int index) => _places[index].Original;

    /// <summary>Finds one.</summary>
    /// <returns>Its index, or -1.</returns>
    internal readonly int Find(ulong offset)
    {
        var index = Count - 1;
        while (index >= 0 && _places[index].Offset != offset)
        {
            index--;
        }

        return index;
    }

    /// <summary>Notes one down; there is room.</summary>
    internal void Add(ulong offset, ushort original) => _places[Count++] = new Place { Offset = offset, Original = original };

    /// <summary>Forgets one; the last takes its index.</summary>
    internal void Remove(int index) => _places[index] = _places[--Count];

    /// <summary>Forgets all.</summary>
    internal void Clear() => Count = 0;

    private struct Place
    {
        public ulong Offset;
        public ushort Original;
    }

    [InlineArray(Capacity)]
    private struct Places
    {
        private Place _first;
    }
}
