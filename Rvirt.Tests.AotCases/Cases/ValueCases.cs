using System;
using System.Runtime.CompilerServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Records, tuples, nullables, operators, indexers, initializers of structs.</summary>
public static unsafe class ValueCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Value.Records"u8, &Records, ref log, 16);
        runner.Run("Value.RecordsOfRecords"u8, &RecordsOfRecords, ref log, 8);
        runner.Run("Value.Indexers"u8, &Indexers, ref log, 8);
        runner.Run("Value.Operators"u8, &Operators, ref log, 8);
        runner.Run("Value.PrimaryConstructors"u8, &PrimaryConstructors, ref log, 4);
        runner.Run("Value.Tuples"u8, &Tuples, ref log, 8);
        runner.Run("Value.Nullables"u8, &Nullables, ref log, 8);
        runner.Run("Value.Empty"u8, &Empty, ref log, 4);
        runner.Run("Value.Initializers"u8, &Initializers, ref log, 4);
    }

    private readonly record struct Point(int X, long Y);

    public static void Records(ref Log log)
    {
        var a = new Point(log.Below(3), log.Below(2));
        var b = a with { X = log.Below(3) };
        log.Add(a == b);
        log.Add(a != b);
        log.Add(a.Equals(b));
        log.Add(a.GetHashCode() == b.GetHashCode());
        log.Add(a.GetHashCode());
        var (x, y) = b;
        log.Add(x + y);
    }

    private enum Color : byte
    {
        Red,
        Green,
    }

    private record struct Nested(Point Where, Color Color, bool Visible, byte Depth);

    public static void RecordsOfRecords(ref Log log)
    {
        var a = new Nested(new Point(log.Below(2), 4), (Color)log.Below(2), log.Below(2) == 0, 9);
        var b = new Nested(new Point(1, 4), Color.Green, true, 9);
        log.Add(a == b);
        log.Add(a.Equals(b));
        b.Depth++;
        log.Add(a == b);
    }

    private struct Grid
    {
        private fixed int _cells[12];

        public int this[int x, int y]
        {
            readonly get => _cells[(y * 4) + x];
            set => _cells[(y * 4) + x] = value;
        }

        [System.Diagnostics.CodeAnalysis.UnscopedRef]
        public ref int At(int index) => ref _cells[index];
    }

    public static void Indexers(ref Log log)
    {
        Grid grid = default;
        grid[1, 2] = log.NextInt();
        grid[0, 0]++;
        grid[3, 1] += grid[1, 2] - 5;
        grid.At(11) = 8;
        long sum = 0;
        for (int i = 0; i < 12; i++)
        {
            sum = (sum * 7) + grid.At(i);
        }
        log.Add(sum);
    }

    private readonly struct Wrapped(ulong value) : IEquatable<Wrapped>
    {
        private readonly ulong _value = value;

        public ulong Value => _value;

        public static Wrapped operator +(Wrapped a, Wrapped b) => new(a._value + b._value);

        public static Wrapped operator -(Wrapped a) => new(0 - a._value);

        public static Wrapped operator ++(Wrapped a) => new(a._value + 1);

        public static bool operator ==(Wrapped a, Wrapped b) => a._value == b._value;

        public static bool operator !=(Wrapped a, Wrapped b) => !(a == b);

        public bool Equals(Wrapped other) => this == other;

        public override bool Equals(object? obj) => obj is Wrapped other && Equals(other);

        public override int GetHashCode() => (int)_value;
    }

    public static void Operators(ref Log log)
    {
        var a = new Wrapped(log.Next());
        var b = a;
        b++;
        log.Add((a + b).Value);
        log.Add((-a).Value);
        log.Add(a == b);
        log.Add(b != -a);
        log.Add(a.GetHashCode());
        log.Add(a.Equals(b));
    }

    private struct Meter(int start)
    {
        private int _last = start * 2;

        public int Read() => start + _last++;
    }

    public static void PrimaryConstructors(ref Log log)
    {
        var meter = new Meter(log.NextInt());
        log.Add(meter.Read());
        log.Add(meter.Read());
    }

    public static void Tuples(ref Log log)
    {
        (int, long, byte) a = (log.NextInt(), log.NextLong(), log.NextByte());
        var b = a;
        b.Item1++;
        log.Add(a == b);
        log.Add(a != b);
        log.Add(a.CompareTo(b) < 0);
        log.Add(a.Equals(a));
        var (x, _, z) = Exchange(a);
        log.Add(x);
        log.Add(z);
        var large = (1, 2, 3, 4, 5, 6, 7, 8, log.Below(9), 10);
        log.Add(large.Item9 + large.Item10);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (byte, long, int) Exchange((int, long, byte) t) => (t.Item3, t.Item2, t.Item1);

    public static void Nullables(ref Log log)
    {
        Point? v = log.Below(2) == 0 ? new Point(1, log.NextLong()) : null;
        log.Add(v.HasValue);
        log.Add(v?.Y ?? -1);
        long? length = v?.X;
        log.Add(length.GetValueOrDefault(9));
        byte? b = log.Below(2) == 0 ? log.NextByte() : null;
        int? sum = b + 5;
        log.Add(sum ?? 0);
        log.Add(b is null);
        log.Add(b == sum);
        bool? maybe = b > 3;
        log.Add(maybe == true);
    }

    private struct Nothing
    {
        public readonly int Answer() => 42;
    }

    private struct HoldsNothing
    {
        public Nothing A;
        public Nothing B;
        public int C;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Nothing PassNothing(Nothing a, int b, Nothing c) => b > 3 ? a : c;

    public static void Empty(ref Log log)
    {
        HoldsNothing holds = default;
        holds.C = log.NextInt();
        holds.A = PassNothing(holds.B, holds.C, default);
        log.Add(holds.C);
        log.Add(holds.A.Answer());
        log.Add(sizeof(Nothing));
        log.Add(sizeof(HoldsNothing));
    }

    private struct WithInitializer
    {
        public int A = 5;
        public long B;

        public WithInitializer()
        {
            B = A * 2;
        }
    }

    public static void Initializers(ref Log log)
    {
        var a = new WithInitializer { A = log.Below(100) };
        log.Add(a.A + a.B);
        WithInitializer b = default;
        log.Add(b.A + b.B);
        var c = new WithInitializer();
        log.Add(c.A + c.B);
    }
}
