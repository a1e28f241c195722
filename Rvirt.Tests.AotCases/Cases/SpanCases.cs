using System;
using System.Runtime.InteropServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Spans: bounds, methods, search, ranges.</summary>
public static unsafe class SpanCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Span.Spans"u8, &Spans, ref log, 30);
        runner.Run("Span.SpanMethods"u8, &SpanMethods, ref log, 20);
        runner.Run("Span.SpanSearch"u8, &SpanSearch, ref log, 20);
        runner.Run("Span.SpanOfStructs"u8, &SpanOfStructs, ref log, 8);
        runner.Run("Span.IndexAndRange"u8, &IndexAndRange, ref log, 20);
    }

    private static void FillRandom(scoped Span<byte> bytes, ref Log log)
    {
        foreach (ref byte b in bytes)
        {
            b = log.NextByte();
        }
    }

    public static void Spans(ref Log log)
    {
        Span<byte> bytes = stackalloc byte[12];
        FillRandom(bytes, ref log);
        int start = log.Below(14);
        var part = bytes.Slice(start, log.Below(6));
        log.Add(part.Length);
        log.Add(part.IsEmpty);
        part[0] = 7;
        log.Add(bytes[start]);
        log.Add(bytes[log.Below(13)]);
        ReadOnlySpan<byte> view = bytes[2..];
        log.Add(view[^1]);
    }

    public static void SpanMethods(ref Log log)
    {
        Span<ushort> values = stackalloc ushort[9];
        values.Fill((ushort)log.Next());
        values[4] = 1;
        Span<ushort> other = stackalloc ushort[9];
        values.CopyTo(other);
        log.Add(values.SequenceEqual(other));
        other[8]++;
        log.Add(values.SequenceEqual(other));
        log.Add(values[..4].TryCopyTo(other[7..]));
        values[1..].CopyTo(values);
        values[..5].CopyTo(values[2..]);
        values.Reverse();
        ulong sum = 0;
        foreach (ushort value in values)
        {
            sum = (sum * 65599) + value;
        }
        log.Add(sum);
        other.Clear();
        log.Add(other[3]);
        var bytes = MemoryMarshal.AsBytes(values);
        log.Add(bytes.Length);
        log.Add(MemoryMarshal.Cast<ushort, ulong>(values).Length);
        log.Add(MemoryMarshal.Read<uint>(bytes[1..]));
        log.Add(values.Overlaps(values[3..]));
    }

    public static void SpanSearch(ref Log log)
    {
        Span<byte> bytes = stackalloc byte[40];
        foreach (ref byte b in bytes)
        {
            b = (byte)log.Below(9);
        }
        log.Add(bytes.IndexOf((byte)3));
        log.Add(bytes.LastIndexOf((byte)4));
        log.Add(bytes.Contains((byte)8));
        log.Add(bytes.IndexOfAny((byte)1, (byte)2));
        log.Add(bytes.StartsWith(bytes[..3]));
        log.Add(bytes[1..].StartsWith(bytes[..1]));
        log.Add(bytes.EndsWith(bytes[38..]));
        log.Add(bytes.SequenceCompareTo(bytes[1..]) < 0);
        log.Add(bytes.IndexOf(bytes[20..23]));
        log.Add(bytes.Count((byte)5));
        log.Add(bytes.Trim((byte)0).Length);
    }

    private struct Entry
    {
        public ushort Key;
        public long Value;
    }

    public static void SpanOfStructs(ref Log log)
    {
        Span<Entry> entries = stackalloc Entry[5];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new Entry { Key = (ushort)i, Value = log.NextLong() };
        }
        ref var third = ref entries[2];
        third.Value++;
        var copy = entries[2];
        entries[2].Key = 99;
        log.Add(copy.Key);
        log.Add(third.Key);
        entries[1] = entries[3];
        entries[4] = entries[2] with { Value = 4 };
        long sum = 0;
        foreach (ref readonly var entry in entries)
        {
            sum = (sum * 31) + entry.Key + entry.Value;
        }
        log.Add(sum);
    }

    public static void IndexAndRange(ref Log log)
    {
        Span<int> values = stackalloc int[8];
        for (int i = 0; i < 8; i++)
        {
            values[i] = i * i;
        }
        Index index = log.Below(3) == 0 ? ^log.Below(9) : log.Below(8);
        log.Add(index.GetOffset(8));
        log.Add(values[index]);
        Range range = log.Below(4)..^log.Below(4);
        log.Add(values[range].Length);
        var (offset, length) = range.GetOffsetAndLength(8);
        log.Add(offset + (length * 100));
    }
}
