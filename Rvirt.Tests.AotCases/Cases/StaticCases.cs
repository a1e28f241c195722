using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Static fields, static constructors run at compile time, constant data.</summary>
public static unsafe class StaticCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Static.Fields"u8, &Fields, ref log, 3);
        runner.Run("Static.Initializers"u8, &Initializers, ref log);
        runner.Run("Static.ComputedTables"u8, &ComputedTables, ref log, 8);
        runner.Run("Static.ConstructorsNeedEachOther"u8, &ConstructorsNeedEachOther, ref log);
        runner.Run("Static.PointersToStatics"u8, &PointersToStatics, ref log, 2);
        runner.Run("Static.StaticFunctionPointers"u8, &StaticFunctionPointers, ref log, 4);
        runner.Run("Static.Utf8Literals"u8, &Utf8Literals, ref log, 4);
        runner.Run("Static.ConstantSpans"u8, &ConstantSpans, ref log, 20);
        runner.Run("Static.Strings"u8, &Strings, ref log, 12);
        runner.Run("Static.StructsInStatics"u8, &StructsInStatics, ref log, 3);
        runner.Run("Static.BitTricksAtCompileTime"u8, &BitTricksAtCompileTime, ref log);
    }

    private static int s_count;
    private static long s_total = 5;
    private static byte s_small = 250;
    private static (int, long) s_pair;

    public static void Fields(ref Log log)
    {
        s_count += 3;
        s_total *= log.Below(9) + 1;
        s_small += 10;
        s_pair = (s_count, s_total);
        s_pair.Item1++;
        log.Add(s_count);
        log.Add(s_total);
        log.Add(s_small);
        log.Add(s_pair.Item1 + s_pair.Item2);
        // Left as found: a compiled suite and a run on .NET may come here more than once.
        s_count = 0;
        s_total = 5;
        s_small = 250;
    }

    private static readonly int s_constant = Compute(7);
    private static readonly ulong s_mask = ~0UL >> s_constant;
    private static readonly UInt128 s_wide = ((UInt128)5 << 100) + 3;
    private static readonly (byte, short) s_tuple = (1, (short)-s_constant);

    private static int Compute(int n) => n <= 1 ? 1 : n + Compute(n - 2);

    public static void Initializers(ref Log log)
    {
        log.Add(s_constant);
        log.Add(s_mask);
        log.AddWide(s_wide);
        log.Add(s_tuple.Item1 + s_tuple.Item2);
    }

    private static class Tables
    {
        public static readonly uint[] Crc = MakeCrc();
        public static readonly Squares Squares = MakeSquares();

        private static uint[] MakeCrc()
        {
            var table = new uint[256];
            for (uint i = 0; i < 256; i++)
            {
                uint value = i;
                for (int bit = 0; bit < 8; bit++)
                {
                    value = (value & 1) != 0 ? (value >> 1) ^ 0xedb88320 : value >> 1;
                }
                table[i] = value;
            }
            return table;
        }

        private static Squares MakeSquares()
        {
            Squares squares = default;
            for (int i = 0; i < 10; i++)
            {
                squares[i] = i * i;
            }
            return squares;
        }
    }

    [InlineArray(10)]
    private struct Squares
    {
        private int _first;
    }

    public static void ComputedTables(ref Log log)
    {
        uint crc = ~0u;
        for (int i = 0; i < 16; i++)
        {
            crc = Tables.Crc[(crc ^ log.NextByte()) & 0xff] ^ (crc >> 8);
        }
        log.Add(~crc);
        log.Add(Tables.Squares[log.Below(10)]);
        log.Add(Tables.Crc.Length);
    }

    private static class First
    {
        public static readonly int Value = Second.Value + 1;
    }

    private static class Second
    {
        public static readonly int Value = Third.Value * 2;
    }

    private static class Third
    {
        public static readonly int Value;

        static Third()
        {
            Value = 20;
            for (int i = 0; i < 3; i++)
            {
                Value += i;
            }
        }
    }

    public static void ConstructorsNeedEachOther(ref Log log)
    {
        log.Add(First.Value);
        log.Add(Second.Value);
        log.Add(Third.Value);
    }

    public static void PointersToStatics(ref Log log)
    {
        ref int count = ref s_count;
        count = log.NextInt();
        fixed (int* pointer = &s_count)
        {
            *pointer += 1;
        }
        log.Add(s_count);
        s_count = 0;
    }

    private static readonly delegate*<int, int> s_function = &Double;
    private static delegate*<int, int> s_chosen;

    private static int Double(int value) => value * 2;

    private static int Negate(int value) => -value;

    public static void StaticFunctionPointers(ref Log log)
    {
        log.Add(s_function(log.NextInt()));
        s_chosen = log.Below(2) == 0 ? &Negate : s_function;
        log.Add(s_chosen(21));
    }

    public static void Utf8Literals(ref Log log)
    {
        var text = "grüße ✓"u8;
        log.Add(text);
        log.Add(text.Length);
        log.Add(text[log.Below(text.Length)]);
        log.Add(""u8.Length);
        log.Add("a\0b"u8[1]);
        log.Add("same"u8.SequenceEqual("same"u8));
    }

    private static ReadOnlySpan<byte> Bytes => [1, 2, 3, 250, 251];

    private static ReadOnlySpan<int> Ints => [int.MinValue, -1, 0, 1, int.MaxValue];

    private static ReadOnlySpan<long> Longs => [long.MinValue, 77, long.MaxValue];

    private static ReadOnlySpan<char> Chars => ['a', 'ß', '✓'];

    private static ReadOnlySpan<bool> Bools => [true, false, true];

    public static void ConstantSpans(ref Log log)
    {
        log.Add(Bytes[log.Below(5)]);
        log.Add(Ints[log.Below(5)]);
        log.Add(Longs[log.Below(3)]);
        log.Add(Chars[log.Below(3)]);
        log.Add(Bools[log.Below(3)]);
        log.Add(Ints.Length + Longs.Length);
        ReadOnlySpan<ushort> local = [5, 60000, 7];
        log.Add(local[log.Below(3)]);
    }

    private const string Greeting = "hello";

    public static void Strings(ref Log log)
    {
        string text = log.Below(2) == 0 ? Greeting : "other ✓";
        log.Add(text.Length);
        log.Add(text[log.Below(5)]);
        log.Add(text == "hello");
        log.Add(text.Equals("other ✓"));
        var span = text.AsSpan(1);
        log.Add(span[log.Below(4)]);
        log.Add(span.IndexOf('l'));
        log.Add(string.IsNullOrEmpty(text));
        log.Add(text.StartsWith('h'));
        int sum = 0;
        foreach (char c in text)
        {
            sum = (sum * 31) + c;
        }
        log.Add(sum);
    }

    private readonly record struct Entry(byte Key, string Name, long Value);

    private struct Configuration
    {
        public int Width;
        public Entry Entry;
        public fixed byte Bytes[5];
    }

    private static Configuration s_configuration = new() { Width = 80, Entry = new Entry(3, "three", 33) };

    public static void StructsInStatics(ref Log log)
    {
        s_configuration.Width++;
        s_configuration.Bytes[2] = log.NextByte();
        log.Add(s_configuration.Width);
        log.Add(s_configuration.Bytes[2]);
        log.Add(s_configuration.Entry.Value + s_configuration.Entry.Name.Length);
        var copy = s_configuration;
        copy.Width = 0;
        log.Add(s_configuration.Width);
        s_configuration.Width = 80;
    }

    private static readonly int s_bits =
        System.Numerics.BitOperations.PopCount(0xf0f0f0f0u)
        + (System.Numerics.BitOperations.LeadingZeroCount(5u) << 8)
        + (System.Numerics.BitOperations.TrailingZeroCount(0x100L) << 16);

    private static readonly long s_mixed = Mix();
    private static readonly long s_shifted = Shifted(-1000, 3);

    private static long Shifted(long value, int count) => (value >> count) ^ ((value >>> count) * 3) ^ (value << count);

    private static long Mix()
    {
        long value = unchecked((int)0x80000000) / 3;
        value = (value << 20) ^ (uint)(value >> 3);
        value += unchecked((sbyte)200) % 7;
        value ^= System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(0x11223344);
        Span<byte> bytes = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return MemoryMarshal.Read<long>(bytes) + (long)System.Numerics.BitOperations.RotateLeft((ulong)value, 13);
    }

    public static void BitTricksAtCompileTime(ref Log log)
    {
        log.Add(s_bits);
        log.Add(s_mixed);
        log.Add(s_shifted);
    }
}
