using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Hypervisor.Scheduling;

namespace Rvirt.Tests.Hypervisor.Scheduling;

/// <summary>What a fair queue owes those who wait in it. What was run is counted by the world around it.</summary>
internal sealed class RunQueueTests
{
    private const ulong Slice = 6001;

    private static readonly Gen<Habit> s_habit = Gen.Select(
        Gen.ULong[50, 20_000], Gen.ULong[0, 20_000], Gen.Int[0, 3], (run, sleep, spins) => new Habit(0, run, sleep, spins == 0));

    private static readonly Gen<(int Cores, uint[] Shares, Habit[] Habits)> s_world =
        from cores in Gen.Int[1, 4]
        from guests in Gen.Select(Gen.UInt[1, 10], Gen.Select(s_habit, Gen.Bool).Array[1, 4]).Array[1, 6]
        select (cores, guests.Select(guest => guest.Item1 * 50).ToArray(),
            guests.SelectMany((guest, n) => guest.Item2.Select(hart => hart.Item1 with { Guest = n, Sleep = hart.Item2 ? 0 : hart.Item1.Sleep + 1 })).ToArray());

    private static RunQueue OneHartWith(int harts, Slices slices)
    {
        RunQueue queue = default;
        queue.Initialize(slices);
        queue.SetShare(0, 100);
        queue.Open(0);
        for (var hart = 0; hart < harts; hart++)
        {
            queue.Wake(hart, 0);
        }

        return queue;
    }

    /// <summary>Guests that always have something to do share the harts as their shares say, where none has more of a share than its harts can use.</summary>
    [Test]
    public void GuestsThatAlwaysRunAreServedByTheirShares() =>
        (from cores in Gen.Int[1, 4]
         from shares in Gen.UInt[1, 10].Array[cores + 1, 10]
         where shares.Max() * (ulong)cores <= (ulong)shares.Sum(share => share)
         from ticks in Gen.ULong[30_000, 300_000]
         select (cores, shares, ticks)).ForAll(
            (cores, shares, ticks) =>
            {
                var world = new QueueWorld(cores, [.. shares.Select(share => share * 10)], [.. shares.Select((_, n) => new Habit(n, 1, 0))]);
                world.Run(ticks);
                var perShare = shares.Select((share, n) => world.ServedBy(n) / (double)share).ToArray();
                Assert.That(perShare.Max() - perShare.Min(), Is.LessThanOrEqualTo(2 * Slice * (ulong)cores), string.Join(' ', perShare));
                Assert.That(world.Served.Aggregate(0UL, (a, b) => a + b), Is.GreaterThanOrEqualTo((ticks - QueueWorld.Latency - 1) * (ulong)cores));
            },
            iter: 100);

    [TestCase(1, new uint[] { 100, 100, 100, 100, 100, 100, 100, 100 })]
    [TestCase(2, new uint[] { 100, 100, 100, 100, 100, 100, 100, 100 })]
    [TestCase(2, new uint[] { 100, 200, 400, 100, 200, 400, 100, 200 })]
    [TestCase(2, new uint[] { 1, 10000, 10000, 10000 })]
    public void InTheLongRunSharesAreKeptToAFraction(int cores, uint[] shares)
    {
        var world = new QueueWorld(cores, shares, [.. shares.Select((_, n) => new Habit(n, 1, 0))]);
        const ulong Ticks = 4_000_000;
        world.Run(Ticks);
        for (var guest = 0; guest < shares.Length; guest++)
        {
            var due = Ticks * (ulong)cores * shares[guest] / (double)shares.Sum(share => share);
            Assert.That(world.ServedBy(guest), Is.EqualTo(due).Within((0.02 * due) + Slice), $"guest {guest}");
        }
    }

    /// <summary>Whatever they do, be it that they spin: each runs on one hart at a time, a hart is not idle where one waits, and nobody waits for ever.</summary>
    [Test]
    public void NobodyStarvesAndNoHartIsIdleForNothing() => s_world.ForAll(
        (cores, shares, habits) =>
        {
            var world = new QueueWorld(cores, shares, habits);
            world.Run(200_000);
            Assert.That(world.LongestIdleness, Is.Zero);
            // A hart has a part of its guest's share.
            var ratio = shares.Max() / shares.Select((share, guest) => share / (double)habits.Count(habit => habit.Guest == guest)).Min();
            for (var hart = 0; hart < habits.Length; hart++)
            {
                var bound = (((habits.Length + cores - 1) / cores) + 1) * (double)Slice * ratio;
                Assert.That(world.LongestWait[hart], Is.LessThanOrEqualTo(bound), $"hart {hart}");
            }
        },
        iter: 100);

    /// <summary>A hart that read the time, and then waited for the lock while another one woke somebody, comes with an older time than that one.</summary>
    [Test]
    public void WhoComesWithAnOlderTimeIsChargedNothingAndStarvesNobody()
    {
        const int Neighbour = RunQueue.HartsPerGuest;
        RunQueue queue = default;
        queue.Initialize(new Slices(QueueWorld.Timebase));
        for (var n = 0; n < 2; n++)
        {
            queue.SetShare(n, 100);
            queue.Open(n);
            queue.Wake(n * Neighbour, 0);
            Assert.That(queue.Next(n, 0, out _), Is.EqualTo(n * Neighbour));
        }

        queue.Wake(1, 2000);
        var runs = new List<int>();
        for (var time = 1990UL; time < 100_000; time += Slice)
        {
            runs.Add(queue.Next(0, time, out _));
            runs.Add(queue.Next(1, time, out _));
        }

        Assert.That(queue.RunTicks(0, 100_000, out _), Is.LessThan(100_000));
        Assert.That(runs.Count(hart => hart == 0), Is.GreaterThan(3), string.Join(' ', runs));
        Assert.That(runs.Count(hart => hart == 1), Is.GreaterThan(3), string.Join(' ', runs));
    }

    /// <summary>Who slept gets no more for it than a slice.</summary>
    [Test]
    public void SleepIsNotSavedUp() => Gen.Select(Gen.ULong[100, 150_000], Gen.Int[1, 3]).ForAll(
        (sleep, others) =>
        {
            var habits = Enumerable.Range(0, others).Select(n => new Habit(n, 1, 0)).Append(new Habit(others, 100, sleep)).ToArray();
            var world = new QueueWorld(1, [.. habits.Select(_ => 100u)], habits);
            world.Run(100 + (sleep / 2));
            world.WakeForGood(others);
            var before = world.Served.ToArray();
            world.Run(20 * Slice);
            var gained = world.Served.Select((served, n) => (double)(served - before[n])).ToArray();
            for (var n = 0; n < others; n++)
            {
                // A slice for the sleep, and one because slices are not divided.
                Assert.That(gained[others] - gained[n], Is.LessThanOrEqualTo((2 * Slice) + QueueWorld.Latency), string.Join(' ', gained));
            }
        },
        iter: 50);

    [Test]
    public void WhoWakesAfterALongSleepDoesNotWaitForTheEndOfASlice()
    {
        var world = new QueueWorld(1, [100, 100, 100], [new Habit(0, 1, 0), new Habit(1, 1, 0), new Habit(2, 50, 30_000)]);
        // All begin at once.
        world.Run(35_000);
        Array.Clear(world.LongestWait);
        world.Run(300_000);
        Assert.That(world.LongestWait[2], Is.LessThanOrEqualTo(QueueWorld.Latency));
        Assert.That(world.Served[2], Is.GreaterThanOrEqualTo(9 * 50));
    }

    [Test]
    public void HartsThatHaveOneToRunEachAreNotInterruptedForSlices()
    {
        var world = new QueueWorld(2, [100, 300], [new Habit(0, 1, 0), new Habit(1, 1, 0)]);
        world.Run(200_000);
        Assert.That(world.Calls, Is.EqualTo(2), "each is told once that there is something");
        Assert.That(world.Served, Is.All.GreaterThan(199_990));
    }

    /// <summary>While nobody waits nobody is owed anything, whatever the shares say.</summary>
    [Test]
    public void TimeThatNobodyWaitedInIsForgiven()
    {
        var world = new QueueWorld(2, [1, 10000, 100], [new Habit(0, 1, 0), new Habit(1, 1, 0), new Habit(2, 1, 200_000)]);
        world.Run(100_000);
        world.WakeForGood(2);
        world.Run(150);
        var before = world.Served.ToArray();
        world.Run(100_000);
        Assert.That(world.Served[1] - before[1], Is.GreaterThan(99_000), "its share is a hart");
        Assert.That(world.Served[2] - before[2], Is.GreaterThan(90_000), "a hundred times as much as the first");
        Assert.That(world.Served[0] - before[0], Is.GreaterThan(0));
    }

    /// <summary>Nor where it slept before somebody waited: what it ran then cost nobody anything.</summary>
    [Test]
    public void WhoRanForLongWhileNobodyWaitedDoesNotWaitForItAfterASleep([Values(1, 2)] int guests)
    {
        var last = guests - 1;
        var world = new QueueWorld(
            2, [.. Enumerable.Repeat(100u, guests)], [new Habit(0, 300_000, 10_000), .. Enumerable.Repeat(new Habit(last, 1, 10_000_000), 3)]);
        world.Run(301_000);
        Assert.That(world.Served[0], Is.EqualTo(300_000), "it sleeps");
        for (var hart = 1; hart < 4; hart++)
        {
            world.WakeForGood(hart);
        }

        Array.Clear(world.LongestWait);
        world.Run(300_000);
        Assert.That(world.LongestWait, Is.All.LessThanOrEqualTo(3 * Slice));
        Assert.That(world.Served[0], Is.GreaterThan(300_000 + 100_000), "it has its part");
    }

    /// <summary>As where the machine is itself a guest and stood still, or a hart did something for long: nobody waits for as long again.</summary>
    [Test]
    public void WhoWasKeptFromTheQueueForLongWaitsForAPartOfIt([Values(1, RunQueue.HartsPerGuest)] int second)
    {
        RunQueue queue = default;
        queue.Initialize(new Slices(QueueWorld.Timebase));
        queue.SetShare(0, 100);
        queue.SetShare(1, 100);
        queue.Open(0);
        queue.Wake(0, 0);
        Assert.That(queue.Next(0, 0, out _), Is.Zero);
        queue.Wake(second, 10);
        const ulong Gap = 100_000_000;
        Assert.That(queue.Next(0, Gap, out var end), Is.EqualTo(second));
        for (var slices = 0; queue.Next(0, end, out end) == second; slices++)
        {
            Assert.That(slices, Is.LessThan(50));
        }
    }

    /// <summary>A guest that has more of a share than it can use does not get it later.</summary>
    [Test]
    public void AShareThatCannotBeUsedIsNotSavedUp()
    {
        var world = new QueueWorld(
            2, [1000, 100, 100], [new Habit(0, 1, 0), new Habit(1, 1, 0), new Habit(2, 1, 0), new Habit(0, 1, 1_000_000_000)]);
        world.Run(400_000);
        Assert.That(world.Served[0], Is.GreaterThan(390_000));
        world.SetShare(0, 100);
        var before = Enumerable.Range(0, 3).Select(world.ServedBy).ToArray();
        world.Run(100_000);
        Assert.That(Enumerable.Range(0, 3).Select(guest => world.ServedBy(guest) - before[guest]), Is.All.EqualTo(200_000.0 / 3).Within(4.0 * Slice));
    }

    [Test]
    public void HartsOfOneGuestShareEvenlyWhateverItsNeighboursHave()
    {
        var world = new QueueWorld(2, [100, 100], [.. Enumerable.Repeat(new Habit(0, 1, 0), 5), new Habit(1, 1, 0), new Habit(1, 1, 0)]);
        world.Run(600_000);
        Assert.That(world.ServedBy(0), Is.EqualTo(600_000).Within(4 * Slice));
        Assert.That(world.Served.Take(5), Is.All.EqualTo(120_000.0).Within(2.0 * Slice));
    }

    /// <summary>A hart that spins comes again once each sibling that waited has run, be it the one that ran least.</summary>
    [Test]
    public void WhoGivesWayDoesNotComeBeforeItsSiblingsHaveRun()
    {
        var queue = OneHartWith(4, new Slices(QueueWorld.Timebase));
        var now = 0UL;
        var spinner = queue.Next(0, now, out _);
        var runs = new List<int>();
        for (var i = 0; i < 10; i++)
        {
            queue.NoteSpinning(0, spins: true, done: 0);
            for (var n = 0; n < 4; n++)
            {
                // The others run slices to their end, and it a tick.
                runs.Add(queue.Next(0, now += runs.LastOrDefault(-1) == spinner ? 1 : Slice, out _));
            }

            Assert.That(runs[^4..].Order(), Is.EqualTo([0, 1, 2, 3]), string.Join(' ', runs));
            Assert.That(runs[^1], Is.EqualTo(spinner), string.Join(' ', runs));
        }
    }

    /// <summary>Nor does one that has run least, as it slept, come twice before all of them have, and the one that spins.</summary>
    [Test]
    public void EachSiblingRunsOnceForOneThatGivesWay()
    {
        var queue = OneHartWith(2, new Slices(QueueWorld.Timebase));
        var now = 0UL;
        var spinner = 0;
        for (var i = 0; i < 20; i++)
        {
            spinner = queue.Next(0, now += 2001, out _);
        }

        queue.Wake(2, now);
        queue.NoteSpinning(0, spins: true, done: 0);
        var runs = Enumerable.Range(0, 3).Select(_ => queue.Next(0, now += 251, out var _)).ToArray();
        Assert.That(runs, Is.EqualTo([2, 1 - spinner, spinner]));
        Assert.That(queue.Next(0, now += 251, out _), Is.EqualTo(2), "nobody gives way any more, and it has slept");
        Assert.That(queue.Next(0, now += 251, out _), Is.EqualTo(2));
    }

    /// <summary>Where all of them spin each of them runs in turn.</summary>
    [Test]
    public void SiblingsThatAllGiveWayTakeTurns()
    {
        var queue = OneHartWith(3, new Slices(QueueWorld.Timebase));
        var runs = new List<int> { queue.Next(0, 0, out _) };
        for (var now = 1UL; now < 31; now++)
        {
            queue.NoteSpinning(0, spins: true, done: 0);
            runs.Add(queue.Next(0, now, out _));
        }

        for (var i = 3; i < runs.Count; i++)
        {
            Assert.That(runs[i], Is.EqualTo(runs[i - 3]), string.Join(' ', runs));
        }

        Assert.That(runs.Distinct().Count(), Is.EqualTo(3));
    }

    /// <summary>What a hart gave away by spinning it does not take from its siblings for long afterwards.</summary>
    [Test]
    public void WhatIsGivenAwayIsNotSavedUp()
    {
        var queue = OneHartWith(2, new Slices(QueueWorld.Timebase));
        var now = 0UL;
        var spinner = queue.Next(0, now, out _);
        var other = 1 - spinner;
        for (var i = 0; i < 1000; i++)
        {
            queue.NoteSpinning(0, spins: true, done: 0);
            Assert.That(queue.Next(0, now += 1, out _), Is.EqualTo(other));
            Assert.That(queue.Next(0, now += Slice, out _), Is.EqualTo(spinner));
        }

        // It no longer spins: both run slices to their end.
        var runs = Enumerable.Range(0, 12).Select(_ => queue.Next(0, now += Slice, out var _)).ToArray();
        Assert.That(runs.Count(hart => hart == other), Is.GreaterThanOrEqualTo(4), string.Join(' ', runs));
    }

    /// <summary>
    /// Whom a hart spins for has next to nothing to do, or much: siblings are given as much as one looks in, and twice that each time it still spins, up to a slice of theirs. It begins
    /// again where the hart has slept meanwhile, worked, or asked for something.
    /// </summary>
    [Test]
    public void SiblingsAreGivenLittleTimeFirst([Values("sleeps", "works", "calls")] string meanwhile)
    {
        var queue = OneHartWith(2, new Slices(QueueWorld.Timebase));
        var now = 0UL;
        var spinner = queue.Next(0, now, out _);
        var other = 1 - spinner;
        var given = new List<ulong>();
        for (var i = 0; i < 12; i++)
        {
            if (i == 6 && meanwhile == "sleeps")
            {
                queue.Leave(0, now += 1);
                Assert.That(queue.Next(0, now, out _), Is.EqualTo(other));
                Assert.That(queue.Wake(spinner, now), Is.Not.Zero);
                Assert.That(queue.Next(0, now += Slice, out _), Is.EqualTo(spinner));
            }

            if (i == 6 && meanwhile == "works")
            {
                queue.NoteSpinning(0, spins: false, done: 0);
            }

            queue.NoteSpinning(0, spins: true, done: i >= 6 && meanwhile == "calls" ? 1UL : 0);

            Assert.That(queue.Next(0, now += 251, out var end), Is.EqualTo(other));
            given.Add(end - now);
            Assert.That(queue.IsToBeLookedAt(0, end), "it may spin, too, and its slice may be too short to see that before it ends");
            Assert.That(queue.Next(0, now = end, out end), Is.EqualTo(spinner));
            Assert.That(end - now, Is.EqualTo(2001), "nobody gives way to it");
        }

        Assert.That(given, Is.EqualTo([251, 502, 1004, 2008, 2008, 2008, 251, 502, 1004, 2008, 2008, 2008]));
    }

    /// <summary>It is the guest's own time that its harts give each other: its neighbour has its share, and no more.</summary>
    [Test]
    public void WhoGivesWayGivesNothingToAnotherGuest()
    {
        const int Neighbour = RunQueue.HartsPerGuest;
        var queue = OneHartWith(2, new Slices(QueueWorld.Timebase));
        queue.SetShare(1, 100);
        queue.Wake(Neighbour, 0);
        var now = 0UL;
        var served = new ulong[2];
        for (var i = 0; i < 2000; i++)
        {
            var hart = queue.Next(0, now, out _);
            // One of both harts of the first guest spins in each quarter of a millisecond that it is given; the neighbour runs to the end.
            var ran = hart == 0 ? Slice / 24 : Slice;
            if (hart == 0 && queue.IsToBeLookedAt(0, now))
            {
                queue.NoteSpinning(0, spins: true, done: 0);
            }

            now += ran;
            served[hart / Neighbour] += ran;
        }

        Assert.That((double)served[0], Is.EqualTo((double)served[1]).Within(2).Percent);
    }

    /// <summary>Whom one looks at is who has siblings that wait; otherwise there is nobody to give way to, and nothing ends before the slice does.</summary>
    [Test]
    public void OneLooksEarlyInASliceOnlyWhereSiblingsWait()
    {
        const int Neighbour = RunQueue.HartsPerGuest;
        var queue = OneHartWith(1, new Slices(QueueWorld.Timebase));
        queue.SetShare(1, 100);
        queue.Wake(Neighbour, 0);
        var now = 0UL;
        var first = queue.Next(0, now, out var end);
        Assert.That((queue.IsToBeLookedAt(0, now), queue.LookAt(0, now)), Is.EqualTo((false, end)));
        queue.Wake(first + 1, now);
        Assert.That((queue.IsToBeLookedAt(0, now), queue.LookAt(0, now)), Is.EqualTo((true, 251UL)));
        Assert.That(queue.IsToBeLookedAt(0, end), Is.False, "it ends anyway");
        now = end;
        Assert.That(queue.Next(0, now, out end), Is.EqualTo(Neighbour - first), "the other guest's only one");
        Assert.That((queue.IsToBeLookedAt(0, now), queue.LookAt(0, now)), Is.EqualTo((false, end)));
        now = end;
        Assert.That(queue.Next(0, now, out _) / RunQueue.HartsPerGuest, Is.EqualTo(first / RunQueue.HartsPerGuest));
        Assert.That((queue.IsToBeLookedAt(0, now), queue.LookAt(0, now)), Is.EqualTo((true, now + 251)));
    }

    [Test]
    public void WhoLeavesIsNotPickedUntilItIsWoken()
    {
        var queue = default(RunQueue);
        queue.Initialize(new Slices(QueueWorld.Timebase));
        queue.SetShare(0, 100);
        queue.Open(0);
        Assert.That(queue.Wake(1, 10), Is.EqualTo(1));
        Assert.That(queue.Wake(1, 11), Is.Zero, "it waits already");
        Assert.That(queue.IsContended);
        Assert.That((queue.Next(0, 30, out var end), end), Is.EqualTo((1, ulong.MaxValue)));
        Assert.That(queue.IsContended, Is.False);
        Assert.That(queue.Wake(1, 60), Is.Zero, "it is loaded already");
        Assert.That(queue.RunTicks(1, 70, out var ready), Is.EqualTo(40));
        Assert.That(ready, Is.EqualTo(20));
        queue.Leave(0, 70);
        Assert.That((queue.Next(0, 80, out end), end), Is.EqualTo((RunQueue.None, ulong.MaxValue)));
        Assert.That(queue.Wake(1, 90), Is.EqualTo(1));
        Assert.That(queue.Next(0, 95, out _), Is.EqualTo(1));
        Assert.That(queue.RunTicks(1, 100, out ready), Is.EqualTo(45));
        Assert.That(ready, Is.EqualTo(25), "nobody waits while it rests");
    }
}
