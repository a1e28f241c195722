namespace Rvirt.Core.Host;

/// <summary>The hart's floating-point registers.</summary>
public interface IFloatingPoint
{
    /// <summary>Stores the hart's f0 to f31 and fcsr, 33 doublewords, at <paramref name="area"/>.</summary>
    // SAFETY: an implementation writes 33 aligned doublewords, which are the caller's.
    unsafe void SaveFloatingPoint(ulong* area);

    /// <summary>Loads the hart's f0 to f31 and fcsr from <paramref name="area"/>; <c>sstatus</c> stays as it is.</summary>
    // SAFETY: an implementation reads 33 aligned doublewords, which are the caller's.
    unsafe void RestoreFloatingPoint(ulong* area);
}
