using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Generic types and methods, generic math, comparers.</summary>
public static unsafe class GenericCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Generic.Methods"u8, &Methods, ref log, 8);
        runner.Run("Generic.NestedTypes"u8, &NestedTypes, ref log, 8);
        runner.Run("Generic.GenericMath"u8, &GenericMath, ref log, 20);
        runner.Run("Generic.TypeTests"u8, &TypeTests, ref log);
        runner.Run("Generic.StaticsPerInstance"u8, &StaticsPerInstance, ref log, 2);
        runner.Run("Generic.DefaultValues"u8, &DefaultValues, ref log);
        runner.Run("Generic.Comparers"u8, &Comparers, ref log, 12);
        runner.Run("Generic.ComparersOfNullablesAndEnums"u8, &ComparersOfNullablesAndEnums, ref log, 12);
        runner.Run("Generic.Conversions"u8, &Conversions, ref log, 12);
        runner.Run("Generic.ComparerObjects"u8, &ComparerObjects, ref log, 6);
        runner.Run("Generic.ObjectMethods"u8, &ObjectMethods, ref log, 8);
        runner.Run("Generic.AllowsRefStruct"u8, &AllowsRefStruct, ref log, 4);
    }

    private static T Pick<T>(bool first, T a, T b) => first ? a : b;

    private static void Exchange<T>(ref T a, ref T b) => (a, b) = (b, a);

    public static void Methods(ref Log log)
    {
        log.Add(Pick(log.Below(2) == 0, 5, 6));
        log.Add(Pick(log.Below(2) == 0, (byte)5, (byte)250));
        log.Add(Pick(log.Below(2) == 0, (short)-5, (short)6));
        log.Add(Pick(log.Below(2) == 0, (1, 2L), (3, 4L)).Item2);
        var a = (log.NextLong(), 1, 2L);
        var b = (3L, 4, log.NextLong());
        Exchange(ref a, ref b);
        log.Add(a.Item3);
        log.Add(b.Item1);
        log.Add(Pick(log.Below(2) == 0, true, false));
    }

    private struct Outer<T>
    {
        public T Value;

        public struct Inner<TOther>
        {
            public T First;
            public TOther Second;

            public readonly Outer<TOther> Turn() => new() { Value = Second };
        }
    }

    private struct Stack<T>
        where T : unmanaged
    {
        private Slots _slots;

        [InlineArray(8)]
        private struct Slots
        {
            private T _first;
        }

        public int Count { get; private set; }

        public void Push(T value) => _slots[Count++] = value;

        public T Pop() => _slots[--Count];
    }

    public static void NestedTypes(ref Log log)
    {
        Outer<int>.Inner<long> inner = default;
        inner.First = log.NextInt();
        inner.Second = log.NextLong();
        log.Add(inner.Turn().Value);
        log.Add(Unsafe.SizeOf<Outer<byte>.Inner<Outer<short>.Inner<byte>>>());
        Stack<(byte, int)> stack = default;
        stack.Push((1, log.NextInt()));
        stack.Push((2, 3));
        log.Add(stack.Pop().Item1);
        log.Add(stack.Pop().Item2);
        Stack<Outer<ulong>> other = default;
        other.Push(new Outer<ulong> { Value = log.Next() });
        log.Add(other.Pop().Value + (ulong)other.Count);
    }

    private static T Average<T>(T a, T b)
        where T : struct, IBinaryInteger<T> => (a + b) / T.CreateTruncating(2);

    private static T Mix<T>(T a, T b)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        T result = T.Max(a, b) ^ T.MaxValue;
        result += T.RotateLeft(a, 3) - T.PopCount(b);
        result |= T.LeadingZeroCount(a) << 1;
        return T.IsZero(result) ? T.One : result;
    }

    public static void GenericMath(ref Log log)
    {
        log.Add(Average(log.NextInt(), 7));
        log.Add(Average(log.NextByte(), (byte)9));
        log.Add(Average(log.Next(), 3UL));
        log.Add(Mix(log.NextInt(), log.NextInt()));
        log.Add(Mix((short)log.Next(), (short)log.Next()));
        log.Add(Mix(log.NextByte(), log.NextByte()));
        log.Add(Mix(log.Next(), log.Next()));
        log.Add(int.Clamp(log.NextInt(), -100, 100));
        log.Add(ulong.Log2(log.Next() | 1));
        log.Add(long.Sign(log.NextLong()));
        log.Add(byte.CreateSaturating(log.NextInt()));
        log.Add(uint.IsPow2(log.NextUInt()));
    }

    private static int KindOf<T>()
    {
        if (typeof(T) == typeof(byte))
        {
            return 1;
        }
        if (typeof(T) == typeof(long) || typeof(T) == typeof(ulong))
        {
            return 2;
        }
        if (typeof(T).IsValueType)
        {
            return RuntimeHelpers.IsReferenceOrContainsReferences<T>() ? 3 : 4;
        }
        return 5;
    }

    private struct WithReference
    {
        public string Text;
    }

    public static void TypeTests(ref Log log)
    {
        log.Add(KindOf<byte>());
        log.Add(KindOf<ulong>());
        log.Add(KindOf<int>());
        log.Add(KindOf<WithReference>());
        log.Add(KindOf<string>());
        log.Add(KindOf<nint>());
    }

    private static class Counter<T>
    {
        public static int Count;
        public static readonly int Size = Unsafe.SizeOf<T>() * 10;
    }

    public static void StaticsPerInstance(ref Log log)
    {
        Counter<int>.Count = log.Below(100);
        Counter<long>.Count = 7;
        Counter<int>.Count++;
        log.Add(Counter<int>.Count);
        log.Add(Counter<long>.Count);
        log.Add(Counter<short>.Size + Counter<(int, long)>.Size);
    }

    private static bool IsDefault<T>(T value)
        where T : struct, IEquatable<T> => value.Equals(default);

    public static void DefaultValues(ref Log log)
    {
        log.Add(IsDefault(0));
        log.Add(IsDefault(1UL));
        log.Add(IsDefault((byte)0));
        log.Add(default(Outer<(int, byte)>).Value.Item1);
    }

    private static int Maximum<T>(ReadOnlySpan<T> values)
        where T : struct, IComparable<T>
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i].CompareTo(values[best]) > 0)
            {
                best = i;
            }
        }
        return best;
    }

    public static void Comparers(ref Log log)
    {
        log.Add(Maximum<int>([log.NextInt(), log.NextInt(), log.NextInt()]));
        log.Add(Maximum<byte>([log.NextByte(), log.NextByte(), log.NextByte()]));
        log.Add(Maximum<(byte, long)>([(1, log.NextLong()), (2, 3), (2, log.NextLong())]));
        log.Add(log.NextByte().CompareTo((byte)100));
        log.Add(log.NextUInt().Equals(5u));
        log.Add(System.Collections.Generic.EqualityComparer<long>.Default.Equals(log.NextLong(), 0));
        log.Add(System.Collections.Generic.EqualityComparer<(int, byte)>.Default.Equals((log.Below(2), 1), (1, 1)));
    }

    private static System.Collections.Generic.EqualityComparer<T> Equality<T>() => System.Collections.Generic.EqualityComparer<T>.Default;

    private static readonly bool s_hasOrder = System.Collections.Generic.Comparer<long>.Default is not null;

    private enum Size : byte
    {
        Small,
        Large = 200,
    }

    /// <summary>Comparers of types that .NET compares without a box.</summary>
    public static void ComparersOfNullablesAndEnums(ref Log log)
    {
        int? a = log.Below(3) == 0 ? null : log.Below(2);
        int? b = log.Below(3) == 0 ? null : log.Below(2);
        var x = log.Below(2) == 0 ? Size.Small : Size.Large;
        var y = log.Below(2) == 0 ? Size.Small : Size.Large;
        log.Add(System.Collections.Generic.EqualityComparer<int?>.Default.Equals(a, b));
        log.Add(System.Collections.Generic.EqualityComparer<int?>.Default.GetHashCode(a!));
        log.Add(Math.Sign(System.Collections.Generic.Comparer<int?>.Default.Compare(a, b)));
        log.Add(System.Collections.Generic.EqualityComparer<Size>.Default.Equals(x, y));
        log.Add(Math.Sign(System.Collections.Generic.Comparer<Size>.Default.Compare(x, y)));
        log.Add(System.Collections.Generic.EqualityComparer<(int?, Size)>.Default.Equals((a, x), (b, y)));
    }

    private static void Convert<TTo, TFrom>(TFrom value, ref Log log)
        where TTo : IBinaryInteger<TTo>
        where TFrom : IBinaryInteger<TFrom>
    {
        log.Add(long.CreateTruncating(TTo.CreateTruncating(value)));
        log.Add(long.CreateTruncating(TTo.CreateSaturating(value)));
    }

    /// <summary>Conversions between integers by generic math, whose source has ways for floating point.</summary>
    public static void Conversions(ref Log log)
    {
        Convert<byte, int>(log.NextInt(), ref log);
        Convert<int, long>(log.NextLong(), ref log);
        Convert<sbyte, ulong>(log.Next(), ref log);
        Convert<ulong, short>((short)log.Next(), ref log);
        log.Add(int.CreateTruncating(log.NextLong()));
        log.Add(uint.CreateSaturating(log.NextLong()));
        log.Add(int.CreateChecked(log.NextLong() >> 33));
        log.Add(short.CreateChecked(log.NextLong()));
    }

    /// <summary>A comparer is an object like others, and there is one for each type.</summary>
    public static void ComparerObjects(ref Log log)
    {
        log.Add(System.Collections.Generic.EqualityComparer<int>.Default == null);
        log.Add(System.Collections.Generic.Comparer<int>.Default is null);
        log.Add(s_hasOrder);
        log.Add(ReferenceEquals(Equality<int>(), System.Collections.Generic.EqualityComparer<int>.Default));
        log.Add(ReferenceEquals(Equality<int>(), Equality<long>()));
        log.Add(ReferenceEquals(Equality<int>(), System.Collections.Generic.Comparer<int>.Default));
        var chosen = log.Below(2) == 0 ? Equality<int>() : null;
        log.Add(chosen?.Equals(log.Below(2), 1) ?? true);
        log.Add((chosen ?? Equality<int>()).GetHashCode(5));
    }

    private static int HashOf<T>(T value)
        where T : struct => value.GetHashCode();

    public static void ObjectMethods(ref Log log)
    {
        log.Add(HashOf(log.NextInt()));
        log.Add(HashOf(log.NextLong()));
        log.Add(HashOf(log.NextByte()));
        log.Add(HashOf((char)log.Next()));
        log.Add(HashOf(log.Below(2) == 0));
    }

    private static int LengthOf<T>(scoped T value)
        where T : struct, ILength, allows ref struct => value.Length;

    private interface ILength
    {
        int Length { get; }
    }

    private readonly ref struct Window(ReadOnlySpan<byte> bytes) : ILength
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public int Length => _bytes.Length;
    }

    public static void AllowsRefStruct(ref Log log) => log.Add(LengthOf(new Window("abcdef"u8[log.Below(6)..])));
}
