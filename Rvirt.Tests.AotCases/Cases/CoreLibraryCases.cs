using System;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>The parts of the core library that freestanding code uses.</summary>
public static unsafe class CoreLibraryCases
{
    private const int Many = 30;

    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("CoreLibrary.InterlockedCalls"u8, &InterlockedCalls, ref log, Many);
        runner.Run("CoreLibrary.InterlockedNarrow"u8, &InterlockedNarrow, ref log, Many);
        runner.Run("CoreLibrary.VolatileCalls"u8, &VolatileCalls, ref log, 8);
        runner.Run("CoreLibrary.BitOperationCalls"u8, &BitOperationCalls, ref log, Many);
        runner.Run("CoreLibrary.UnsafeCalls"u8, &UnsafeCalls, ref log, 8);
        runner.Run("CoreLibrary.BitCasts"u8, &BitCasts, ref log, 8);
        runner.Run("CoreLibrary.MemoryMarshalCalls"u8, &MemoryMarshalCalls, ref log, 8);
        runner.Run("CoreLibrary.BinaryPrimitiveCalls"u8, &BinaryPrimitiveCalls, ref log, 12);
        runner.Run("CoreLibrary.WideAdd"u8, &WideAdd, ref log, Many);
        runner.Run("CoreLibrary.WideMultiply"u8, &WideMultiply, ref log, Many);
        runner.Run("CoreLibrary.WideDivide"u8, &WideDivide, ref log, Many);
        runner.Run("CoreLibrary.WideShifts"u8, &WideShifts, ref log, Many);
        runner.Run("CoreLibrary.WideCompare"u8, &WideCompare, ref log, Many);
        runner.Run("CoreLibrary.MathCalls"u8, &MathCalls, ref log, Many);
        runner.Run("CoreLibrary.MathAbs"u8, &MathAbs, ref log, Many);
        runner.Run("CoreLibrary.BigMul"u8, &BigMul, ref log, Many);
        runner.Run("CoreLibrary.Utf8ParserCalls"u8, &Utf8ParserCalls, ref log, 12);
        runner.Run("CoreLibrary.Characters"u8, &Characters, ref log, Many);
        runner.Run("CoreLibrary.EnumFlags"u8, &EnumFlags, ref log, 12);
        runner.Run("CoreLibrary.ArgumentChecks"u8, &ArgumentChecks, ref log, 12);
        runner.Run("CoreLibrary.HashCodes"u8, &HashCodes, ref log, 4);
    }

    public static void InterlockedCalls(ref Log log)
    {
        int a = log.NextInt();
        long b = log.NextLong();
        uint c = log.NextUInt();
        log.Add(Interlocked.Increment(ref a));
        log.Add(Interlocked.Decrement(ref b));
        log.Add(Interlocked.Add(ref a, 5));
        log.Add(Interlocked.Add(ref b, log.NextInt()));
        log.Add(Interlocked.Exchange(ref a, 9));
        log.Add(Interlocked.CompareExchange(ref a, 10, log.Below(2) == 0 ? 9 : 8));
        log.Add(Interlocked.CompareExchange(ref b, 3, b));
        log.Add(Interlocked.Or(ref c, 0x10));
        log.Add(Interlocked.And(ref c, 0xfffffff0));
        log.Add(Interlocked.Read(ref b));
        Interlocked.MemoryBarrier();
        log.Add(a);
        log.Add(b);
        log.Add(c);
    }

    public static void InterlockedNarrow(ref Log log)
    {
        byte a = log.NextByte();
        short b = (short)log.Next();
        nuint c = (nuint)log.Next();
        ushort* around = stackalloc ushort[4];
        around[0] = around[1] = around[2] = around[3] = 0x5555;
        log.Add(Interlocked.Exchange(ref a, (byte)200));
        log.Add(Interlocked.CompareExchange(ref a, (byte)3, (byte)200));
        log.Add(Interlocked.Exchange(ref b, (short)-5));
        log.Add(Interlocked.CompareExchange(ref b, (short)7, (short)-5));
        log.Add(Interlocked.CompareExchange(ref around[1], (ushort)0xffff, (ushort)0x5555));
        log.Add(Interlocked.Exchange(ref around[2], (ushort)1));
        log.Add(Interlocked.Exchange(ref c, 4));
        log.Add(a);
        log.Add(b);
        log.Add(c);
        log.Add(*(ulong*)around);
    }

    public static void VolatileCalls(ref Log log)
    {
        int a = log.NextInt();
        byte b = log.NextByte();
        bool c = false;
        Volatile.Write(ref a, a + 1);
        Volatile.Write(ref b, (byte)(b + 1));
        Volatile.Write(ref c, a > 0);
        log.Add(Volatile.Read(ref a));
        log.Add(Volatile.Read(ref b));
        log.Add(Volatile.Read(ref c));
        Thread.MemoryBarrier();
    }

    public static void BitOperationCalls(ref Log log)
    {
        ulong a = log.Next();
        log.Add(BitOperations.PopCount(a));
        log.Add(BitOperations.PopCount((uint)a));
        log.Add(BitOperations.LeadingZeroCount(a));
        log.Add(BitOperations.LeadingZeroCount((uint)a));
        log.Add(BitOperations.TrailingZeroCount(a));
        log.Add(BitOperations.TrailingZeroCount((int)a));
        log.Add(BitOperations.TrailingZeroCount((nuint)a));
        log.Add(BitOperations.Log2(a));
        log.Add(BitOperations.Log2((uint)a));
        log.Add(BitOperations.RotateLeft(a, (int)(a >> 5)));
        log.Add(BitOperations.RotateRight((uint)a, (int)(a >> 9)));
        log.Add(BitOperations.RotateLeft((uint)a, -3));
        log.Add(BitOperations.IsPow2(a));
        log.Add(BitOperations.RoundUpToPowerOf2((uint)a));
    }

    private struct Pair
    {
        public short A;
        public int B;
        public byte C;
    }

    public static void UnsafeCalls(ref Log log)
    {
        Span<int> values = [log.NextInt(), log.NextInt(), log.NextInt(), log.NextInt()];
        ref int first = ref values[0];
        log.Add(Unsafe.Add(ref first, 2));
        log.Add(Unsafe.As<int, byte>(ref first));
        log.Add(Unsafe.ByteOffset(ref first, ref values[3]));
        log.Add(Unsafe.AreSame(ref first, ref Unsafe.Subtract(ref values[1], 1)));
        log.Add(Unsafe.IsAddressLessThan(ref first, ref values[1]));
        log.Add(Unsafe.ReadUnaligned<long>(ref Unsafe.As<int, byte>(ref values[1])));
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref Unsafe.As<int, byte>(ref first), 3), log.NextLong());
        log.Add(values[1]);
        log.Add(Unsafe.SizeOf<Pair>());
        int* pointer = (int*)Unsafe.AsPointer(ref first);
        log.Add(Unsafe.Read<int>(pointer + 1));
        Unsafe.Write(pointer, new Pair { B = 5 }.B);
        log.Add(Unsafe.IsNullRef(ref first));
        log.Add(Unsafe.IsNullRef(ref Unsafe.NullRef<int>()));
        Unsafe.SkipInit(out Pair pair);
        pair = default;
        log.Add(pair.A + pair.C);
        log.Add(Unsafe.AsRef<int>(pointer));
    }

    private readonly struct FourBytes(byte a, byte b, byte c, byte d)
    {
        public readonly byte A = a, B = b, C = c, D = d;
    }

    public static void BitCasts(ref Log log)
    {
        uint bits = Unsafe.BitCast<FourBytes, uint>(new FourBytes(1, log.NextByte(), 3, log.NextByte()));
        log.Add(bits);
        log.Add(Unsafe.BitCast<uint, FourBytes>(bits ^ 0x01020304).B);
        log.Add(Unsafe.BitCast<long, ulong>(log.NextLong()));
        log.Add(Unsafe.BitCast<sbyte, byte>((sbyte)log.Next()));
    }

    public static void MemoryMarshalCalls(ref Log log)
    {
        Span<byte> bytes = stackalloc byte[24];
        foreach (ref byte b in bytes)
        {
            b = log.NextByte();
        }
        log.Add(MemoryMarshal.Read<ulong>(bytes));
        log.Add(MemoryMarshal.AsRef<uint>(bytes[8..]));
        var pair = MemoryMarshal.Read<Pair>(bytes);
        log.Add(pair.A + pair.B + pair.C);
        MemoryMarshal.Write(bytes, new Pair { A = 1, B = log.NextInt() });
        log.Add(bytes[5]);
        log.Add(MemoryMarshal.Cast<byte, uint>(bytes)[1]);
        log.Add(MemoryMarshal.TryRead(bytes[20..], out long _));
        log.Add(MemoryMarshal.GetReference(bytes));
        var again = MemoryMarshal.CreateSpan(ref bytes[4], 3);
        log.Add(again[2]);
        log.Add(MemoryMarshal.CreateReadOnlySpan(ref bytes[0], 2).Length);
    }

    public static void BinaryPrimitiveCalls(ref Log log)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, log.Next());
        log.Add(BinaryPrimitives.ReadUInt32BigEndian(bytes));
        log.Add(BinaryPrimitives.ReadInt16BigEndian(bytes[3..]));
        log.Add(BinaryPrimitives.ReadUInt64BigEndian(bytes));
        log.Add(BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]));
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)log.Next());
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], log.NextInt());
        log.Add(BinaryPrimitives.ReadInt64LittleEndian(bytes));
        log.Add(BinaryPrimitives.ReverseEndianness((short)log.Next()));
        log.Add(BinaryPrimitives.ReverseEndianness(log.Next()));
        log.Add(BinaryPrimitives.TryReadUInt32BigEndian(bytes[6..], out uint _));
    }

    private static UInt128 NextWide(ref Log log) => new(log.Next(), log.Next());

    public static void WideAdd(ref Log log)
    {
        var a = NextWide(ref log);
        var b = NextWide(ref log);
        log.AddWide(a + b);
        log.AddWide(a - b);
        log.AddWide(-(Int128)a);
        log.AddWide(~a & b);
        log.AddWide((a | b) ^ 5);
        log.AddWide(checked(a + b));
    }

    public static void WideMultiply(ref Log log)
    {
        var a = NextWide(ref log);
        log.AddWide(a * log.Next());
        log.AddWide((Int128)a * log.NextInt());
        log.AddWide((UInt128)log.Next() * log.Next());
    }

    public static void WideDivide(ref Log log)
    {
        var a = NextWide(ref log);
        log.AddWide(a / log.Next());
        log.AddWide(a % 1_000_000_007);
        log.AddWide(a / NextWide(ref log));
        log.AddWide((Int128)a / 7);
    }

    public static void WideShifts(ref Log log)
    {
        var a = NextWide(ref log);
        int count = log.Below(140);
        log.AddWide(a << count);
        log.AddWide(a >> count);
        log.AddWide((Int128)a >> count);
        log.Add((ulong)UInt128.LeadingZeroCount(a));
        log.Add((ulong)UInt128.PopCount(a));
        log.Add((ulong)(a >> 64));
    }

    public static void WideCompare(ref Log log)
    {
        var a = NextWide(ref log);
        var b = log.Below(4) == 0 ? a : NextWide(ref log);
        log.Add(a < b);
        log.Add(a == b);
        log.Add((Int128)a < (Int128)b);
        log.Add(a.CompareTo(b));
        log.AddWide(UInt128.Max(a, b));
    }

    public static void MathCalls(ref Log log)
    {
        int a = log.NextInt();
        long b = log.NextLong();
        log.Add(Math.Min(a, 5));
        log.Add(Math.Max(b, a));
        log.Add(Math.Clamp(a, -50, 50));
        log.Add(Math.Sign(b));
        log.Add(Math.DivRem(a, 10).Remainder);
        log.Add(Math.DivRem((ulong)b, 1000UL).Quotient);
        log.Add(Math.Min((byte)a, (byte)b));
        log.Add(Math.Max((uint)a, (uint)b));
    }

    public static void MathAbs(ref Log log)
    {
        log.Add(Math.Abs(log.NextInt()));
        log.Add(Math.Abs(log.NextLong()));
    }

    public static void BigMul(ref Log log)
    {
        log.Add(Math.BigMul(log.NextInt(), log.NextInt()));
        log.Add(Math.BigMul(log.Next(), log.Next(), out ulong low));
        log.Add(low);
        log.Add(Math.BigMul(log.NextLong(), log.NextLong(), out long signedLow));
        log.Add(signedLow);
        log.Add(Math.BigMul(log.NextUInt(), log.NextUInt()));
    }

    private static ReadOnlySpan<byte> Number(int index) => index switch
    {
        0 => "12345"u8,
        1 => "-17 "u8,
        2 => "2147483648"u8,
        3 => ""u8,
        4 => "x"u8,
        5 => "0012"u8,
        _ => "18446744073709551615"u8,
    };

    public static void Utf8ParserCalls(ref Log log)
    {
        var text = Number(log.Below(7));
        log.Add(Utf8Parser.TryParse(text, out int a, out int used));
        log.Add(a);
        log.Add(used);
        log.Add(Utf8Parser.TryParse(text, out ulong b, out used));
        log.Add(b);
        log.Add(Utf8Parser.TryParse(text, out uint c, out used, 'x'));
        log.Add(c);
    }

    public static void Characters(ref Log log)
    {
        char c = (char)log.Below(128);
        log.Add(char.IsAsciiDigit(c));
        log.Add(char.IsAsciiLetterUpper(c));
        log.Add(char.IsAsciiHexDigit(c));
        log.Add(char.IsBetween(c, 'b', 'q'));
    }

    [Flags]
    private enum Access : byte
    {
        None,
        Read = 1,
        Write = 2,
        All = 3,
    }

    public static void EnumFlags(ref Log log)
    {
        var access = (Access)log.Below(4);
        log.Add(access.HasFlag(Access.Read));
        log.Add(access.HasFlag(Access.All));
        log.Add((access & ~Access.Read) == Access.Write);
        log.Add(access == Access.None);
    }

    public static void ArgumentChecks(ref Log log)
    {
        int value = log.Below(9) - 2;
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 5);
        log.Add(value);
    }

    public static void HashCodes(ref Log log)
    {
        log.Add((log.Below(5), 3L).Equals((2, 3L)));
        log.Add(log.NextULongHash());
    }

    private static int NextULongHash(this ref Log log) => log.Next().GetHashCode();
}
