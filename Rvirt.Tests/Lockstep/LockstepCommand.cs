using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;

namespace Rvirt.Tests.Lockstep;

/// <summary><c>make lockstep</c>: programs until a number of instructions was compared, or two machines differ.</summary>
public static class LockstepCommand
{
    /// <summary>Instructions of one program.</summary>
    public const ulong StepsOfAProgram = 20000;

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">Number of instructions, first seed, jobs.</param>
    /// <returns>The exit status: 1 where a program failed.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var wanted = Argument(arguments, 0, 10_000_000);
        var seed = Argument(arguments, 1, 1);
        var jobs = Argument(arguments, 2, (ulong)Environment.ProcessorCount);
        var done = 0UL;
        var next = seed - 1;
        string? failure = null;
        var watch = Stopwatch.StartNew();
        using var progress = new Timer(_ => Console.Error.Write(Line("lockstep: {0}", Interlocked.Read(ref done), wanted, watch, Interlocked.Read(ref next)) + "   \r"), null, 1000, 1000);
        var tasks = new Task[jobs];
        for (var i = 0; i < tasks.Length; i++)
        {
            tasks[i] = Task.Factory.StartNew(
                () =>
                {
                    while (Interlocked.Read(ref done) < wanted && Volatile.Read(ref failure) is null)
                    {
                        try
                        {
                            Interlocked.Add(ref done, LockstepProgram.Run(Interlocked.Increment(ref next), StepsOfAProgram));
                        }
                        catch (DivergenceException e)
                        {
                            Volatile.Write(ref failure, e.Message);
                        }
                    }
                },
                TaskCreationOptions.LongRunning);
        }

        Task.WaitAll(tasks);
        progress.Change(Timeout.Infinite, Timeout.Infinite);
        Console.WriteLine(Line(failure is null ? "lockstep: {0}, all equal" : "lockstep: {0}, then a difference", done, wanted, watch, next));
        if (failure is not null)
        {
            Console.WriteLine(failure);
        }

        return failure is null ? 0 : 1;
    }

    private static ulong Argument(ReadOnlySpan<string> arguments, int index, ulong standard) =>
        index < arguments.Length && arguments[index].Length > 0 ? ulong.Parse(arguments[index], CultureInfo.InvariantCulture) : standard;

    private static string Line(string text, ulong done, ulong wanted, Stopwatch watch, ulong seed)
    {
        var seconds = watch.Elapsed.TotalSeconds;
        return string.Format(
            CultureInfo.InvariantCulture,
            text,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{done / 1e6:F1} of {wanted / 1e6:F0} million instructions, {done / seconds / 1e6:F2} million a second, last seed {seed}"));
    }
}
