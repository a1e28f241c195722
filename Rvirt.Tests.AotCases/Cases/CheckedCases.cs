using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Checked operators and conversions: each round either has a value or overflows.</summary>
public static unsafe class CheckedCases
{
    private const int Many = 60;

    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Checked.AddInt"u8, &AddInt, ref log, Many);
        runner.Run("Checked.SubtractInt"u8, &SubtractInt, ref log, Many);
        runner.Run("Checked.MultiplyInt"u8, &MultiplyInt, ref log, Many);
        runner.Run("Checked.AddUInt"u8, &AddUInt, ref log, Many);
        runner.Run("Checked.SubtractUInt"u8, &SubtractUInt, ref log, Many);
        runner.Run("Checked.MultiplyUInt"u8, &MultiplyUInt, ref log, Many);
        runner.Run("Checked.AddLong"u8, &AddLong, ref log, Many);
        runner.Run("Checked.MultiplyLong"u8, &MultiplyLong, ref log, Many);
        runner.Run("Checked.AddULong"u8, &AddULong, ref log, Many);
        runner.Run("Checked.MultiplyULong"u8, &MultiplyULong, ref log, Many);
        runner.Run("Checked.Negate"u8, &Negate, ref log, Many);
        runner.Run("Checked.NarrowResults"u8, &NarrowResults, ref log, Many);
        runner.Run("Checked.LongToSByte"u8, &LongToSByte, ref log, Many);
        runner.Run("Checked.LongToByte"u8, &LongToByte, ref log, Many);
        runner.Run("Checked.IntToUShort"u8, &IntToUShort, ref log, Many);
        runner.Run("Checked.LongToInt"u8, &LongToInt, ref log, Many);
        runner.Run("Checked.LongToUInt"u8, &LongToUInt, ref log, Many);
        runner.Run("Checked.IntToULong"u8, &IntToULong, ref log, Many);
        runner.Run("Checked.IntToUInt"u8, &IntToUInt, ref log, Many);
        runner.Run("Checked.ULongToSByte"u8, &ULongToSByte, ref log, Many);
        runner.Run("Checked.ULongToInt"u8, &ULongToInt, ref log, Many);
        runner.Run("Checked.ULongToLong"u8, &ULongToLong, ref log, Many);
        runner.Run("Checked.UIntToInt"u8, &UIntToInt, ref log, Many);
        runner.Run("Checked.UIntToShort"u8, &UIntToShort, ref log, Many);
        runner.Run("Checked.ToNative"u8, &ToNative, ref log, Many);
        runner.Run("Checked.StackAllocationSize"u8, &StackAllocationSize, ref log, 4);
    }

    public static void AddInt(ref Log log) => log.Add(checked(log.NextInt() + log.NextInt()));

    public static void SubtractInt(ref Log log) => log.Add(checked(log.NextInt() - log.NextInt()));

    public static void MultiplyInt(ref Log log) => log.Add(checked(log.NextInt() * log.NextInt()));

    public static void AddUInt(ref Log log) => log.Add(checked(log.NextUInt() + log.NextUInt()));

    public static void SubtractUInt(ref Log log) => log.Add(checked(log.NextUInt() - log.NextUInt()));

    public static void MultiplyUInt(ref Log log) => log.Add(checked(log.NextUInt() * log.NextUInt()));

    public static void AddLong(ref Log log) => log.Add(checked(log.NextLong() + log.NextLong()));

    public static void MultiplyLong(ref Log log) => log.Add(checked(log.NextLong() * log.NextInt()));

    public static void AddULong(ref Log log) => log.Add(checked(log.Next() + log.Next()));

    public static void MultiplyULong(ref Log log) => log.Add(checked(log.Next() * log.NextUInt()));

    public static void Negate(ref Log log)
    {
        log.Add(checked(-log.NextInt()));
        log.Add(checked(-log.NextLong()));
    }

    public static void NarrowResults(ref Log log)
    {
        byte a = log.NextByte();
        checked
        {
            a += (byte)log.Below(200);
            a++;
        }
        log.Add(a);
        short b = (short)log.Next();
        b = checked((short)(b * 2));
        log.Add(b);
    }

    public static void LongToSByte(ref Log log) => log.Add(checked((sbyte)log.NextLong()));

    public static void LongToByte(ref Log log) => log.Add(checked((byte)log.NextLong()));

    public static void IntToUShort(ref Log log) => log.Add(checked((ushort)log.NextInt()));

    public static void LongToInt(ref Log log) => log.Add(checked((int)log.NextLong()));

    public static void LongToUInt(ref Log log) => log.Add(checked((uint)log.NextLong()));

    public static void IntToULong(ref Log log) => log.Add(checked((ulong)log.NextInt()));

    public static void IntToUInt(ref Log log) => log.Add(checked((uint)log.NextInt()));

    public static void ULongToSByte(ref Log log) => log.Add(checked((sbyte)log.Next()));

    public static void ULongToInt(ref Log log) => log.Add(checked((int)log.Next()));

    public static void ULongToLong(ref Log log) => log.Add(checked((long)log.Next()));

    public static void UIntToInt(ref Log log) => log.Add(checked((int)log.NextUInt()));

    public static void UIntToShort(ref Log log) => log.Add(checked((short)log.NextUInt()));

    public static void ToNative(ref Log log)
    {
        log.Add(checked((nint)log.NextLong()));
        log.Add(checked((nuint)log.NextUInt()));
        log.Add(checked((nuint)log.NextLong()));
    }

    public static void StackAllocationSize(ref Log log)
    {
        int count = log.Below(4);
        int* memory = stackalloc int[count];
        for (int i = 0; i < count; i++)
        {
            log.Add(memory[i]);
        }
        log.Add(count);
    }
}
