using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Hypervisor.Scheduling;

namespace Rvirt.Tests.Hypervisor.Scheduling;

/// <summary>What a virtual hart does: it runs for so many ticks, sleeps for so many, and so on; 0 ticks of sleep: it never sleeps. Or it runs in a loop that waits, whenever one looks.</summary>
internal sealed record Habit(int Guest, ulong Run, ulong Sleep, bool Spins = false);

/// <summary>
/// Harts and virtual harts around a queue, tick by tick, with a clock of their own: who runs is asked of the queue alone, and what was run,
/// who waits and who is loaded where is kept here too, so that the queue's word can be held against it.
/// </summary>
internal sealed class QueueWorld
{
    /// <summary>Ticks in a second: a slice has 6001.</summary>
    public const ulong Timebase = 1_000_000;

    /// <summary>Ticks that an interrupt takes to reach a hart.</summary>
    public const ulong Latency = 3;

    private readonly Habit[] _habits;
    private readonly int[] _numbers;
    private readonly int[] _on;
    private readonly ulong[] _sliceEnd;
    private readonly ulong[] _lookAt;
    private readonly ulong?[] _called;
    private readonly ulong[] _left;
    private readonly ulong[] _wakeAt;
    private readonly ulong?[] _waitsSince;
    private RunQueue _queue;
    private ulong _workMissing;

    public QueueWorld(int cores, uint[] shares, Habit[] habits)
    {
        Cores = cores;
        _habits = habits;
        _queue.Initialize(new Slices(Timebase));
        for (var guest = 0; guest < shares.Length; guest++)
        {
            _queue.SetShare(guest, shares[guest]);
        }

        var next = new int[shares.Length];
        _numbers = [.. habits.Select(habit => (habit.Guest * RunQueue.HartsPerGuest) + next[habit.Guest]++)];
        _on = [.. Enumerable.Repeat(-1, cores)];
        _sliceEnd = [.. Enumerable.Repeat(ulong.MaxValue, cores)];
        _lookAt = [.. Enumerable.Repeat(ulong.MaxValue, cores)];
        _called = new ulong?[cores];
        _left = [.. habits.Select(habit => habit.Run)];
        _wakeAt = new ulong[habits.Length];
        _waitsSince = new ulong?[habits.Length];
        Served = new ulong[habits.Length];
        LongestWait = new ulong[habits.Length];
        for (var core = 0; core < cores; core++)
        {
            _queue.Open(core);
        }
    }

    public int Cores { get; }

    public ulong Now { get; private set; }

    /// <summary>Ticks for which each virtual hart was loaded.</summary>
    public ulong[] Served { get; }

    /// <summary>The most ticks for which each waited at a time.</summary>
    public ulong[] LongestWait { get; }

    /// <summary>The most ticks in a row for which a hart had nothing to run and was not interrupted, though a virtual hart waited.</summary>
    public ulong LongestIdleness { get; private set; }

    /// <summary>How often harts were interrupted.</summary>
    public int Calls { get; private set; }

    public ulong ServedBy(int guest) => _habits.Select((habit, i) => habit.Guest == guest ? Served[i] : 0).Aggregate(0UL, (a, b) => a + b);

    public void SetShare(int guest, uint share) => _queue.SetShare(guest, share);

    /// <summary>A virtual hart that slept begins to run for good.</summary>
    public void WakeForGood(int hart)
    {
        _habits[hart] = _habits[hart] with { Sleep = 0 };
        _wakeAt[hart] = Now;
    }

    public void Run(ulong ticks)
    {
        for (var end = Now + ticks; Now < end; Now++)
        {
            for (var hart = 0; hart < _habits.Length; hart++)
            {
                if (_wakeAt[hart] == Now)
                {
                    Wake(hart);
                }
            }

            for (var core = 0; core < Cores; core++)
            {
                if (_on[core] >= 0 && _habits[_on[core]].Sleep != 0 && _left[_on[core]] == 0)
                {
                    Sleep(core);
                }
                else if (Looks(core) || _called[core] == Now || _sliceEnd[core] <= Now)
                {
                    Ask(core);
                }
            }

            Count();
        }

        for (var hart = 0; hart < _habits.Length; hart++)
        {
            var run = _queue.RunTicks(_numbers[hart], Now, out var ready);
            Assert.That(run, Is.EqualTo(Served[hart]), "the queue's account");
            Assert.That(ready + run, Is.LessThanOrEqualTo(Now));
            LongestWait[hart] = Math.Max(LongestWait[hart], _waitsSince[hart] is { } since ? Now - since : 0);
        }
    }

    private void Wake(int hart)
    {
        _left[hart] = _habits[hart].Run;
        _waitsSince[hart] = Now;
        var cores = _queue.Wake(_numbers[hart], Now);
        for (var core = 0; core < Cores; core++)
        {
            if (((cores >> core) & 1) != 0)
            {
                Calls++;
                _called[core] ??= Now + Latency;
            }
        }
    }

    private void Sleep(int core)
    {
        var hart = _on[core];
        _wakeAt[hart] = Now + _habits[hart].Sleep;
        _on[core] = -1;
        _queue.Leave(core, Now);
        Ask(core);
    }

    /// <returns>Whether the virtual hart was looked at, and spins.</returns>
    private bool Looks(int core)
    {
        if (_lookAt[core] > Now || _on[core] < 0 || !_queue.IsToBeLookedAt(core, Now))
        {
            return false;
        }

        _lookAt[core] = ulong.MaxValue;
        _queue.NoteSpinning(core, _habits[_on[core]].Spins, 0);
        return _habits[_on[core]].Spins;
    }

    private void Ask(int core)
    {
        _called[core] = null;
        var old = _on[core];
        var number = _queue.Next(core, Now, out _sliceEnd[core]);
        var hart = Array.IndexOf(_numbers, number);
        _lookAt[core] = hart < 0 ? ulong.MaxValue : _queue.LookAt(core, Now);
        if (hart == old)
        {
            return;
        }

        Assert.That(hart < 0 || _waitsSince[hart] is not null, "it waits");
        Assert.That(_on, Has.None.EqualTo(hart < 0 ? int.MaxValue : hart), "it is loaded nowhere");
        if (old >= 0)
        {
            _waitsSince[old] = Now;
        }

        if (hart >= 0)
        {
            LongestWait[hart] = Math.Max(LongestWait[hart], Now - _waitsSince[hart]!.Value);
            _waitsSince[hart] = null;
        }

        _on[core] = hart;
    }

    private void Count()
    {
        foreach (var hart in _on.Where(hart => hart >= 0))
        {
            Served[hart]++;
            _left[hart] -= _habits[hart].Sleep != 0 ? 1u : 0;
        }

        // One that waits is on its way to a hart that was interrupted for it; which of them gets there first does not matter.
        var idle = Enumerable.Range(0, Cores).Where(core => _on[core] < 0).ToArray();
        var expected = Math.Min(idle.Length, _waitsSince.Count(since => since is not null));
        _workMissing = idle.Count(core => _called[core] is not null) < expected ? _workMissing + 1 : 0;
        LongestIdleness = Math.Max(LongestIdleness, _workMissing);
    }
}
