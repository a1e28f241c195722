namespace Rvirt.Core.Host;

/// <summary>The hart's vector registers. A host that has none need not say so.</summary>
public interface IVectors
{
    /// <summary>Finds out how many bytes each of the calling hart's v registers has (<c>vlenb</c>); 0 where it has none.</summary>
    ulong ProbeVectorBytes() => 0;

    /// <summary>
    /// Stores the hart's <c>vstart</c>, <c>vl</c>, <c>vtype</c> and <c>vcsr</c>, a doubleword each, and v0 to v31 behind them, at <paramref name="area"/>;
    /// <c>sstatus</c> stays as it is.
    /// </summary>
    // SAFETY: an implementation writes 4 aligned doublewords and 32 registers, which are the caller's.
    unsafe void SaveVectors(ulong* area)
    {
    }

    /// <summary>Loads what <see cref="SaveVectors"/> stored; <c>sstatus</c> stays as it is.</summary>
    // SAFETY: an implementation reads 4 aligned doublewords and 32 registers, which are the caller's.
    unsafe void RestoreVectors(ulong* area)
    {
    }
}
