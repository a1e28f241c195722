using System;
using System.Runtime.CompilerServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Structs as values: copies, methods, constructors, calls.</summary>
public static unsafe class StructCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Struct.CopiesAreSeparate"u8, &CopiesAreSeparate, ref log);
        runner.Run("Struct.MixedFields"u8, &MixedFields, ref log, 8);
        runner.Run("Struct.PackedFields"u8, &PackedFields, ref log, 8);
        runner.Run("Struct.ManyArguments"u8, &ManyArguments, ref log, 8);
        runner.Run("Struct.SmallIntegersThroughPointers"u8, &SmallIntegersThroughPointers, ref log, 20);
        runner.Run("Struct.ThisIsReplaced"u8, &ThisIsReplaced, ref log, 4);
        runner.Run("Struct.ConstructorReadsItsTarget"u8, &ConstructorReadsItsTarget, ref log, 4);
        runner.Run("Struct.ResultGoesWhereArgumentsLie"u8, &ResultGoesWhereArgumentsLie, ref log, 4);
        runner.Run("Struct.ArgumentsKeepTheirOrder"u8, &ArgumentsKeepTheirOrder, ref log, 4);
        runner.Run("Struct.ReadOnlyCallsWorkOnCopies"u8, &ReadOnlyCallsWorkOnCopies, ref log, 4);
        runner.Run("Struct.Swap"u8, &Swap, ref log, 4);
    }

    private struct Mixed
    {
        public byte A;
        public int B;
        public ushort C;
        public long D;
        public bool E;

        public readonly long Sum() => A + B + C + D + (E ? 1 : 0);

        public void Grow(int by)
        {
            A += (byte)by;
            B += by;
            D *= by;
            E = !E;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Mixed MakeMixed(ref Log log) => new() { A = log.NextByte(), B = log.NextInt(), C = (ushort)log.Next(), D = log.NextLong(), E = log.Below(2) == 0 };

    public static void CopiesAreSeparate(ref Log log)
    {
        var a = MakeMixed(ref log);
        var b = a;
        b.Grow(3);
        var c = b;
        a.D = 5;
        log.Add(a.Sum());
        log.Add(b.Sum());
        log.Add(c.Sum());
        Change(a);
        log.Add(a.Sum());
        ChangeRef(ref a);
        log.Add(a.Sum());
        log.Add(Peek(in a));
        Fresh(out a);
        log.Add(a.Sum());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Change(Mixed m) => m.Grow(100);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ChangeRef(ref Mixed m) => m.Grow(2);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Peek(in Mixed m) => m.Sum() * 2;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fresh(out Mixed m) => m = new Mixed { B = 77 };

    public static void MixedFields(ref Log log)
    {
        var a = MakeMixed(ref log);
        log.Add(a.A);
        log.Add(a.B);
        log.Add(a.C);
        log.Add(a.D);
        log.Add(a.E);
        log.Add(a.Sum());
        a.Grow(log.NextInt());
        log.Add(a.Sum());
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential, Pack = 1)]
    private struct Packed
    {
        public byte A;
        public long B;
        public ushort C;
        public int D;
        public Mixed E;
    }

    public static void PackedFields(ref Log log)
    {
        Packed packed = default;
        packed.A = log.NextByte();
        packed.B = log.NextLong();
        packed.C = (ushort)log.Next();
        packed.D = log.NextInt();
        packed.E = MakeMixed(ref log);
        log.Add(packed.B);
        log.Add(packed.C);
        log.Add(packed.D);
        packed.E.D++;
        log.Add(packed.E.Sum());
        ref long b = ref packed.B;
        b += 5;
        log.Add(packed.B);
        log.Add(sizeof(Packed));
        Packed* array = stackalloc Packed[3];
        array[1] = packed;
        array[1].B ^= array[1].D;
        log.Add(array[1].B);
    }

    private struct Two
    {
        public long A, B;
    }

    private struct Three
    {
        public int A, B, C;
    }

    public static void ManyArguments(ref Log log)
    {
        var two = new Two { A = log.NextLong(), B = log.NextLong() };
        var three = new Three { A = log.NextInt(), B = log.NextInt(), C = log.NextInt() };
        var mixed = MakeMixed(ref log);
        log.Add(Many(log.NextByte(), two, three, log.NextInt(), mixed, (short)log.Next(), two, three, log.Next(), (sbyte)log.Next()));
        delegate*<byte, Two, Three, int, Mixed, short, Two, Three, ulong, sbyte, long> many = &Many;
        log.Add(many(1, two, three, -1, mixed, -2, two, three, 3, -4));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Many(byte a, Two b, Three c, int d, Mixed e, short f, Two g, Three h, ulong i, sbyte j) =>
        a + (b.A * 3) + (b.B * 5) + c.A + c.B + c.C + d + e.Sum() + f + g.A + g.B + h.C + (long)i + j;

    public static void SmallIntegersThroughPointers(ref Log log)
    {
        delegate*<long, int> toInt = &ToInt;
        delegate*<ulong, uint> toUInt = &ToUInt;
        delegate*<long, byte> toByte = &ToByte;
        delegate*<long, short> toShort = &ToShort;
        delegate*<sbyte, ushort, int, uint, long> sum = &SumOf;
        long wide = log.NextLong();
        long a = toInt(wide);
        ulong b = toUInt((ulong)wide);
        log.Add(a);
        log.Add(b);
        log.Add(toInt(wide) < 0);
        log.Add(toByte(wide) + 1L);
        log.Add((long)toShort(wide));
        log.Add(sum((sbyte)wide, (ushort)wide, (int)wide, (uint)wide));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ToInt(long value) => (int)value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static uint ToUInt(ulong value) => (uint)value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte ToByte(long value) => (byte)value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static short ToShort(long value) => (short)value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long SumOf(sbyte a, ushort b, int c, uint d) => a + b + c + (long)d;

    private struct Vector
    {
        public long X, Y, Z;

        public Vector(long x, long y, long z)
        {
            X = x;
            Y = y;
            Z = z;
        }

        public Vector(Vector other, long add)
        {
            X = other.Z + add;
            Y = other.X + add;
            Z = other.Y + add;
        }

        public void Turn() => this = new Vector(Y, Z, X);

        public void TurnTwice()
        {
            this = new Vector(this, 1);
            this = new Vector(this, 2);
        }

        public readonly Vector Plus(Vector other) => new(X + other.X, Y + other.Y, Z + other.Z);

        public readonly long Mixed() => (X * 3) + (Y * 5) + (Z * 7);
    }

    public static void ThisIsReplaced(ref Log log)
    {
        var v = new Vector(log.NextLong(), log.NextLong(), log.NextLong());
        v.Turn();
        log.Add(v.Mixed());
        v.TurnTwice();
        log.Add(v.Mixed());
    }

    public static void ConstructorReadsItsTarget(ref Log log)
    {
        var v = new Vector(log.NextLong(), 2, 3);
        v = new Vector(v, log.Below(9));
        log.Add(v.Mixed());
        v = new Vector(v.Z, v.X, v.Y);
        log.Add(v.Mixed());
        ref Vector r = ref v;
        r = new Vector(r.Y, r.X, r.Z);
        log.Add(v.Mixed());
        Vector* array = stackalloc Vector[2];
        array[0] = new Vector(1, v.X, 3);
        array[1] = new Vector(array[0], 5);
        array[0] = new Vector(array[0].Z, array[0].Y, array[0].X);
        log.Add(array[0].Mixed() + array[1].Mixed());
    }

    public static void ResultGoesWhereArgumentsLie(ref Log log)
    {
        var v = new Vector(log.NextLong(), log.NextLong(), 1);
        var w = new Vector(5, 6, 7);
        v = v.Plus(w);
        log.Add(v.Mixed());
        v = v.Plus(v);
        log.Add(v.Mixed());
        v = Rotate(v);
        log.Add(v.Mixed());
        v = RotateIn(in v);
        log.Add(v.Mixed());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector Rotate(Vector v)
    {
        Vector result;
        result.X = v.Y;
        result.Y = v.Z;
        result.Z = v.X;
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector RotateIn(in Vector v) => new(v.Z, v.X, v.Y);

    public static void ArgumentsKeepTheirOrder(ref Log log)
    {
        var v = new Vector(1, 2, log.NextLong());
        log.Add(Take(v, Bump(ref v), v));
        int i = log.Below(5);
        log.Add(Three3(i++, i, i++ + i));
        var t = (v, Bump(ref v), v.X);
        log.Add(t.v.X + (t.Item2 * 3) + t.X);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Take(Vector a, long b, Vector c) => a.Mixed() + (b * 11) + (c.Mixed() * 13);

    private static long Bump(ref Vector v) => v.X += 10;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Three3(int a, int b, int c) => a + (b * 10) + (c * 100);

    private struct Counter
    {
        public int Value;

        public int Next() => ++Value;
    }

    private readonly struct Holder(Counter counter)
    {
        public readonly Counter Counter = counter;
    }

    public static void ReadOnlyCallsWorkOnCopies(ref Log log)
    {
        var holder = new Holder(new Counter { Value = log.Below(100) });
        log.Add(holder.Counter.Next());
        log.Add(holder.Counter.Next());
        var counter = holder.Counter;
        log.Add(counter.Next() + counter.Next());
        log.Add(InNext(in counter));
        log.Add(counter.Value);
    }

    private static int InNext(in Counter counter) => counter.Next() + counter.Next();

    public static void Swap(ref Log log)
    {
        var a = MakeMixed(ref log);
        var b = MakeMixed(ref log);
        (a, b) = (b, a);
        log.Add(a.Sum());
        log.Add(b.Sum());
        Span<Vector> vectors = stackalloc Vector[3];
        vectors[0] = new Vector(1, log.Below(9), 3);
        (vectors[0], vectors[2]) = (vectors[2], vectors[0]);
        log.Add(vectors[2].Mixed() - vectors[0].Mixed());
    }
}
