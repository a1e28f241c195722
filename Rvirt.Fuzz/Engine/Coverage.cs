using System;
using SharpFuzz.Common;

namespace Rvirt.Fuzz.Engine;

/// <summary>Which branches of instrumented assemblies were taken, and how often, as SharpFuzz records them.</summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;
    private readonly byte[] _map = GC.AllocateArray<byte>(Size, pinned: true);
    private readonly byte[] _seen = new byte[Size];
    private int _edges;

    public Coverage()
    {
        // SAFETY: pinned for as long as the process lives.
        fixed (byte* map = _map)
        {
            Trace.SharedMem = map;
        }
    }

    /// <summary>Branches seen so far.</summary>
    public int Edges => _edges;

    /// <summary>Forgets the last run.</summary>
    public void Begin()
    {
        _map.AsSpan().Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the run since took a branch, or took one about as often, as no run before did.</summary>
    public bool End() => BranchMap.Merge(_map, _seen, ref _edges);
}
