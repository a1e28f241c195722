using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Generic types and methods, interfaces in all their forms, function pointers.</summary>
public static unsafe class GenericCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Generic.Methods"u8, &Methods, ref log, 8);
        runner.Run("Generic.NestedTypes"u8, &NestedTypes, ref log, 8);
        runner.Run("Generic.ConstrainedCalls"u8, &ConstrainedCalls, ref log, 8);
        runner.Run("Generic.ExplicitImplementations"u8, &ExplicitImplementations, ref log, 4);
        runner.Run("Generic.StaticAbstract"u8, &StaticAbstract, ref log, 8);
        runner.Run("Generic.StaticVirtual"u8, &StaticVirtual, ref log, 4);
        runner.Run("Generic.DefaultMembers"u8, &DefaultMembers, ref log, 8);
        runner.Run("Generic.InheritedInterfaces"u8, &InheritedInterfaces, ref log, 4);
        runner.Run("Generic.GenericMath"u8, &GenericMath, ref log, 20);
        runner.Run("Generic.TypeTests"u8, &TypeTests, ref log);
        runner.Run("Generic.StaticsPerInstance"u8, &StaticsPerInstance, ref log, 2);
        runner.Run("Generic.DefaultValues"u8, &DefaultValues, ref log);
        runner.Run("Generic.FunctionPointers"u8, &FunctionPointers, ref log, 12);
        runner.Run("Generic.FunctionPointersOfGenerics"u8, &FunctionPointersOfGenerics, ref log, 4);
        runner.Run("Generic.FunctionPointerTables"u8, &FunctionPointerTables, ref log, 8);
        runner.Run("Generic.Comparers"u8, &Comparers, ref log, 12);
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

    private interface IShape
    {
        long Area();

        void Scale(int by);

        string Name { get; }
    }

    private struct Square(long side) : IShape
    {
        public long Area() => side * side;

        public void Scale(int by) => side *= by;

        public string Name => "square";
    }

    private struct Line : IShape
    {
        public int Length;

        readonly long IShape.Area() => 0;

        void IShape.Scale(int by) => Length *= by;

        readonly string IShape.Name => "line";
    }

    private static long Grow<T>(ref T shape, int by)
        where T : struct, IShape
    {
        shape.Scale(by);
        shape.Scale(2);
        return shape.Area() + shape.Name.Length;
    }

    public static void ConstrainedCalls(ref Log log)
    {
        var square = new Square(log.NextInt());
        log.Add(Grow(ref square, 3));
        log.Add(square.Area());
    }

    public static void ExplicitImplementations(ref Log log)
    {
        var line = new Line { Length = log.NextInt() };
        log.Add(Grow(ref line, 5));
        log.Add(line.Length);
    }

    private interface IField<TSelf>
        where TSelf : IField<TSelf>
    {
        static abstract TSelf Zero { get; }

        static abstract TSelf operator +(TSelf a, TSelf b);

        static abstract explicit operator ulong(TSelf a);

        static abstract TSelf Parse(ReadOnlySpan<byte> text);

        static virtual int Size => 1;

        static virtual TSelf Twice(TSelf a) => a + a;
    }

    private readonly struct Mod7(int value) : IField<Mod7>
    {
        private readonly int _value = value % 7;

        public static Mod7 Zero => new(0);

        public static Mod7 operator +(Mod7 a, Mod7 b) => new(a._value + b._value);

        public static explicit operator ulong(Mod7 a) => (ulong)a._value;

        public static Mod7 Parse(ReadOnlySpan<byte> text) => new(text.Length);
    }

    private readonly struct Wide(ulong a, ulong b, ulong c) : IField<Wide>
    {
        private readonly ulong _a = a, _b = b, _c = c;

        public static Wide Zero => default;

        public static int Size => 3;

        public static Wide operator +(Wide x, Wide y) => new(x._a + y._a, x._b + y._b, x._c + y._c);

        public static explicit operator ulong(Wide x) => x._a ^ x._b ^ x._c;

        public static Wide Parse(ReadOnlySpan<byte> text) => new(text[0], text[1], text[2]);

        public static Wide Twice(Wide a) => a + a + Parse("abc"u8);
    }

    private static T Sum<T>(int count, ReadOnlySpan<byte> text)
        where T : struct, IField<T>
    {
        var sum = T.Zero;
        for (int i = 0; i < count; i++)
        {
            sum += T.Parse(text[(i % 3)..]);
        }
        return sum;
    }

    public static void StaticAbstract(ref Log log)
    {
        int count = log.Below(20);
        log.Add((ulong)Sum<Mod7>(count, "hello world"u8));
        log.Add((ulong)Sum<Wide>(count, "hello world"u8));
    }

    private static ulong Doubled<T>(T value)
        where T : struct, IField<T> => (ulong)T.Twice(value) + (ulong)T.Size;

    public static void StaticVirtual(ref Log log)
    {
        log.Add(Doubled(new Mod7(log.Below(7))));
        log.Add(Doubled(new Wide(log.Next(), 2, 3)));
    }

    private interface IReader
    {
        byte Read(int at);

        int Read16(int at) => Read(at) | (Read(at + 1) << 8);

        long Read32(int at) => (uint)(Read16(at) | (Read16(at + 2) << 16));

        int Count { get; set; }

        void Tick() => Count++;
    }

    private struct Plain : IReader
    {
        public int Base;

        public int Count { get; set; }

        public readonly byte Read(int at) => (byte)((Base >> (at & 7)) + at);
    }

    private struct Better : IReader
    {
        public int Base;

        public int Count { get; set; }

        public readonly byte Read(int at) => (byte)(Base + at);

        public readonly int Read16(int at) => (Read(at) << 8) | Read(at + 1);
    }

    private static long ReadAll<T>(ref T reader)
        where T : struct, IReader
    {
        reader.Tick();
        reader.Tick();
        return reader.Read32(3) + reader.Read16(1) + reader.Count;
    }

    public static void DefaultMembers(ref Log log)
    {
        var plain = new Plain { Base = log.NextInt() };
        var better = new Better { Base = log.NextInt() };
        log.Add(ReadAll(ref plain));
        log.Add(ReadAll(ref better));
        log.Add(plain.Count);
    }

    private interface IBase
    {
        int Id => 1;
    }

    private interface IDerived : IBase
    {
        int IBase.Id => 2;

        int Twice => Id * 2;
    }

    private readonly struct Implements : IDerived;

    private static int IdOf<T>(T value)
        where T : struct, IDerived => value.Id + value.Twice;

    public static void InheritedInterfaces(ref Log log) => log.Add(IdOf(default(Implements)) + log.Below(5));

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

    private static int Add(int a, int b) => a + b;

    private static int Subtract(int a, int b) => a - b;

    private static int Multiply(int a, int b) => a * b;

    private static int Apply(delegate*<int, int, int> function, int a, int b) => function(a, b);

    private struct Operation
    {
        public delegate*<int, int, int> Function;
        public byte Name;
    }

    public static void FunctionPointers(ref Log log)
    {
        delegate*<int, int, int> function = log.Below(3) switch
        {
            0 => &Add,
            1 => &Subtract,
            _ => &Multiply,
        };
        log.Add(Apply(function, log.NextInt(), log.NextInt()));
#pragma warning disable CS8909 // One image has one address for each function.
        log.Add(function == (delegate*<int, int, int>)&Subtract && function != null);
#pragma warning restore CS8909
        delegate*<ref int, out long, in short, void> byRef = &ByRef;
        int a = 3;
        short c = 4;
        byRef(ref a, out long b, in c);
        log.Add(a + b);
        delegate*<delegate*<int, int, int>, int, int, int> higher = &Apply;
        log.Add(higher(function, 9, 8));
    }

    private static void ByRef(ref int a, out long b, in short c)
    {
        a += c;
        b = a * 2;
    }

    public static void FunctionPointersOfGenerics(ref Log log)
    {
        delegate*<bool, byte, byte, byte> bytes = &Pick<byte>;
        delegate*<bool, (long, int, long), (long, int, long), (long, int, long)> tuples = &Pick<(long, int, long)>;
        log.Add(bytes(log.Below(2) == 0, 3, 4));
        log.Add(tuples(log.Below(2) == 0, (1, 2, 3), (4, 5, log.NextLong())).Item3);
        delegate*<ref Square, int, long> grow = &Grow<Square>;
        var square = new Square(3);
        log.Add(grow(ref square, 4));
    }

    public static void FunctionPointerTables(ref Log log)
    {
        Operation* table = stackalloc Operation[3];
        table[0] = new Operation { Function = &Add, Name = (byte)'+' };
        table[1] = new Operation { Function = &Subtract, Name = (byte)'-' };
        table[2] = new Operation { Function = &Multiply, Name = (byte)'*' };
        int value = 1;
        for (int i = 0; i < 6; i++)
        {
            ref var operation = ref table[log.Below(3)];
            value = operation.Function(value, i + 2) + operation.Name;
        }
        log.Add(value);
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
