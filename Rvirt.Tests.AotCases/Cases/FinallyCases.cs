using System;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>try/finally and using, on every way out.</summary>
public static unsafe class FinallyCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Finally.FallThrough"u8, &FallThrough, ref log, 4);
        runner.Run("Finally.ReturnFromTry"u8, &ReturnFromTry, ref log, 8);
        runner.Run("Finally.ReturnOfStructs"u8, &ReturnOfStructs, ref log, 8);
        runner.Run("Finally.LeavesLoops"u8, &LeavesLoops, ref log, 8);
        runner.Run("Finally.Nested"u8, &Nested, ref log, 12);
        runner.Run("Finally.WithControlFlowInside"u8, &WithControlFlowInside, ref log, 8);
        runner.Run("Finally.ResultIsTakenBefore"u8, &ResultIsTakenBefore, ref log, 4);
        runner.Run("Finally.Using"u8, &Using, ref log, 8);
        runner.Run("Finally.UsingRefStruct"u8, &UsingRefStruct, ref log, 4);
        runner.Run("Finally.InLoop"u8, &InLoop, ref log, 4);
    }

    public static void FallThrough(ref Log log)
    {
        int value = log.NextInt();
        try
        {
            value++;
        }
        finally
        {
            value *= 3;
        }
        log.Add(value);
    }

    public static void ReturnFromTry(ref Log log)
    {
        int count = 0;
        log.Add(Early(log.Below(4), ref count));
        log.Add(count);
    }

    private static int Early(int n, ref int count)
    {
        try
        {
            if (n == 0)
            {
                return 10;
            }
            if (n == 1)
            {
                return 20 + count++;
            }
            count += 100;
        }
        finally
        {
            count++;
        }
        return count;
    }

    private struct Big
    {
        public long A, B, C;
    }

    private struct Two
    {
        public int A;
        public long B;
    }

    public static void ReturnOfStructs(ref Log log)
    {
        int n = log.Below(3);
        Big big = default;
        var result = BigOf(n, ref big);
        log.Add(result.A + result.B + result.C);
        log.Add(big.A);
        var two = TwoOf(n, ref big);
        log.Add(two.A + two.B);
        log.Add(big.B);
    }

    private static Big BigOf(int n, ref Big other)
    {
        var local = new Big { A = n, B = 2, C = 3 };
        try
        {
            if (n == 1)
            {
                return local;
            }
            local.A = 50;
            return local;
        }
        finally
        {
            local.A = 1000;
            other.A += local.A;
        }
    }

    private static Two TwoOf(int n, ref Big other)
    {
        var local = new Two { A = n, B = 7 };
        try
        {
            return local;
        }
        finally
        {
            local.B = 99;
            other.B = local.B;
        }
    }

    public static void LeavesLoops(ref Log log)
    {
        int stop = log.Below(8);
        int done = 0;
        for (int i = 0; i < 6; i++)
        {
            try
            {
                if (i == stop)
                {
                    break;
                }
                if (i % 2 == 0)
                {
                    continue;
                }
                done += 10;
            }
            finally
            {
                done++;
            }
        }
        log.Add(done);
    }

    public static void Nested(ref Log log)
    {
        int trace = 0;
        log.Add(Levels(log.Below(6), ref trace));
        log.Add(trace);
    }

    private static int Levels(int n, ref int trace)
    {
        try
        {
            trace = (trace * 10) + 1;
            try
            {
                if (n == 0)
                {
                    return 1;
                }
                if (n == 1)
                {
                    goto outside;
                }
                trace = (trace * 10) + 2;
            }
            finally
            {
                trace = (trace * 10) + 3;
                try
                {
                    trace++;
                }
                finally
                {
                    trace += 2;
                }
            }
            if (n == 2)
            {
                return 2;
            }
        }
        finally
        {
            trace = (trace * 10) + 4;
        }
        return 3;
    outside:
        trace = (trace * 10) + 5;
        return 4;
    }

    public static void WithControlFlowInside(ref Log log)
    {
        int n = log.Below(6);
        int sum = 0;
        try
        {
            sum = n;
        }
        finally
        {
            for (int i = 0; i < n; i++)
            {
                if (i == 3)
                {
                    break;
                }
                sum += i switch
                {
                    0 => 5,
                    1 => 7,
                    _ => 11,
                };
            }
        }
        log.Add(sum);
    }

    public static void ResultIsTakenBefore(ref Log log)
    {
        int value = log.NextInt();
        log.Add(Taken(ref value));
        log.Add(value);
    }

    private static int Taken(ref int value)
    {
        try
        {
            return value;
        }
        finally
        {
            value++;
        }
    }

    private struct Guard(int* trace, int number) : IDisposable
    {
        public readonly void Dispose() => *trace = (*trace * 10) + number;
    }

    public static void Using(ref Log log)
    {
        int trace = 0;
        log.Add(Guarded(log.Below(3), &trace));
        log.Add(trace);
    }

    private static int Guarded(int n, int* trace)
    {
        using var first = new Guard(trace, 1);
        using (new Guard(trace, 2))
        {
            if (n == 0)
            {
                return 5;
            }
            *trace = (*trace * 10) + 9;
        }
        using var third = new Guard(trace, 3);
        return n;
    }

    private ref struct Scope(ref int counter)
    {
        private readonly ref int _counter = ref counter;

        public readonly void Dispose() => _counter += 100;
    }

    public static void UsingRefStruct(ref Log log)
    {
        int counter = log.Below(9);
        using (new Scope(ref counter))
        {
            counter *= 2;
        }
        log.Add(counter);
    }

    public static void InLoop(ref Log log)
    {
        long sum = 0;
        for (int i = 0; i < 5; i++)
        {
            byte* buffer = stackalloc byte[8];
            try
            {
                buffer[i] = (byte)i;
                sum += *(long*)buffer;
            }
            finally
            {
                buffer[7] = 1;
                sum ^= *(long*)buffer;
            }
        }
        log.Add(sum);
    }
}
