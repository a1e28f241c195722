using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Ref fields, inline arrays, fixed buffers, explicit layout, stack allocation.</summary>
public static unsafe class MemoryCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Memory.RefFields"u8, &RefFields, ref log, 8);
        runner.Run("Memory.RefReturns"u8, &RefReturns, ref log, 8);
        runner.Run("Memory.InlineArrays"u8, &InlineArrays, ref log, 20);
        runner.Run("Memory.InlineArraysOfStructs"u8, &InlineArraysOfStructs, ref log, 8);
        runner.Run("Memory.FixedBuffers"u8, &FixedBuffers, ref log, 8);
        runner.Run("Memory.ExplicitLayout"u8, &ExplicitLayout, ref log, 8);
        runner.Run("Memory.StackAllocation"u8, &StackAllocation, ref log, 8);
        runner.Run("Memory.StackAllocationInLoops"u8, &StackAllocationInLoops, ref log, 4);
        runner.Run("Memory.BlockMoves"u8, &BlockMoves, ref log, 60);
        runner.Run("Memory.BlockAlignments"u8, &BlockAlignments, ref log, 1);
        runner.Run("Memory.BlockFills"u8, &BlockFills, ref log, 40);
        runner.Run("Memory.Pinning"u8, &Pinning, ref log, 4);
        runner.Run("Memory.VolatileFields"u8, &VolatileFields, ref log, 4);
    }

    private ref struct Cursor(ref int target, Span<int> window)
    {
        private readonly ref int _target = ref target;
        private readonly Span<int> _window = window;
        private int _position;

        public ref int Current => ref _window[_position];

        public bool Advance()
        {
            _target += Current;
            return ++_position < _window.Length;
        }
    }

    public static void RefFields(ref Log log)
    {
        int sum = 0;
        Span<int> values = stackalloc int[6];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = log.NextInt();
        }
        var cursor = new Cursor(ref sum, values);
        do
        {
            cursor.Current ^= 3;
        }
        while (cursor.Advance());
        log.Add(sum);
        log.Add(values[5]);
    }

    private static ref long Larger(ref long a, ref long b)
    {
        if (a > b)
        {
            return ref a;
        }
        return ref b;
    }

    public static void RefReturns(ref Log log)
    {
        long a = log.NextLong();
        long b = log.NextLong();
        Larger(ref a, ref b) = 0;
        Larger(ref a, ref b)++;
        ref long r = ref Larger(ref a, ref b);
        r -= 5;
        log.Add(a);
        log.Add(b);
        ref readonly long c = ref r;
        log.Add(c);
    }

    private static void FillRandom(scoped Span<byte> bytes, ref Log log)
    {
        foreach (ref byte b in bytes)
        {
            b = log.NextByte();
        }
    }

    private struct Entry
    {
        public ushort Key;
        public long Value;
    }

    [InlineArray(6)]
    private struct Six
    {
        private int _first;
    }

    public static void InlineArrays(ref Log log)
    {
        Six six = default;
        for (int i = 0; i < 6; i++)
        {
            six[i] = log.NextInt();
        }
        var copy = six;
        copy[2] = 5;
        six[log.Below(8)]++;
        Span<int> span = six;
        span[1] ^= 0x55;
        long sum = 0;
        foreach (int value in six)
        {
            sum = (sum * 17) + value;
        }
        log.Add(sum);
        log.Add(copy[2] + copy[1]);
        log.Add(six[^1]);
        log.Add(six[1..3].Length);
        ReadOnlySpan<int> view = copy;
        log.Add(view[2]);
    }

    [InlineArray(4)]
    private struct Entries
    {
        private Entry _first;
    }

    private struct Table
    {
        public int Count;
        public Entries Entries;

        [UnscopedRef]
        public ref Entry Add() => ref Entries[Count++];
    }

    public static void InlineArraysOfStructs(ref Log log)
    {
        Table table = default;
        table.Add().Value = log.NextLong();
        table.Add() = new Entry { Key = 3, Value = 4 };
        ref var entry = ref table.Add();
        entry.Key = (ushort)log.Next();
        var copy = table;
        copy.Entries[0].Value = 0;
        log.Add(table.Entries[0].Value);
        log.Add(table.Entries[1].Value + table.Entries[2].Key);
        log.Add(sizeof(Table));
    }

    private struct Header
    {
        public byte Kind;
        public fixed byte Name[11];
        public fixed ulong Words[3];
    }

    public static void FixedBuffers(ref Log log)
    {
        Header header = default;
        for (int i = 0; i < 11; i++)
        {
            header.Name[i] = log.NextByte();
        }
        header.Words[2] = log.Next();
        var copy = header;
        copy.Name[0]++;
        Header* pointer = &copy;
        pointer->Words[0] = pointer->Name[0];
        log.Add(copy.Words[0] + header.Words[0]);
        log.Add(copy.Words[2]);
        log.Add(sizeof(Header));
        var span = new Span<byte>(header.Name, 11);
        log.Add(span[10]);
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct Union
    {
        [FieldOffset(0)]
        public ulong All;

        [FieldOffset(0)]
        public uint Low;

        [FieldOffset(4)]
        public uint High;

        [FieldOffset(3)]
        public ushort Across;

        [FieldOffset(7)]
        public byte Top;
    }

    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private struct Sparse
    {
        [FieldOffset(8)]
        public int A;

        [FieldOffset(13)]
        public int Unaligned;

        [FieldOffset(24)]
        public Union Inner;
    }

    public static void ExplicitLayout(ref Log log)
    {
        Union union = default;
        union.All = log.Next();
        log.Add(union.Low);
        log.Add(union.High);
        log.Add(union.Across);
        union.Top = 0x77;
        union.Across++;
        log.Add(union.All);
        Sparse sparse = default;
        sparse.Unaligned = log.NextInt();
        sparse.Inner = union;
        sparse.Inner.Low = 9;
        log.Add(sparse.Unaligned);
        log.Add(sparse.Inner.All);
        log.Add(sizeof(Sparse));
        var copy = sparse;
        copy.A = log.NextInt();
        log.Add(Pass(copy).A);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Sparse Pass(Sparse s)
    {
        s.A ^= s.Unaligned;
        return s;
    }

    public static void StackAllocation(ref Log log)
    {
        int count = log.Below(9);
        Span<long> values = stackalloc long[count];
        foreach (long value in values)
        {
            log.Add(value);
        }
        Span<int> literal = [3, log.NextInt(), 5];
        log.Add(literal[0] + literal[1]);
        int* pointer = stackalloc[] { 1, 2, 3, 4 };
        log.Add(pointer[3]);
        Span<byte> choice = count > 4 ? stackalloc byte[count] : stackalloc byte[16];
        choice[^1] = 5;
        log.Add(choice.Length);
    }

    private struct Node
    {
        public Node* Next;
        public int Value;
    }

    public static void StackAllocationInLoops(ref Log log)
    {
        Node* list = null;
        for (int i = 0; i < 6; i++)
        {
            Node* node = stackalloc Node[1];
            node->Next = list;
            node->Value = i + log.Below(4);
            list = node;
        }
        for (var node = list; node != null; node = node->Next)
        {
            log.Add(node->Value);
        }
    }

    public static void BlockMoves(ref Log log)
    {
        byte* bytes = stackalloc byte[300];
        var all = new Span<byte>(bytes, 300);
        FillRandom(all, ref log);
        int length = log.Below(140);
        all.Slice(log.Below(150), length).CopyTo(all[log.Below(150)..]);
        Unsafe.CopyBlockUnaligned(bytes + log.Below(20), bytes + 150 + log.Below(20), (uint)log.Below(100));
        Buffer.MemoryCopy(bytes + log.Below(40), bytes + log.Below(40), 100, log.Below(100));
        ulong sum = 0;
        foreach (byte b in all)
        {
            sum = (sum * 31) + b;
        }
        log.Add(sum);
    }

    /// <summary>Source and destination at each place of a doubleword, and lengths around those at which a copy goes on by other steps.</summary>
    public static void BlockAlignments(ref Log log)
    {
        byte* bytes = stackalloc byte[512];
        FillRandom(new Span<byte>(bytes, 256), ref log);
        for (int places = 0; places < 64; places++)
        {
            ulong sum = 0;
            for (int length = 0; length < 200; length += length is < 25 or (> 60 and < 75) or (> 125 and < 145) ? 1 : 7)
            {
                new Span<byte>(bytes + 256, 256).Fill(0xa5);
                Unsafe.CopyBlockUnaligned(bytes + 264 + (places & 7), bytes + 8 + (places >> 3), (uint)length);
                for (int i = 256; i < 512; i++)
                {
                    sum = (sum * 31) + bytes[i];
                }
            }
            log.Add(sum);
        }
    }

    public static void BlockFills(ref Log log)
    {
        byte* bytes = stackalloc byte[800];
        var all = new Span<byte>(bytes, 800);
        FillRandom(all, ref log);
        all.Slice(log.Below(100), log.Below(700)).Fill(log.NextByte());
        all.Slice(log.Below(100), log.Below(700)).Clear();
        Unsafe.InitBlockUnaligned(bytes + log.Below(100), log.NextByte(), (uint)log.Below(90));
        NativeMemory.Clear(bytes + log.Below(50), (nuint)log.Below(20));
        ulong sum = 0;
        foreach (byte b in all)
        {
            sum = (sum * 31) + b;
        }
        log.Add(sum);
    }

    public static void Pinning(ref Log log)
    {
        Span<int> values = [1, 2, log.NextInt()];
        fixed (int* pointer = values)
        {
            pointer[1] = pointer[2] + 1;
        }
        log.Add(values[1]);
        Six six = default;
        fixed (int* pointer = ((Span<int>)six)[3..])
        {
            *pointer = 8;
        }
        log.Add(six[3]);
        fixed (char* text = "pinned")
        {
            log.Add(text[3]);
        }
    }

    private struct Flags
    {
        public volatile bool Ready;
        public volatile int Count;
        public volatile byte* Pointer;
    }

    public static void VolatileFields(ref Log log)
    {
        Flags flags = default;
        flags.Count = log.NextInt();
        flags.Ready = flags.Count > 0;
        byte b = 3;
        flags.Pointer = &b;
        flags.Count++;
        log.Add(flags.Count);
        log.Add(flags.Ready);
        log.Add(*flags.Pointer);
    }
}
