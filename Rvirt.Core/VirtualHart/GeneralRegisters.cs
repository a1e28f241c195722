using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rvirt.Core.VirtualHart;

/// <summary>x0 to x31 of a hart, 256 bytes in order.</summary>
[StructLayout(LayoutKind.Sequential, Size = Count * sizeof(ulong))]
public struct GeneralRegisters
{
    /// <summary>Number of registers.</summary>
    public const int Count = 32;

    private ulong _first;

    /// <summary>A register by its number; only the low five bits of the number count, so no access leaves the struct.</summary>
    // SAFETY: the struct has Count doublewords, a power of two, to which the number is cut.
    [UnscopedRef]
    public ref ulong this[int number]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.Add(ref _first, number & (Count - 1));
    }
}
