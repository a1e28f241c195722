using System;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Loops, goto, recursion, local functions.</summary>
public static unsafe class ControlFlowCases
{
    private const int Many = 40;

    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("ControlFlow.Loops"u8, &Loops, ref log, 8);
        runner.Run("ControlFlow.Goto"u8, &Goto, ref log, 8);
        runner.Run("ControlFlow.NestedBreaks"u8, &NestedBreaks, ref log, 8);
        runner.Run("ControlFlow.ConditionalChains"u8, &ConditionalChains, ref log, Many);
        runner.Run("ControlFlow.Recursion"u8, &Recursion, ref log, 4);
        runner.Run("ControlFlow.MutualRecursion"u8, &MutualRecursion, ref log, 8);
        runner.Run("ControlFlow.LocalFunctions"u8, &LocalFunctions, ref log, 8);
        runner.Run("ControlFlow.RefTernary"u8, &RefTernary, ref log, 8);
        runner.Run("ControlFlow.Foreach"u8, &Foreach, ref log, 8);
        runner.Run("ControlFlow.DeadCode"u8, &DeadCode, ref log, 4);
    }

    public static void Loops(ref Log log)
    {
        int limit = log.Below(20);
        long sum = 0;
        for (int i = 0, j = limit; i < j; i += 2, j--)
        {
            sum = (sum * 31) + (i ^ j);
        }
        log.Add(sum);
        int n = limit;
        do
        {
            sum += n;
        }
        while (n-- > 3);
        while (n < limit)
        {
            n++;
            if (n % 3 == 0)
            {
                continue;
            }
            if (n > 15)
            {
                break;
            }
            sum ^= n << 2;
        }
        log.Add(sum);
    }

    public static void Goto(ref Log log)
    {
        int n = log.Below(10);
    again:
        log.Add(n);
        if (n > 5)
        {
            n -= 3;
            goto again;
        }
        if (n == 0)
        {
            goto end;
        }
        n--;
        goto again;
    end:
        log.Add(n);
    }

    public static void NestedBreaks(ref Log log)
    {
        int found = -1;
        int target = log.Below(50);
        for (int i = 0; i < 8 && found < 0; i++)
        {
            for (int j = 0; j < 8; j++)
            {
                if (j > i)
                {
                    break;
                }
                if ((i * 8) + j >= target)
                {
                    found = (i << 8) | j;
                    break;
                }
            }
        }
        log.Add(found);
    }

    public static void ConditionalChains(ref Log log)
    {
        int a = log.Below(4);
        int b = log.Below(4);
        log.Add(a > b ? a > 2 ? 1 : 2 : b > 2 ? 3 : a == b ? 4 : 5);
        log.Add((a > 1 ? b : a) + (b > 1 ? log.Below(9) : a));
        var larger = a > b ? (a, b) : (b, a);
        log.Add((larger.Item1 * 10) + larger.Item2);
    }

    public static void Recursion(ref Log log)
    {
        log.Add(Fibonacci(log.Below(16)));
        log.Add(Ackermann(2, log.Below(8)));
        log.Add(Depth(log.Below(2000)));
    }

    private static int Fibonacci(int n) => n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);

    private static int Ackermann(int m, int n) => m == 0 ? n + 1 : n == 0 ? Ackermann(m - 1, 1) : Ackermann(m - 1, Ackermann(m, n - 1));

    private static (long Sum, int Count) Step(int n)
    {
        if (n == 0)
        {
            return default;
        }
        var (sum, count) = Step(n - 1);
        return (sum + (n ^ count), count + 1);
    }

    private static long Depth(int n) => Step(n).Sum;

    public static void MutualRecursion(ref Log log)
    {
        int n = log.Below(300);
        log.Add(IsEven(n));
        log.Add(IsOdd(n));
    }

    private static bool IsEven(int n) => n == 0 || IsOdd(n - 1);

    private static bool IsOdd(int n) => n != 0 && IsEven(n - 1);

    public static void LocalFunctions(ref Log log)
    {
        int captured = log.NextInt();
        long total = 0;
        void Accumulate(int value)
        {
            total += value;
            captured ^= value;
        }

        static int Twice(int value) => value * 2;

        int Factorial(int n) => n <= 1 ? 1 : n * Factorial(n - 1);

        for (int i = 0; i < 5; i++)
        {
            Accumulate(Twice(i) + captured);
        }
        log.Add(total);
        log.Add(captured);
        log.Add(Factorial(log.Below(12)));
    }

    public static void RefTernary(ref Log log)
    {
        int a = log.NextInt();
        int b = log.NextInt();
        ref int smaller = ref a < b ? ref a : ref b;
        smaller = 17;
        log.Add(a);
        log.Add(b);
        smaller = ref b;
        smaller++;
        log.Add(b);
    }

    public static void Foreach(ref Log log)
    {
        Span<byte> bytes = stackalloc byte[10];
        byte next = log.NextByte();
        foreach (ref byte b in bytes)
        {
            b = next++;
        }
        int sum = 0;
        foreach (byte b in (ReadOnlySpan<byte>)bytes)
        {
            sum = (sum * 3) + b;
        }
        log.Add(sum);
        foreach (int value in new Countdown(log.Below(6)))
        {
            log.Add(value);
        }
    }

    private struct Countdown(int from)
    {
        public int Current { get; private set; } = from;

        public readonly Countdown GetEnumerator() => this;

        public bool MoveNext() => --Current >= 0;
    }

    private static bool Never => sizeof(int) == 5;

    public static void DeadCode(ref Log log)
    {
        if (Never)
        {
            log.Add(1);
        }
        while (true)
        {
            log.Add(2);
            if (log.Below(2) == 0)
            {
                return;
            }
        }
    }
}
