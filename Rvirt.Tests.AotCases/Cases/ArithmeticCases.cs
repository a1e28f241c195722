using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Operators of the integer types.</summary>
public static unsafe class ArithmeticCases
{
    private const int Many = 40;

    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Arithmetic.Int"u8, &Int, ref log, Many);
        runner.Run("Arithmetic.UInt"u8, &UInt, ref log, Many);
        runner.Run("Arithmetic.Long"u8, &Long, ref log, Many);
        runner.Run("Arithmetic.ULong"u8, &ULong, ref log, Many);
        runner.Run("Arithmetic.Native"u8, &Native, ref log, Many);
        runner.Run("Arithmetic.Narrow"u8, &Narrow, ref log, Many);
        runner.Run("Arithmetic.Shifts"u8, &Shifts, ref log, Many);
        runner.Run("Arithmetic.ShiftsByConstants"u8, &ShiftsByConstants, ref log, Many);
        runner.Run("Arithmetic.DivideInt"u8, &DivideInt, ref log, Many);
        runner.Run("Arithmetic.RemainderInt"u8, &RemainderInt, ref log, Many);
        runner.Run("Arithmetic.DivideLong"u8, &DivideLong, ref log, Many);
        runner.Run("Arithmetic.DivideUnsigned"u8, &DivideUnsigned, ref log, Many);
        runner.Run("Arithmetic.DivideByConstants"u8, &DivideByConstants, ref log, Many);
        runner.Run("Arithmetic.DivideCorners"u8, &DivideCorners, ref log, 8);
        runner.Run("Arithmetic.CompoundAssignment"u8, &CompoundAssignment, ref log, Many);
        runner.Run("Arithmetic.Pointers"u8, &Pointers, ref log, Many);
        runner.Run("Arithmetic.ConstantFolding"u8, &ConstantFolding, ref log);
    }

    public static void Int(ref Log log)
    {
        int a = log.NextInt();
        int b = log.NextInt();
        log.Add(a + b);
        log.Add(a - b);
        log.Add(a * b);
        log.Add(a & b);
        log.Add(a | b);
        log.Add(a ^ b);
        log.Add(~a);
        log.Add(-a);
        log.Add(a++ + ++b);
        log.Add(a-- - --b);
    }

    public static void UInt(ref Log log)
    {
        uint a = log.NextUInt();
        uint b = log.NextUInt();
        log.Add(a + b);
        log.Add(a - b);
        log.Add(a * b);
        log.Add(~a);
        log.Add(-a);
        log.Add((ulong)a * b);
        log.Add(a + (ulong)b);
        log.Add(a ^ (b << 7));
    }

    public static void Long(ref Log log)
    {
        long a = log.NextLong();
        long b = log.NextLong();
        log.Add(a + b);
        log.Add(a - b);
        log.Add(a * b);
        log.Add(a & b);
        log.Add(a | ~b);
        log.Add(a ^ b);
        log.Add(-a);
        log.Add(a + (int)b);
        log.Add(a * (short)b);
    }

    public static void ULong(ref Log log)
    {
        ulong a = log.Next();
        ulong b = log.Next();
        log.Add(a + b);
        log.Add(a - b);
        log.Add(a * b);
        log.Add(~a);
        log.Add(a + (uint)b);
        log.Add(0 - a);
    }

    public static void Native(ref Log log)
    {
        nint a = (nint)log.NextLong();
        nuint b = (nuint)log.Next();
        log.Add(a + 3);
        log.Add(a * -5);
        log.Add(a - (nint)b);
        log.Add(b * 7);
        log.Add(b >> 3);
        log.Add(a >> 3);
        log.Add(b + (uint)a);
        log.Add((int)a + a);
        log.Add(nint.MaxValue ^ a);
        log.Add(sizeof(nint));
    }

    public static void Narrow(ref Log log)
    {
        byte a = log.NextByte();
        byte b = log.NextByte();
        sbyte c = (sbyte)log.Next();
        short d = (short)log.Next();
        ushort e = (ushort)log.Next();
        char f = (char)log.Next();
        log.Add(a + b);
        log.Add((byte)(a + b));
        log.Add((sbyte)(c - b));
        log.Add((short)(d * d));
        log.Add((ushort)(e * 3));
        log.Add((char)(f + 1));
        a += b;
        c *= 3;
        d <<= 3;
        e >>= 2;
        log.Add(a);
        log.Add(c);
        log.Add(d);
        log.Add(e);
        log.Add(a++);
        log.Add(--c);
    }

    public static void Shifts(ref Log log)
    {
        int count = log.NextInt();
        long a = log.NextLong();
        log.Add((int)a << count);
        log.Add((int)a >> count);
        log.Add((int)a >>> count);
        log.Add((uint)a >> count);
        log.Add(a << count);
        log.Add(a >> count);
        log.Add(a >>> count);
        log.Add((ulong)a >> count);
        log.Add((nint)a >> count);
        log.Add((nuint)a << count);
        log.Add((byte)a << (count & 7));
        log.Add((sbyte)a >> (count & 7));
        log.Add((sbyte)a >>> (count & 31));
    }

    public static void ShiftsByConstants(ref Log log)
    {
        int a = log.NextInt();
        long b = log.NextLong();
        log.Add(a << 0);
        log.Add(a << 31);
        log.Add(a >> 31);
        log.Add(a >> 32);
        log.Add(a >>> 33);
        log.Add(b << 63);
        log.Add(b >> 63);
        log.Add(b >> 64);
        log.Add(b >>> 65);
        log.Add((uint)a << 31 >> 31);
    }

    public static void DivideInt(ref Log log) => log.Add(log.NextInt() / log.NextInt());

    public static void RemainderInt(ref Log log) => log.Add(log.NextInt() % log.NextInt());

    public static void DivideLong(ref Log log)
    {
        long a = log.NextLong();
        long b = log.NextLong();
        log.Add(a / b);
        log.Add(a % b);
    }

    public static void DivideUnsigned(ref Log log)
    {
        ulong a = log.Next();
        ulong b = log.Next();
        log.Add(a / b);
        log.Add(a % b);
        log.Add((uint)a / ((uint)b | 1));
        log.Add((uint)a % ((uint)b | 1));
    }

    public static void DivideByConstants(ref Log log)
    {
        int a = log.NextInt();
        long b = log.NextLong();
        log.Add(a / 7);
        log.Add(a % 7);
        log.Add(a / -3);
        log.Add(a / 16);
        log.Add(a % 16);
        log.Add(a / int.MinValue);
        log.Add(b / 10);
        log.Add(b % 1000);
        log.Add((uint)a / 10);
        log.Add((uint)a % 641);
        log.Add((ulong)b / 1_000_000_007);
        log.Add((ulong)b % 3);
    }

    public static void DivideCorners(ref Log log)
    {
        int kind = log.Below(4);
        int a = log.Below(2) == 0 ? int.MinValue : int.MaxValue;
        long b = log.Below(2) == 0 ? long.MinValue : long.MaxValue;
        int one = log.Below(2) == 0 ? 1 : -1;
        switch (kind)
        {
            case 0:
                log.Add(a / one);
                break;
            case 1:
                log.Add(b / one);
                break;
            case 2:
                log.Add((a + 1) % one);
                break;
            default:
                log.Add((b + 1) % one);
                break;
        }
    }

    public static void CompoundAssignment(ref Log log)
    {
        int a = log.NextInt();
        var array = stackalloc int[4];
        array[0] = a;
        array[1] = array[0]++;
        array[1] += array[0] *= 3;
        array[2] ^= array[1] |= 0x100;
        array[3] -= array[2]--;
        for (int i = 0; i < 4; i++)
        {
            log.Add(array[i]);
        }
        int index = 0;
        array[index++] = index;
        array[index] += index++;
        log.Add(index);
        log.Add(array[0]);
        log.Add(array[1]);
    }

    public static void Pointers(ref Log log)
    {
        var values = stackalloc long[8];
        for (int i = 0; i < 8; i++)
        {
            values[i] = log.NextLong();
        }
        long* at = values + log.Below(4);
        log.Add(at[3]);
        log.Add(at - values);
        log.Add(*(at + 2));
        at++;
        log.Add(*at--);
        log.Add(at < values + 8);
        log.Add((ulong)((byte*)at - (byte*)values));
        int negative = -1;
        at += 2;
        log.Add(at[negative]);
        log.Add(*(short*)at);
        log.Add(*((uint*)at + 1));
    }

    public static void ConstantFolding(ref Log log)
    {
        log.Add(Minimum(int.MinValue, -1));
        log.Add(unchecked(int.MaxValue + One(1)));
        log.Add(sizeof(int) * One(3));
        log.Add((0x7fffffff << One(1)) >> One(1));
        log.Add(unchecked((ulong)-1L) >> One(60));
    }

    private static int Minimum(int a, int b) => a < b ? a : b;

    private static int One(int value) => value;
}
