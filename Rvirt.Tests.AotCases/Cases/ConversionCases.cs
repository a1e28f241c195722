using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Conversions that never fail, and comparisons.</summary>
public static unsafe class ConversionCases
{
    private const int Many = 40;

    private enum Small : sbyte
    {
        Low = -3,
        High = 100,
    }

    private enum Wide : ulong
    {
        Top = 0x8000_0000_0000_0000,
    }

    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Conversion.FromLong"u8, &FromLong, ref log, Many);
        runner.Run("Conversion.FromInt"u8, &FromInt, ref log, Many);
        runner.Run("Conversion.FromUInt"u8, &FromUInt, ref log, Many);
        runner.Run("Conversion.FromNarrow"u8, &FromNarrow, ref log, Many);
        runner.Run("Conversion.Pointers"u8, &Pointers, ref log, Many);
        runner.Run("Conversion.Enums"u8, &Enums, ref log, Many);
        runner.Run("Conversion.Booleans"u8, &Booleans, ref log, Many);
        runner.Run("Conversion.ImplicitOperators"u8, &ImplicitOperators, ref log, Many);
        runner.Run("Comparison.CompareInt"u8, &CompareInt, ref log, Many);
        runner.Run("Comparison.CompareUInt"u8, &CompareUInt, ref log, Many);
        runner.Run("Comparison.CompareLong"u8, &CompareLong, ref log, Many);
        runner.Run("Comparison.CompareMixed"u8, &CompareMixed, ref log, Many);
        runner.Run("Comparison.CompareValues"u8, &CompareValues, ref log, Many);
        runner.Run("Comparison.ComparePointers"u8, &ComparePointers, ref log, Many);
        runner.Run("Comparison.ShortCircuit"u8, &ShortCircuit, ref log, Many);
    }

    public static void FromLong(ref Log log)
    {
        long a = log.NextLong();
        log.Add((sbyte)a);
        log.Add((byte)a);
        log.Add((short)a);
        log.Add((ushort)a);
        log.Add((char)a);
        log.Add((int)a);
        log.Add((uint)a);
        log.Add((ulong)a);
        log.Add((nint)a);
        log.Add((nuint)a);
    }

    public static void FromInt(ref Log log)
    {
        int a = log.NextInt();
        log.Add((long)a);
        log.Add((ulong)a);
        log.Add((nint)a);
        log.Add((nuint)a);
        log.Add((uint)a);
        log.Add((sbyte)a);
        log.Add((ushort)a);
        log.Add((long)(uint)a);
        log.Add((ulong)(short)a);
    }

    public static void FromUInt(ref Log log)
    {
        uint a = log.NextUInt();
        log.Add((long)a);
        log.Add((ulong)a);
        log.Add((nint)a);
        log.Add((int)a);
        log.Add((short)a);
        log.Add((ulong)(int)a);
    }

    public static void FromNarrow(ref Log log)
    {
        sbyte a = (sbyte)log.Next();
        short b = (short)log.Next();
        char c = (char)log.Next();
        log.Add((byte)a);
        log.Add((ushort)a);
        log.Add((uint)a);
        log.Add((ulong)a);
        log.Add((long)a);
        log.Add((uint)b);
        log.Add((char)b);
        log.Add((sbyte)b);
        log.Add((short)c);
        log.Add((long)c);
    }

    public static void Pointers(ref Log log)
    {
        ulong a = log.Next();
        byte* pointer = (byte*)a;
        log.Add((ulong)pointer);
        log.Add((int)(long)pointer);
        log.Add((ulong)(void*)(nint)log.NextInt());
        log.Add((ulong)(pointer + 5));
        log.Add((ulong)((int*)pointer - 3));
    }

    public static void Enums(ref Log log)
    {
        var small = (Small)log.Next();
        var wide = (Wide)log.Next();
        log.Add((int)small);
        log.Add((ulong)small);
        log.Add(small == Small.High);
        log.Add(small < Small.High);
        log.Add((long)wide);
        log.Add((wide & Wide.Top) != 0);
        log.Add((int)(small + 1));
        log.Add((sbyte)(Small.High - small));
    }

    public static void Booleans(ref Log log)
    {
        bool a = (log.Random() & 1) != 0;
        bool b = (log.Random() & 1) != 0;
        log.Add(a & b);
        log.Add(a | b);
        log.Add(a ^ b);
        log.Add(!a);
        log.Add(a == b);
        a |= b;
        log.Add(a ? 3 : 5);
        bool* stored = stackalloc bool[2];
        stored[0] = a;
        stored[1] = !stored[0];
        log.Add(*(byte*)(stored + 1));
    }

    private readonly struct Meters(long value)
    {
        public readonly long Value = value;

        public static implicit operator Meters(int value) => new(value);

        public static explicit operator byte(Meters value) => (byte)value.Value;

        public static Meters operator +(Meters left, Meters right) => new(left.Value + right.Value);

        public static bool operator true(Meters value) => value.Value > 0;

        public static bool operator false(Meters value) => value.Value <= 0;
    }

    public static void ImplicitOperators(ref Log log)
    {
        Meters a = log.NextInt();
        a += 5;
        log.Add(a.Value);
        log.Add((byte)a);
        log.Add(a ? 1 : 2);
    }

    public static void CompareInt(ref Log log)
    {
        int a = log.NextInt();
        int b = log.NextInt();
        log.Add(a < b);
        log.Add(a <= b);
        log.Add(a > b);
        log.Add(a >= b);
        log.Add(a == b);
        log.Add(a != b);
        log.Add(a < 0);
        log.Add(!(a >= b));
        log.Add(a == a + 0 * b);
    }

    public static void CompareUInt(ref Log log)
    {
        uint a = log.NextUInt();
        uint b = log.NextUInt();
        log.Add(a < b);
        log.Add(a <= b);
        log.Add(a > b);
        log.Add(a >= b);
        log.Add(a > 0);
        log.Add(a >= 0x8000_0000);
    }

    public static void CompareLong(ref Log log)
    {
        long a = log.NextLong();
        long b = log.NextLong();
        log.Add(a < b);
        log.Add((ulong)a < (ulong)b);
        log.Add(a >= b);
        log.Add((ulong)a >= (ulong)b);
        log.Add(a == b);
        log.Add((ulong)a > 5);
    }

    public static void CompareMixed(ref Log log)
    {
        int a = log.NextInt();
        uint b = log.NextUInt();
        sbyte c = (sbyte)b;
        log.Add(a < b);
        log.Add(a == b);
        log.Add(c < b);
        log.Add((nint)a < c);
        log.Add((nuint)b > (byte)a);
        log.Add((char)b < a);
    }

    public static void CompareValues(ref Log log)
    {
        byte a = log.NextByte();
        log.Add(a is > 10 and < 100);
        log.Add(a is 0 or 255);
        log.Add(a is not (>= (byte)'a' and <= (byte)'z'));
        log.Add(log.NextLong() is var b && b > 0 ? b : -b);
        int? maybe = a < 128 ? a : null;
        log.Add(maybe.HasValue);
        log.Add(maybe ?? 7);
        log.Add(maybe == 5);
        log.Add(maybe > 5);
        log.Add((maybe + 1).GetValueOrDefault());
        log.Add(maybe is { } some ? some : -1);
    }

    public static void ComparePointers(ref Log log)
    {
        byte* low = (byte*)log.Next();
        byte* high = (byte*)log.Next();
        log.Add(low < high);
        log.Add(low == high);
        log.Add(low != null);
        log.Add(high >= low);
    }

    public static void ShortCircuit(ref Log log)
    {
        int a = log.Below(3);
        int b = log.Below(3);
        int calls = 0;
        log.Add(Count(ref calls, a == 1) && Count(ref calls, b == 1) || Count(ref calls, a == b));
        log.Add(calls);
        log.Add(Count(ref calls, a == 0) & Count(ref calls, b == 0) | Count(ref calls, a != b));
        log.Add(calls);
    }

    private static bool Count(ref int calls, bool value)
    {
        calls++;
        return value;
    }
}
