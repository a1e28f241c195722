using System;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Interfaces on type parameters, in all their forms.</summary>
public static unsafe class InterfaceCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Interface.ConstrainedCalls"u8, &ConstrainedCalls, ref log, 8);
        runner.Run("Interface.ExplicitImplementations"u8, &ExplicitImplementations, ref log, 4);
        runner.Run("Interface.StaticAbstract"u8, &StaticAbstract, ref log, 8);
        runner.Run("Interface.StaticVirtual"u8, &StaticVirtual, ref log, 4);
        runner.Run("Interface.DefaultMembers"u8, &DefaultMembers, ref log, 8);
        runner.Run("Interface.InheritedInterfaces"u8, &InheritedInterfaces, ref log, 4);
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
}
