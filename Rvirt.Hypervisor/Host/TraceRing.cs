using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Rvirt.Core.Freestanding;

namespace Rvirt.Hypervisor.Host;

/// <summary>The last traps of a hart. The hart itself writes it, while tracing is on there, by a trap vector of its own (TraceVector.S); any other may read.</summary>
/// <remarks>A record is written before it is counted, with a fence between the two; a reader counts again after it has read, and so knows whether the record is still the one it asked for.</remarks>
[AsmOffsets("TRACE_RING")]
[StructLayout(LayoutKind.Sequential)]
internal struct TraceRing
{
    /// <summary>Records that are kept; a power of two.</summary>
    public const int Capacity = Limits.TraceRecords;

    /// <summary>How many traps were noted down so far; the hart alone writes it.</summary>
    public ulong Count;

    /// <summary>Where the vector reads the time; 0: in the <c>time</c> CSR. Written once, before the hart runs a guest.</summary>
    public ulong TimeRegister;

    /// <summary>The records, a trap's at the place of its number modulo <see cref="Capacity"/>.</summary>
    public RecordArray Records;

    /// <summary>Notes a trap down, as the vector does it.</summary>
    public void Add(in TraceRecord record)
    {
        Records[(int)(Count % Capacity)] = record;
        Volatile.Write(ref Count, Count + 1);
    }

    /// <summary>Reads a record.</summary>
    /// <param name="number">The trap's number, from 0 on.</param>
    /// <param name="record">What was noted down.</param>
    /// <returns>False where there is none of that number, or none any more.</returns>
    public readonly bool TryRead(ulong number, out TraceRecord record)
    {
        record = default;
        if (number >= Volatile.Read(in Count))
        {
            return false;
        }

        record = Records[(int)(number % Capacity)];
        // The record of that number plus Capacity is begun when as many are counted.
        Interlocked.MemoryBarrier();
        return Volatile.Read(in Count) - number < Capacity;
    }

    /// <summary>Copies what the ring keeps, the newest first, so that what the hart overwrites meanwhile is the oldest.</summary>
    /// <param name="copy">The copy: it counts as many traps, and keeps those from a number on.</param>
    /// <returns>The number of the first trap that is whole in the copy.</returns>
    public readonly ulong CopyTo(ref TraceRing copy)
    {
        var number = Volatile.Read(in Count);
        copy.Count = number;
        while (number != 0 && TryRead(number - 1, out var record))
        {
            number--;
            copy.Records[(int)(number % Capacity)] = record;
        }

        return number;
    }

    /// <summary>Room for all records.</summary>
    [InlineArray(Capacity)]
    public struct RecordArray
    {
        private TraceRecord _first;
    }
}
