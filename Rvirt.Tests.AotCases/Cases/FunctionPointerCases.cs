using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Function pointers: chosen, stored, of generic methods.</summary>
public static unsafe class FunctionPointerCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("FunctionPointer.FunctionPointers"u8, &FunctionPointers, ref log, 12);
        runner.Run("FunctionPointer.FunctionPointersOfGenerics"u8, &FunctionPointersOfGenerics, ref log, 4);
        runner.Run("FunctionPointer.FunctionPointerTables"u8, &FunctionPointerTables, ref log, 8);
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

    private static T Pick<T>(bool first, T a, T b) => first ? a : b;

    private struct Counter
    {
        public int Value;
    }

    private static long Grow<T>(ref T value, int by)
        where T : unmanaged
    {
        *(int*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref value) += by;
        return sizeof(T);
    }

    public static void FunctionPointersOfGenerics(ref Log log)
    {
        delegate*<bool, byte, byte, byte> bytes = &Pick<byte>;
        delegate*<bool, (long, int, long), (long, int, long), (long, int, long)> tuples = &Pick<(long, int, long)>;
        log.Add(bytes(log.Below(2) == 0, 3, 4));
        log.Add(tuples(log.Below(2) == 0, (1, 2, 3), (4, 5, log.NextLong())).Item3);
        delegate*<ref Counter, int, long> grow = &Grow<Counter>;
        var counter = new Counter { Value = log.Below(9) };
        log.Add(grow(ref counter, 4));
        log.Add(counter.Value);
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
}
