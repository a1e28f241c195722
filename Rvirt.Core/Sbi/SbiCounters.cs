using System.Runtime.CompilerServices;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>
/// Rvirt's own extension: how often the calling hart left its guest, by cause. Function 0 gives the number of counters, function 1
/// the counter whose number is in a0, in the order of <see cref="TrapCounters"/>. docs/guests.md tells guests about it.
/// </summary>
internal static class SbiCounters
{
    /// <summary>Number of <see cref="TrapCounters.Emulated"/>.</summary>
    internal const byte Emulated = 0;

    /// <summary>Number of <see cref="TrapCounters.TimersSet"/>.</summary>
    internal const byte TimersSet = 7;

    /// <summary>Number of counters.</summary>
    public static ulong Count => (ulong)Unsafe.SizeOf<TrapCounters>() / sizeof(ulong);

    /// <summary>A counter by its number, which is below <see cref="Count"/>.</summary>
    // SAFETY: the struct is nothing but Count doublewords, and the caller vouches for an index below that.
    internal static ulong Read(ref VCpu v, ulong index) => Unsafe.Add(ref Unsafe.As<TrapCounters, ulong>(ref v.Counters), (int)index);

    internal static SbiResult Call(ref VCpu v, ulong function, ulong index)
    {
        switch (function)
        {
            case 0:
                return SbiResult.Success(Count);
            case 1:
                return index < Count
                    ? SbiResult.Success(Read(ref v, index))
                    : new SbiResult(SbiError.InvalidParam);
            default:
                return SbiDispatcher.NotSupported;
        }
    }
}
