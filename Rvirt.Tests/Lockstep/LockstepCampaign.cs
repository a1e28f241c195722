using System;
using System.Threading;
using System.Threading.Tasks;

namespace Rvirt.Tests.Lockstep;

/// <summary>Programs of one seed after the other, on several threads, until a number of instructions was compared or two machines differ.</summary>
public sealed class LockstepCampaign(ulong wanted, ulong firstSeed, Func<LockstepConfiguration, LockstepConfiguration>? change = null)
{
    /// <summary>Instructions of one program.</summary>
    private const ulong StepsOfAProgram = 20000;

    private ulong _done;
    private ulong _seed = firstSeed - 1;
    private string? _failure;
    private long _returned;
    private long _moved;

    /// <summary>Instructions compared so far.</summary>
    public ulong Done => Interlocked.Read(ref _done);

    /// <summary>Traps behind which the guest went on, of programs that ended.</summary>
    public long Returned => Interlocked.Read(ref _returned);

    /// <summary>How often a virtual hart was put down and loaded again behind one.</summary>
    public long Moved => Interlocked.Read(ref _moved);

    /// <summary>The last seed that was begun.</summary>
    public ulong Seed => Interlocked.Read(ref _seed);

    /// <summary>The program on which two machines differ, if there is one.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    /// <summary>Runs to the end.</summary>
    public void Run(int jobs)
    {
        var tasks = new Task[jobs];
        for (var i = 0; i < tasks.Length; i++)
        {
            tasks[i] = Task.Factory.StartNew(Work, TaskCreationOptions.LongRunning);
        }

        Task.WaitAll(tasks);
    }

    private void Count(LockstepRun run)
    {
        Interlocked.Add(ref _returned, run.Subject.Returned);
        Interlocked.Add(ref _moved, run.Subject.Forced.Count);
    }

    private void Work()
    {
        while (Done < wanted && Failure is null)
        {
            try
            {
                Interlocked.Add(ref _done, LockstepProgram.Run(Interlocked.Increment(ref _seed), StepsOfAProgram, change, Count));
            }
            catch (DivergenceException e)
            {
                Volatile.Write(ref _failure, e.Message);
            }
        }
    }
}
