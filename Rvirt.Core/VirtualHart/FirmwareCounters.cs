using System.Runtime.CompilerServices;

namespace Rvirt.Core.VirtualHart;

/// <summary>The firmware counters of a virtual hart (SBI 2.0 §11). Each follows one of its <see cref="TrapCounters"/>, so that counting costs nothing. Only the hart that runs it reads and writes them.</summary>
internal struct FirmwareCounters
{
    /// <summary>How many there are.</summary>
    public const int Count = 16;

    /// <summary>In <see cref="Events"/>: monitors nothing.</summary>
    public const byte NoEvent = 0;

    /// <summary>Of a counter that is stopped, its value; of one that counts, its value less what it follows, modulo 2^64.</summary>
    public CounterValues Values;

    /// <summary>What each follows: one more than the place among <see cref="TrapCounters"/>, or <see cref="NoEvent"/>.</summary>
    public CounterEvents Events;

    /// <summary>A bit for each that is started.</summary>
    public uint Started;

    /// <summary>Goes on where those of another virtual hart stand.</summary>
    /// <param name="other">Those.</param>
    /// <param name="followed">What they follow.</param>
    /// <param name="follows">What these follow from now on.</param>
    public void Copy(in FirmwareCounters other, in TrapCounters followed, in TrapCounters follows)
    {
        this = other;
        for (var i = 0; i < Count; i++)
        {
            var place = other.Events[i] - 1;
            if (((Started >> i) & 1) != 0 && place >= 0)
            {
                Values[i] += At(followed, place) - At(follows, place);
            }
        }
    }

    // SAFETY: a place is one less than an event that SbiPmu noted, which is one of the counters; below zero the caller does not ask.
    private static ulong At(in TrapCounters counters, int place) => Unsafe.Add(ref Unsafe.As<TrapCounters, ulong>(ref Unsafe.AsRef(in counters)), place);

    /// <summary>A number for each.</summary>
    [InlineArray(Count)]
    public struct CounterValues
    {
        private ulong _first;
    }

    /// <summary>A byte for each.</summary>
    [InlineArray(Count)]
    public struct CounterEvents
    {
        private byte _first;
    }
}
