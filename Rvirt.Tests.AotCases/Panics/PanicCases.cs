using System;
using System.Runtime.CompilerServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Panics;

/// <summary>Every check fails once: its kind and its line must be those of .NET's exception.</summary>
public static unsafe class PanicCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Panic.SpanIndex"u8, &SpanIndex, ref log);
        runner.Run("Panic.SpanNegativeIndex"u8, &SpanNegativeIndex, ref log);
        runner.Run("Panic.SpanSlice"u8, &SpanSlice, ref log);
        runner.Run("Panic.SpanCopy"u8, &SpanCopy, ref log);
        runner.Run("Panic.ArrayIndex"u8, &ArrayIndex, ref log);
        runner.Run("Panic.ArrayStore"u8, &ArrayStore, ref log);
        runner.Run("Panic.InlineArrayIndex"u8, &InlineArrayIndex, ref log);
        runner.Run("Panic.StringIndex"u8, &StringIndex, ref log);
        runner.Run("Panic.NullArray"u8, &NullArray, ref log);
        runner.Run("Panic.NullArrayLength"u8, &NullArrayLength, ref log);
        runner.Run("Panic.NullField"u8, &NullField, ref log);
        runner.Run("Panic.NullMethod"u8, &NullMethod, ref log);
        runner.Run("Panic.NullString"u8, &NullString, ref log);
        runner.Run("Panic.DivideByZero"u8, &DivideByZero, ref log);
        runner.Run("Panic.DivideLongByZero"u8, &DivideLongByZero, ref log);
        runner.Run("Panic.RemainderByZero"u8, &RemainderByZero, ref log);
        runner.Run("Panic.UnsignedByZero"u8, &UnsignedByZero, ref log);
        runner.Run("Panic.DivideMinimum"u8, &DivideMinimum, ref log);
        runner.Run("Panic.DivideLongMinimum"u8, &DivideLongMinimum, ref log);
        runner.Run("Panic.CheckedAdd"u8, &CheckedAdd, ref log);
        runner.Run("Panic.CheckedMultiply"u8, &CheckedMultiply, ref log);
        runner.Run("Panic.CheckedConversion"u8, &CheckedConversion, ref log);
        runner.Run("Panic.CheckedBlock"u8, &CheckedBlock, ref log);
        runner.Run("Panic.NullableValue"u8, &NullableValue, ref log);
        runner.Run("Panic.Thrown"u8, &Thrown, ref log);
        runner.Run("Panic.ThrownWithoutMessage"u8, &ThrownWithoutMessage, ref log);
        runner.Run("Panic.ThrownOwnType"u8, &ThrownOwnType, ref log);
        runner.Run("Panic.ThrownByExpression"u8, &ThrownByExpression, ref log);
        runner.Run("Panic.ThrownFromHelper"u8, &ThrownFromHelper, ref log);
        runner.Run("Panic.ThrownInInlinedCall"u8, &ThrownInInlinedCall, ref log);
        runner.Run("Panic.UnhandledSwitch"u8, &UnhandledSwitch, ref log);
        runner.Run("Panic.NegativeArgument"u8, &NegativeArgument, ref log);
        runner.Run("Panic.InsideTryFinally"u8, &InsideTryFinally, ref log);
        runner.Run("Panic.SecondOfTwoSites"u8, &SecondOfTwoSites, ref log);
        runner.Run("Panic.AbsOfMinimum"u8, &AbsOfMinimum, ref log);
        runner.Run("Panic.MisreadSpan"u8, &MisreadSpan, ref log);
    }

    /// <summary>A number the compiler does not know.</summary>
    private static int Zero(ref Log log) => log.Below(1);

    public static void SpanIndex(ref Log log)
    {
        Span<int> values = stackalloc int[4];
        log.Add(values[Zero(ref log) + 4]);
    }

    public static void SpanNegativeIndex(ref Log log)
    {
        ReadOnlySpan<byte> values = "abc"u8;
        log.Add(
            values[Zero(ref log) - 1]);
    }

    public static void SpanSlice(ref Log log)
    {
        Span<int> values = stackalloc int[4];
        int start = Zero(ref log) + 5;
        log.Add(values[start..].Length);
    }

    public static void SpanCopy(ref Log log)
    {
        Span<int> values = stackalloc int[4 + Zero(ref log)];
        Span<int> small = stackalloc int[3];
        values.CopyTo(small);
    }

    private static readonly int[] s_array = [1, 2, 3];

    public static void ArrayIndex(ref Log log)
    {
        int index = Zero(ref log) + 3;
        log.Add(s_array[index]);
    }

    public static void ArrayStore(ref Log log)
    {
        int index = Zero(ref log) - 7;
        s_array[index] = 5;
    }

    [InlineArray(3)]
    private struct Three
    {
        private int _first;
    }

    public static void InlineArrayIndex(ref Log log)
    {
        Three three = default;
        three[Zero(ref log) + 3] = 1;
        log.Add(three[0]);
    }

    public static void StringIndex(ref Log log)
    {
        string text = "four";
        log.Add(text[Zero(ref log) + 4]);
    }

    private static readonly int[]?[] s_maybe = [null, [1]];

    public static void NullArray(ref Log log)
    {
        var array = s_maybe[Zero(ref log)]!;
        log.Add(array[0]);
    }

    public static void NullArrayLength(ref Log log)
    {
        var array = s_maybe[Zero(ref log)]!;
        log.Add(array.Length);
    }

    private sealed class Box
    {
        public int Value = 1;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public int Double() => Value * 2;
    }

    private static readonly Box?[] s_boxes = [null, new Box()];

    public static void NullField(ref Log log)
    {
        ref var box = ref s_boxes[Zero(ref log)]!;
        log.Add(box is null);
        box!.Value = 3;
    }

    public static void NullMethod(ref Log log)
    {
        var box = s_boxes[Zero(ref log)]!;
        log.Add(box.Double());
    }

    private static readonly string?[] s_texts = [null, "text"];

    public static void NullString(ref Log log)
    {
        var text = s_texts[Zero(ref log)]!;
        log.Add(text.Length);
    }

    public static void DivideByZero(ref Log log)
    {
        int divisor = Zero(ref log);
        log.Add(10 / divisor);
    }

    public static void DivideLongByZero(ref Log log)
    {
        long divisor = Zero(ref log);
        log.Add(log.NextLong() / divisor);
    }

    public static void RemainderByZero(ref Log log)
    {
        int divisor = Zero(ref log);
        log.Add(log.NextInt() % divisor);
    }

    public static void UnsignedByZero(ref Log log)
    {
        ulong divisor = (ulong)Zero(ref log);
        log.Add(log.Next() / divisor);
    }

    public static void DivideMinimum(ref Log log)
    {
        int divisor = Zero(ref log) - 1;
        log.Add(int.MinValue / divisor);
    }

    public static void DivideLongMinimum(ref Log log)
    {
        long divisor = Zero(ref log) - 1;
        log.Add(long.MinValue / divisor);
    }

    public static void CheckedAdd(ref Log log)
    {
        int value = Zero(ref log) + int.MaxValue;
        log.Add(checked(value + 1));
    }

    public static void CheckedMultiply(ref Log log)
    {
        ulong value = (ulong)Zero(ref log) + (1UL << 63);
        log.Add(checked(value * 2));
    }

    public static void CheckedConversion(ref Log log)
    {
        int value = Zero(ref log) + 256;
        log.Add(checked((byte)value));
    }

    public static void CheckedBlock(ref Log log)
    {
        checked
        {
            uint value = (uint)Zero(ref log);
            value--;
            log.Add(value);
        }
    }

    public static void NullableValue(ref Log log)
    {
        int? value = Zero(ref log) == 0 ? null : 5;
        log.Add(value!.Value);
    }

    public static void Thrown(ref Log log)
    {
        if (Zero(ref log) == 0)
        {
            throw new InvalidOperationException("this must not be");
        }
        log.Add(1);
    }

    public static void ThrownWithoutMessage(ref Log log)
    {
        log.Add(Zero(ref log));
        throw new NotSupportedException();
    }

    private sealed class OwnException(int code) : Exception("own")
    {
        public int Code => code;
    }

    public static void ThrownOwnType(ref Log log)
    {
        if (Zero(ref log) == 0)
        {
            throw new OwnException(log.Below(3));
        }
    }

    public static void ThrownByExpression(ref Log log)
    {
        int value = Zero(ref log);
        int other = value > 0
            ? value
            : throw new ArgumentException("not positive");
        log.Add(other);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fail(int code) =>
        throw new InvalidCastException(code > 5 ? "large" : "small");

    public static void ThrownFromHelper(ref Log log)
    {
        Fail(Zero(ref log));
        log.Add(2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Inlined(int value)
    {
        if (value < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(value));
        }
        return value;
    }

    public static void ThrownInInlinedCall(ref Log log)
    {
        log.Add(Inlined(Zero(ref log) + 1));
        log.Add(Inlined(Zero(ref log) - 1));
    }

    public static void UnhandledSwitch(ref Log log)
    {
        int value = Zero(ref log) + 9;
#pragma warning disable CS8509
        log.Add(value switch
        {
            0 => 1,
            1 => 2,
        });
#pragma warning restore CS8509
    }

    public static void NegativeArgument(ref Log log)
    {
        int value = Zero(ref log) - 3;
        log.Add(value);
        ArgumentOutOfRangeException.ThrowIfNegative(value);
    }

    public static void InsideTryFinally(ref Log log)
    {
        int divisor = Zero(ref log);
        try
        {
            log.Add(1 / divisor);
        }
        finally
        {
            divisor = 5;
        }
        log.Add(divisor);
    }

    public static void SecondOfTwoSites(ref Log log)
    {
        int index = Zero(ref log) + 2;
        log.Add(s_array[index]);
        log.Add(s_array[index + 1]);
        log.Add(s_array[index + 2]);
    }

    public static void AbsOfMinimum(ref Log log)
    {
        int value = int.MinValue + Zero(ref log);
        log.Add(Math.Abs(value));
    }

    public static void MisreadSpan(ref Log log)
    {
        Span<byte> bytes = stackalloc byte[3 + Zero(ref log)];
        log.Add(System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes));
    }
}
