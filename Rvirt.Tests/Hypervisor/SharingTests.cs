using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Scheduling;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Tests.Hypervisor;

/// <summary>More guests than harts: who gets what of them, counted by the guests themselves.</summary>
internal sealed class SharingTests
{
    private const ulong Counter = 0x8040_0000;

    // Ticks in which the machine runs: a second has ten million, and a tick ten instructions.
    private const ulong Tick = 10;

    // Counts in RAM for ever, with interrupts off, and never traps.
    private const string Spin = "li s0, 0x80400000\ncsrci sstatus, 2\nli t0, 0\nagain: addi t0, t0, 1\nsd t0, 0(s0)\nj again\n";

    // Fences its address space all the time.
    private const string Fences = "li s0, 0x80400000\nli t0, 0\nagain: addi t0, t0, 1\nsd t0, 0(s0)\nsfence.vma\nj again\n";

    // Sets a timer far away, and sleeps; counts how often it was woken.
    private const string Idle = """
        li s0, 0x80400000
        li t0, 32
        csrw sie, t0
        li a7, 0x54494D45
        li a6, 0
        li a0, -1
        ecall
        again: wfi
        ld t0, 0(s0)
        addi t0, t0, 1
        sd t0, 0(s0)
        j again
        """ + "\n";

    // Sleeps a millisecond at a time, a thousand times, and powers off: each time it is late is counted in ticks.
    private const string Sleeper = """
        li s0, 0x80400000
        li t0, 32
        csrw sie, t0
        li s1, 0
        again:
        csrr s2, time
        li t0, 10000
        add s2, s2, t0
        mv a0, s2
        li a7, 0x54494D45
        li a6, 0
        ecall
        wfi
        csrr t0, time
        sub t0, t0, s2
        ld t1, 8(s0)
        bltu t0, t1, smaller
        sd t0, 8(s0)
        smaller:
        addi s1, s1, 1
        sd s1, 0(s0)
        j again
        """ + "\n";

    private static GuestWorld World(int harts, params GuestPayload[] guests) =>
        new(new WorldOptions { MoreHarts = harts - guests.Length }, guests);

    private static GuestPayload Guest(string program, uint share = 100) => GuestPayload.Program(program) with { Share = share, Memory = 8 << 20 };

    private static ulong CountOf(DesktopGuest guest, ulong at = Counter) => MemoryMarshal.Read<ulong>(guest.Ram(at, 8));

    // SAFETY: the lock is two numbers: of the next who comes, and of who has it.
    private static unsafe bool IsNextFor(RunQueue* queue)
    {
        var numbers = (int*)&queue->Lock;
        return Volatile.Read(ref numbers[0]) == Volatile.Read(ref numbers[1]) + 1;
    }

    // How often two harts hand a number to each other in half a second, who wait for it in a loop with an instruction of this number in it.
    private static double HandedOver(string instruction)
    {
        var program = $"""
            li a7, 0x48534D
            li a6, 0
            xori a0, a0, 1
            la a1, other
            li a2, 1
            ecall
            li a1, 0
            other:
            mv s1, a1
            li s0, 0x80400000
            wait:
            .word {instruction}
            ld t0, 0(s0)
            andi t1, t0, 1
            bne t1, s1, wait
            addi t0, t0, 1
            sd t0, 0(s0)
            j wait

            """;
        using var world = World(1, Guest(program) with { Harts = 2 });
        world.Run(5_000_000 * Tick);
        return CountOf(world.Guests[0]);
    }

    private static string Said(GuestWorld world) => world.Machine.Uart.Output;

    [TestCase(2, new uint[] { 100, 100, 100, 100, 100, 100, 100, 100 })]
    [TestCase(2, new uint[] { 100, 200, 400, 100, 200, 400, 100, 200 })]
    [TestCase(1, new uint[] { 100, 200, 400 })]
    public void GuestsThatSpinWithInterruptsOffAreServedByTheirShares(int harts, uint[] shares)
    {
        using var world = World(harts, [.. shares.Select(share => Guest(Spin, share))]);
        world.Machine.Slice = 500;
        world.Run(200_000_000);
        var counts = world.Guests.Select(guest => CountOf(guest)).ToArray();
        var all = counts.Sum(count => (double)count);
        for (var i = 0; i < shares.Length; i++)
        {
            Assert.That(counts[i] / all, Is.EqualTo(shares[i] / (double)shares.Sum(share => share)).Within(5).Percent, $"guest {i}: {string.Join(' ', counts)}\n{Said(world)}");
        }

        Assert.That(all, Is.GreaterThan(200_000_000.0 * harts / 3 * 0.9), "and nothing is wasted");
    }

    [Test]
    public void AGuestThatNeverTrapsAStormOfFencesAndSleepersStarveNobody()
    {
        using var world = World(1, Guest(Spin), Guest(Fences), Guest(Sleeper), Guest(Spin));
        // All begin at once: how late it is counts from when it has slept.
        world.Run(2_000_000);
        world.Guests[2].Ram(Counter + 8, 8).Clear();
        world.Run(38_000_000);
        var (first, last) = (CountOf(world.Guests[0]), CountOf(world.Guests[3]));
        Assert.That(first, Is.EqualTo(last).Within(10).Percent);
        Assert.That(first + last, Is.GreaterThan(40_000_000UL / 3 * 6 / 10 * 9 / 10), "two of three, as the third hardly runs");
        Assert.That(CountOf(world.Guests[1]), Is.GreaterThan(1000), "fences");
        // 400 ms.
        Assert.That(CountOf(world.Guests[2]), Is.GreaterThan(250), "wakings");
        Assert.That(CountOf(world.Guests[2], Counter + 8), Is.LessThan(10_000 / 2), "who wakes does not wait for the end of a slice");
    }

    /// <summary>
    /// Harts that stand still while they hold the queue's lock or wait for it, as harts of a virtual machine do, take turns in it: were a slice over once it is waited
    /// for, none of the guests would ever run an instruction.
    /// </summary>
    [Test]
    public unsafe void ASliceBeginsBehindTheQueuesLockHoweverLongThatWasWaitedFor()
    {
        using var world = World(1, Guest(Spin), Guest(Spin));
        world.Run(1_000_000);
        // SAFETY: the records stay in the machine's RAM, which nobody else uses meanwhile, but for the lock.
        var core = world.Desktop.Record->Cores;
        var queue = &world.Desktop.Record->Queue;
        var (machine, before) = (world.Machine, core->Running->Number);
        machine.Clock = machine.Time(null) + 1_000_000;
        queue->Lock.Acquire();
        var yield = Task.Run(() => Scheduler<FakeHost>.Yield(core));
        SystemTests.Patience.Until(() => !IsNextFor(queue), "it waits for the lock");
        machine.Clock += 1_000_000;
        queue->Lock.Release();
        Assert.That(yield.Result, Is.EqualTo(TrapOutcome.Resume));
        Assert.That(core->Running->Number, Is.Not.EqualTo(before), "the other one is loaded");
        Assert.That(core->Running->V.SliceEnd, Is.GreaterThan(machine.Clock.Value));
        Assert.That(queue->SliceEnd(0), Is.EqualTo(core->Running->V.SliceEnd));
    }

    [Test]
    public void IdleGuestsCostNothing()
    {
        using var world = World(2, [.. Enumerable.Repeat(Guest(Idle), 7), Guest(Sleeper)]);
        world.Run(2_000_000);
        var began = world.Machine.Time(null);
        var woken = CountOf(world.Guests[7]);
        for (var i = 0; i < 10_000 && world.Machine.Time(null) - began < 10_000_000; i++)
        {
            world.Run(100_000);
        }

        Assert.That(CountOf(world.Guests[7]) - woken, Is.GreaterThan(900), "a second has gone by");
        Assert.That(world.Guests.Take(7).Select(guest => CountOf(guest)), Is.All.Zero);
        Assert.That(world.Guests.Take(7).Select(guest => guest.VCpu.RunState), Is.All.EqualTo(RunState.Blocked));
    }

    [Test]
    public void ASecondOfEightIdleGuestsTakesNoTrapAtAll()
    {
        using var world = World(2, [.. Enumerable.Repeat(Guest(Idle), 8)]);
        world.Run(10_000_000 * Tick);
        Assert.That(world.Guests.Select(guest => guest.VCpu.RunState), Is.All.EqualTo(RunState.Blocked));
        Assert.That(world.Guests.Sum(guest => (long)guest.Traps), Is.LessThan(100));
    }

    [Test]
    public void GuestsEndOneAfterTheOtherAndTheLastEndsTheMachine()
    {
        const string PowerOff = "li t1, 3000\nmore: addi t1, t1, -1\nbnez t1, more\nli a7, 8\necall\nj .\n";
        using var world = World(2, Guest(PowerOff), Guest(PowerOff), Guest("li t1, 40000\nmore: addi t1, t1, -1\nbnez t1, more\nli a7, 8\necall\nj .\n"), Guest(PowerOff), Guest(PowerOff));
        world.Run(10_000_000);
        Assert.That(world.Guests.Select(guest => guest.Stopped), Is.All.EqualTo(StopReason.Shutdown), Said(world));
        Assert.That(world.Desktop.Status, Is.Zero);
    }

    [Test]
    public void AGuestThatCrashesOrRestartsLeavesTheOthersAsTheyAre()
    {
        const string Crash = "li t1, 3000\nmore: addi t1, t1, -1\nbnez t1, more\nli t0, 0x100000\nli t1, 0x33333\nsw t1, 0(t0)\nj .\n";
        const string Reboot = "li t1, 30000\nmore: addi t1, t1, -1\nbnez t1, more\nli a7, 0x53525354\nli a6, 0\nli a0, 1\nli a1, 0\necall\nj .\n";
        using var world = World(1, Guest(Spin), Guest(Crash), Guest(Reboot), Guest(Spin));
        world.Run(20_000_000);
        Assert.That(world.Guests[1].Stopped, Is.EqualTo(StopReason.Failure), Said(world));
        Assert.That(world.Guests[2].Starts, Is.GreaterThan(50));
        Assert.That(world.Desktop.Status, Is.Null);
        Assert.That(CountOf(world.Guests[0]), Is.EqualTo(CountOf(world.Guests[3])).Within(5).Percent);
    }

    [Test]
    public void APinnedGuestHasAHartToItselfAndIsNeverPutDown()
    {
        using var world = World(2, Guest(Spin), Guest(Spin) with { Pinned = true }, Guest(Spin), Guest(Spin));
        world.Run(6_000_000);
        var counts = world.Guests.Select(guest => (double)CountOf(guest)).ToArray();
        Assert.That(counts[1], Is.EqualTo(counts[0] + counts[2] + counts[3]).Within(5).Percent, string.Join(' ', counts));
        Assert.That(Said(world), Does.Contain("guest guest1: hart 0, ").And.Contain("guest guest0: shared harts, share 100, "));
    }

    /// <summary>
    /// Two harts of a guest wait for each other on one of the host: each counts on once the other one has. Where the loop that waits says so, by <c>pause</c>, nobody spins to the end of a
    /// slice in vain. It makes no difference where there is nobody to wait for.
    /// </summary>
    [TestCase("0x0100000f", 5.0, double.PositiveInfinity)]
    [TestCase("0x0200000f", 0.9, 1.1)]
    public void HartsThatWaitForEachOtherAndSaySoDoNotSpinForSlices(string hint, double least, double most)
    {
        var (without, with) = (HandedOver("0x00000013"), HandedOver(hint));
        Assert.That(without, Is.GreaterThan(10));
        Assert.That(with / without, Is.GreaterThanOrEqualTo(least).And.LessThanOrEqualTo(most), $"{with} with {hint}, {without} without");
    }

    [Test]
    public void WhatBelongsToAVirtualHartIsKeptOverSlices()
    {
        // Values in f registers that only it has, looked at all the time without a trap.
        static string Keeper(int seed) => string.Create(CultureInfo.InvariantCulture, $"""
            li s0, 0x80400000
            li s1, {seed}
            li t0, 0x2000
            csrs sstatus, t0
            fmv.d.x f3, s1
            li t2, 0
            again: fmv.x.d t0, f3
            bne t0, s1, wrong
            addi t2, t2, 1
            sd t2, 0(s0)
            j again
            wrong: sd t0, 8(s0)
            j wrong

            """);
        using var world = World(2, [.. Enumerable.Range(1, 5).Select(seed => Guest(Keeper(seed * 77)))]);
        world.Run(5_000_000);
        Assert.That(world.Guests.Select(guest => CountOf(guest)), Is.All.GreaterThan(100_000));
        Assert.That(world.Guests.Select(guest => CountOf(guest, Counter + 8)), Is.All.Zero);
    }

    [TestCase(1, 3)]
    [TestCase(3, 3)]
    public void AGuestThatIsNotToStartDoesNot(int harts, int guests)
    {
        const string PowerOff = "li a7, 8\necall\nj .\n";
        using var world = World(harts, [.. Enumerable.Range(0, guests).Select(i => Guest(i == 0 ? Spin : PowerOff) with { Autostart = i != 0 })]);
        world.Run(1_000_000);
        Assert.That((world.Guests[0].Starts, CountOf(world.Guests[0]), world.Guests[0].VCpu.RunState), Is.EqualTo((0UL, 0UL, RunState.Parked)));
        Assert.That(world.Guests.Skip(1).Select(guest => guest.Stopped), Is.All.EqualTo(StopReason.Shutdown));
        Assert.That(world.Desktop.Status, Is.Zero, "the last that runs ends the machine");
        Assert.That(Said(world), Does.Contain(", not started"));
    }
}
