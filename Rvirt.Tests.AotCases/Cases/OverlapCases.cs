using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>
/// Structs of 11 to 300 bytes assigned to places that overlap where they come from: what arrives is what was there before.
/// The JIT of .NET 10 gets some of these wrong itself, so cases named <c>Overlap</c> are their own judges: they compare with a copy
/// made byte by byte, and write 1 where the two are equal. Those named <c>Aliasing</c> are compared with .NET as all others are.
/// </summary>
public static unsafe class OverlapCases
{
    private const int Room = 1024;

    private static readonly Triple[] s_triples = [new(1, 2, 3), new(4, 5, 6), new(7, 8, 9)];

    private static Large s_large;

    private static Large* s_parameter;

    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Overlap.Pointers"u8, &Pointers, ref log);
        runner.Run("Overlap.References"u8, &References, ref log);
        runner.Run("Overlap.Results"u8, &Results, ref log);
        runner.Run("Overlap.LibraryCopies"u8, &LibraryCopies, ref log);
        runner.Run("Overlap.ExplicitFields"u8, &ExplicitFields, ref log);
        runner.Run("Aliasing.Receivers"u8, &Receivers, ref log);
        runner.Run("Aliasing.Constructors"u8, &Constructors, ref log);
        runner.Run("Aliasing.Elements"u8, &Elements, ref log);
        runner.Run("Aliasing.ParameterByAddress"u8, &ParameterByAddress, ref log);
        runner.Run("Overlap.BlockMoves"u8, &BlockMoves, ref log, rounds: 4);
    }

    /// <summary>Ways to copy a struct from one address to another.</summary>
    private enum Way
    {
        Pointer,
        Reference,
        In,
        Result,
        SecondResult,
        Write,
        WriteUnaligned,
        Copy,
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Assign<T>(ref T to, ref T from) => to = from;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AssignIn<T>(ref T to, in T from) => to = from;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T Echo<T>(T value) => value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T Second<T>(T first, in T second, ref T third)
        where T : unmanaged
    {
        Unsafe.As<T, byte>(ref first) ^= 1;
        third = second;
        return third;
    }

    private static void Do<T>(Way way, byte* to, byte* from)
        where T : unmanaged
    {
        switch (way)
        {
            case Way.Pointer:
                *(T*)to = *(T*)from;
                break;
            case Way.Reference:
                Assign(ref *(T*)to, ref *(T*)from);
                break;
            case Way.In:
                AssignIn(ref *(T*)to, in *(T*)from);
                break;
            case Way.Result:
                *(T*)to = Echo(*(T*)from);
                break;
            case Way.SecondResult:
                *(T*)to = Second(*(T*)to, in *(T*)from, ref *(T*)to);
                break;
            case Way.Write:
                Unsafe.Write(to, *(T*)from);
                break;
            case Way.WriteUnaligned:
                Unsafe.WriteUnaligned(to, *(T*)from);
                break;
            default:
                Unsafe.Copy(to, ref *(T*)from);
                break;
        }
    }

    /// <summary>Copies every way, up and down by several distances, and compares with bytes moved one by one through a third place.</summary>
    private static void Check<T>(Way way, ref Log log)
        where T : unmanaged
    {
        int size = sizeof(T);
        byte* memory = stackalloc byte[Room];
        byte* expected = stackalloc byte[Room];
        byte* between = stackalloc byte[Room];
        foreach (int distance in (ReadOnlySpan<int>)[0, 1, 3, 8, size / 2, size - 1, size])
        {
            for (int direction = 0; direction < 2; direction++)
            {
                int from = 16 + (direction * distance);
                int to = 16 + ((1 - direction) * distance);
                for (int i = 0; i < Room; i++)
                {
                    expected[i] = memory[i] = (byte)log.Random();
                }
                for (int i = 0; i < size; i++)
                {
                    between[i] = expected[from + i];
                }
                for (int i = 0; i < size; i++)
                {
                    expected[to + i] = between[i];
                }
                Do<T>(way, memory + to, memory + from);
                log.Add(Same(memory, expected, Room));
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Same(byte* left, byte* right, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (left[i] != right[i])
            {
                return false;
            }
        }
        return true;
    }

    private static void CheckSizes(Way way, ref Log log)
    {
        Check<Bytes11>(way, ref log);
        Check<Bytes16>(way, ref log);
        Check<Bytes17>(way, ref log);
        Check<Bytes24>(way, ref log);
        Check<Bytes31>(way, ref log);
        Check<Bytes40>(way, ref log);
        Check<Bytes64>(way, ref log);
        Check<Bytes65>(way, ref log);
        Check<Bytes100>(way, ref log);
        Check<Bytes128>(way, ref log);
        Check<Bytes200>(way, ref log);
        Check<Bytes257>(way, ref log);
        Check<Bytes300>(way, ref log);
    }

    public static void Pointers(ref Log log) => CheckSizes(Way.Pointer, ref log);

    public static void References(ref Log log)
    {
        CheckSizes(Way.Reference, ref log);
        CheckSizes(Way.In, ref log);
    }

    public static void Results(ref Log log)
    {
        CheckSizes(Way.Result, ref log);
        CheckSizes(Way.SecondResult, ref log);
    }

    public static void LibraryCopies(ref Log log)
    {
        CheckSizes(Way.Write, ref log);
        CheckSizes(Way.WriteUnaligned, ref log);
        CheckSizes(Way.Copy, ref log);
    }

    private static void Fill<T>(out T value, ref Log log)
        where T : unmanaged
    {
        value = default;
        for (int i = 0; i < sizeof(T); i++)
        {
            Unsafe.Add(ref Unsafe.As<T, byte>(ref value), i) = (byte)log.Random();
        }
    }

    private static void Show<T>(ref T value, ref Log log)
        where T : unmanaged
    {
        ulong sum = 0;
        for (int i = 0; i < sizeof(T); i++)
        {
            sum = (sum * 31) + Unsafe.Add(ref Unsafe.As<T, byte>(ref value), i);
        }
        log.Add(sum);
    }

    /// <summary>True when the bytes at one offset are those that were at another.</summary>
    private static bool Arrived<T>(T before, T after, int from, int to, int count)
        where T : unmanaged => Same((byte*)&before + from, (byte*)&after + to, count);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Up(ref Overlaid300 o) => o.Y = o.X;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Down(ref Overlaid300 o) => o.X = o.Y;

    public static void ExplicitFields(ref Log log)
    {
        Fill(out Overlaid11 small, ref log);
        var smallBefore = small;
        small.Y = small.X;
        log.Add(Arrived(smallBefore, small, 0, 3, 11));
        smallBefore = small;
        small.X = small.Y;
        log.Add(Arrived(smallBefore, small, 3, 0, 11));
        Fill(out OverlaidLongs longs, ref log);
        var longsBefore = longs;
        longs.Y = longs.X;
        log.Add(Arrived(longsBefore, longs, 0, 8, 72));
        longsBefore = longs;
        longs.X = longs.Y;
        log.Add(Arrived(longsBefore, longs, 8, 0, 72));
        Fill(out Overlaid300 large, ref log);
        var largeBefore = large;
        Up(ref large);
        log.Add(Arrived(largeBefore, large, 0, 5, 300));
        largeBefore = large;
        Down(ref large);
        log.Add(Arrived(largeBefore, large, 5, 0, 300));
        largeBefore = large;
        large.Y = Echo(large.X);
        log.Add(Arrived(largeBefore, large, 0, 5, 300));
        largeBefore = large;
        // The last of the two assignments is the one that stays.
        (large.X, large.Y) = (large.Y, large.X);
        log.Add(Arrived(largeBefore, large, 0, 5, 300));
    }

    public static void Receivers(ref Log log)
    {
        Fill(out Large value, ref log);
        value.Turn(in value);
        Show(ref value, ref log);
        value.Become(in value);
        Show(ref value, ref log);
        value.BecomeTurned(ref value);
        Show(ref value, ref log);
        value = value.Turned();
        Show(ref value, ref log);
        ref var same = ref value;
        same = value.Turned();
        value = same.With(value);
        Show(ref value, ref log);
        Fill(out s_large, ref log);
        s_large = s_large.Turned();
        s_large = s_large.With(s_large);
        s_large.Become(in s_large);
        Show(ref s_large, ref log);
    }

    public static void Constructors(ref Log log)
    {
        Fill(out Large value, ref log);
        value = new Large(value.B, value.A);
        Show(ref value, ref log);
        value = new Large(in value);
        Show(ref value, ref log);
        ref var same = ref value;
        same = new Large(value.B, same.A);
        Show(ref value, ref log);
        same = new Large(in value);
        Show(ref value, ref log);
        value = value with { A = value.B, B = value.A };
        Show(ref value, ref log);
        Fill(out s_large, ref log);
        s_large = new Large(s_large.B, s_large.A);
        s_large = new Large(in s_large);
        Show(ref s_large, ref log);
        var three = new Triple(log.Random(), log.Random(), log.Random());
        three = new Triple(three.C, three.A, three.B);
        (three.A, three.B, three.C) = (three.B, three.C, three.A);
        Show(ref three, ref log);
    }

    public static void Elements(ref Log log)
    {
        var array = s_triples;
        for (int i = 0; i < array.Length; i++)
        {
            array[i] = new Triple(log.Random(), (ulong)i, 7);
        }
        int a = log.Below(3);
        int b = log.Below(3);
        array[a] = array[b];
        array[b] = Echo(array[a]);
        array[1] = new Triple(array[1].B, array[1].C, array[1].A);
        (array[0], array[1], array[2]) = (array[2], array[0], array[1]);
        Span<Large> span = stackalloc Large[3];
        for (int i = 0; i < span.Length; i++)
        {
            Fill(out span[i], ref log);
        }
        span[a] = span[b];
        span[b] = span[a].Turned();
        span[a] = new Large(span[b].B, span[a].A);
        for (int i = 0; i < 3; i++)
        {
            Show(ref array[i], ref log);
            Show(ref span[i], ref log);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ChangeParameter() => (*s_parameter).A[3] ^= 0x55;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ReadAfterChange(Large value)
    {
        s_parameter = &value;
        int before = value.A[3];
        ChangeParameter();
        return (before << 8) | value.A[3];
    }

    /// <summary>A parameter is a variable like any other: what has its address may change it.</summary>
    public static void ParameterByAddress(ref Log log)
    {
        Fill(out Large value, ref log);
        log.Add(ReadAfterChange(value));
        log.Add(value.A[3]);
        log.Add(ReadAfterChange(Echo(value)));
    }

    /// <summary>Moves of every length up to 300, which is several of the blocks that are moved at once, between places at most 20 bytes apart.</summary>
    public static void BlockMoves(ref Log log)
    {
        byte* memory = stackalloc byte[Room];
        byte* expected = stackalloc byte[Room];
        byte* between = stackalloc byte[Room];
        for (int size = 0; size <= 300; size++)
        {
            for (int i = 0; i < Room; i++)
            {
                expected[i] = memory[i] = (byte)log.Random();
            }
            int from = 32 + log.Below(20);
            int to = 32 + log.Below(20);
            for (int i = 0; i < size; i++)
            {
                between[i] = expected[from + i];
            }
            for (int i = 0; i < size; i++)
            {
                expected[to + i] = between[i];
            }
            switch (size % 5)
            {
                case 0:
                    Buffer.MemoryCopy(memory + from, memory + to, Room, size);
                    break;
                case 1:
                    new Span<byte>(memory + from, size).CopyTo(new Span<byte>(memory + to, size));
                    break;
                case 2:
                    NativeMemory.Copy(memory + from, memory + to, (nuint)size);
                    break;
                case 3:
                    Unsafe.CopyBlock(memory + to, memory + from, (uint)size);
                    break;
                default:
                    Unsafe.CopyBlockUnaligned(ref memory[to], ref memory[from], (uint)size);
                    break;
            }
            log.Add(Same(memory, expected, Room));
        }
    }

    private record struct Triple(ulong A, ulong B, ulong C);

    private struct Large
    {
        public Bytes40 A;
        public Bytes40 B;

        public Large(Bytes40 a, Bytes40 b)
        {
            A = a;
            B = b;
        }

        public Large(in Large other)
        {
            A = other.B;
            B = other.A;
        }

        public void Turn(in Large other)
        {
            var a = A;
            A = other.B;
            B = a;
        }

        public void Become(in Large other) => this = other;

        public void BecomeTurned(ref Large other) => this = new Large(other.B, other.A);

        public readonly Large Turned() => new(B, A);

        public readonly Large With(Large other)
        {
            other.A = B;
            return other;
        }
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct Overlaid11
    {
        [FieldOffset(0)]
        public Bytes11 X;

        [FieldOffset(3)]
        public Bytes11 Y;
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct OverlaidLongs
    {
        [FieldOffset(0)]
        public Longs9 X;

        [FieldOffset(8)]
        public Longs9 Y;
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct Overlaid300
    {
        [FieldOffset(0)]
        public Bytes300 X;

        [FieldOffset(5)]
        public Bytes300 Y;
    }

    [InlineArray(9)]
    private struct Longs9
    {
        private ulong _element;
    }

    [InlineArray(11)]
    private struct Bytes11
    {
        private byte _element;
    }

    [InlineArray(16)]
    private struct Bytes16
    {
        private byte _element;
    }

    [InlineArray(17)]
    private struct Bytes17
    {
        private byte _element;
    }

    [InlineArray(24)]
    private struct Bytes24
    {
        private byte _element;
    }

    [InlineArray(31)]
    private struct Bytes31
    {
        private byte _element;
    }

    [InlineArray(40)]
    private struct Bytes40
    {
        private byte _element;
    }

    [InlineArray(64)]
    private struct Bytes64
    {
        private byte _element;
    }

    [InlineArray(65)]
    private struct Bytes65
    {
        private byte _element;
    }

    [InlineArray(100)]
    private struct Bytes100
    {
        private byte _element;
    }

    [InlineArray(128)]
    private struct Bytes128
    {
        private byte _element;
    }

    [InlineArray(200)]
    private struct Bytes200
    {
        private byte _element;
    }

    [InlineArray(257)]
    private struct Bytes257
    {
        private byte _element;
    }

    [InlineArray(300)]
    private struct Bytes300
    {
        private byte _element;
    }
}
