using System;
using SharpFuzz.Common;

namespace Rvirt.Fuzz.Engine;

/// <summary>Which branches of instrumented assemblies were taken, and how often, as SharpFuzz records them.</summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;
    private readonly byte[] _map = GC.AllocateArray<byte>(Size, pinned: true);
    private readonly byte[] _seen = new byte[Size];

    public Coverage()
    {
        // SAFETY: pinned for as long as the process lives.
        fixed (byte* map = _map)
        {
            Trace.SharedMem = map;
        }
    }

    /// <summary>Branches seen so far.</summary>
    public int Edges { get; private set; }

    /// <summary>Forgets the last run.</summary>
    public void Begin()
    {
        _map.AsSpan().Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the run since took a branch, or took one about as often, as no run before did.</summary>
    public bool End()
    {
        var news = false;
        for (var i = _map.AsSpan().IndexOfAnyExcept((byte)0); i >= 0;)
        {
            var bucket = (byte)(1 << Math.Min(7, System.Numerics.BitOperations.Log2(_map[i])));
            if ((_seen[i] & bucket) == 0)
            {
                Edges += _seen[i] == 0 ? 1 : 0;
                _seen[i] |= bucket;
                news = true;
            }

            var next = _map.AsSpan(i + 1).IndexOfAnyExcept((byte)0);
            i = next < 0 ? -1 : i + 1 + next;
        }

        return news;
    }
}
