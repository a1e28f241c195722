using System;
using System.Buffers.Binary;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Guests of several harts on the reference machine: with a hart of the host for each, and with fewer.</summary>
internal sealed class SeveralHartsTests
{
    private const ulong Flags = 0x8040_0000;

    // a0 = hart, a1 = where; t6 is spoiled. Ends the guest with a failure where the call fails.
    private const string Start = """
        start_hart:
            li a2, 0x77
            li a7, 0x48534d
            li a6, 0
            ecall
            bnez a0, fail
            ret
        fail:
            li t0, 0x100000
            li t1, 0x63333
            sw t1, 0(t0)
            j .
        power_off:
            li t0, 0x100000
            li t1, 0x5555
            sw t1, 0(t0)
            j .
        """ + "\n";

    // The first of eight starts the others; each adds its bit to a word when it has counted to a thousand, with what all of them may see of it.
    private const string Eight = """
            li s1, 1
        next:
            mv a0, s1
            la a1, entry
            call start_hart
            addi s1, s1, 1
            li t0, 8
            bltu s1, t0, next
            li a0, 0
            j count
        entry:
            li t0, 0x77
            bne a1, t0, fail
        count:
            li s0, 0x80400000
            li t0, 1
            sll t0, t0, a0
            li s2, 1000
        again:
            addi s2, s2, -1
            bnez s2, again
            amoor.d zero, t0, (s0)
            bnez a0, stop
        wait:
            ld t1, (s0)
            li t2, 255
            bne t1, t2, wait
            j power_off
        stop:
            li a7, 0x48534d
            li a6, 1
            ecall
            j fail

        """;

    // Twenty rounds: each hart counts up, and sleeps until the other's interrupt.
    private const string PingPong = """
            li s0, 0x80400000
            sd zero, 0(s0)
            li s1, 0
            li a0, 1
            la a1, entry
            call start_hart
            li s2, 20
            j turn
        entry:
            li t0, 0x77
            bne a1, t0, fail
            li t0, 1
            bne a0, t0, fail
            li s0, 0x80400000
            li s1, 1
            li s2, 20
            li t0, 2
            csrw sie, t0
        sleep:
            wfi
            csrr t0, sip
            andi t0, t0, 2
            beqz t0, sleep
            csrci sip, 2
        turn:
            li t0, 2
            csrw sie, t0
        again:
            lr.d t1, (s0)
            addi t1, t1, 1
            sc.d t2, t1, (s0)
            bnez t2, again
            li a0, 2
            beqz s1, send
            li a0, 1
        send:
            li a1, 0
            li a7, 0x735049
            li a6, 0
            ecall
            addi s2, s2, -1
            bnez s2, sleep
            beqz s1, off
            li a7, 0x48534d
            li a6, 1
            ecall
            j fail
        off:
            # until the other one is stopped
            li a0, 1
            li a7, 0x48534d
            li a6, 2
            ecall
            li t0, 1
            bne a1, t0, off
            ld t1, (s0)
            li t2, 40
            bne t1, t2, fail
            j power_off
        """ + "\n" + Start;

    // A page leads to one of two frames by turns. Hart 0 changes that, fences hart 1, and says so; hart 1 must see the new frame from then on.
    // Root at 0x80500000, tables at 0x80501000 and 0x80502000 for 0x40000000; identity for RAM. Frames at 0x80600000 and 0x80601000.
    private const string Shootdown = """
            li s0, 0x80400000
            sd zero, 0(s0)
            sd zero, 8(s0)
            li t0, 0x80500000
            li t1, 0x200000cf
            sd t1, 16(t0)
            li t1, 0x20140401
            sd t1, 8(t0)
            li t0, 0x80501000
            li t1, 0x20140801
            sd t1, 0(t0)
            li t0, 0x80502000
            li t1, 0x201800c7
            sd t1, 0(t0)
            li t0, 0x80600000
            sd zero, 0(t0)
            li t0, 0x80601000
            li t1, 1
            sd t1, 0(t0)
            li s3, 0x201800c7
            li s4, 0x201804c7
            li a0, 1
            la a1, reader
            call start_hart
            li s1, 0
        next:
            addi s1, s1, 1
            li t0, 0x80502000
            mv t1, s3
            andi t2, s1, 1
            beqz t2, put
            mv t1, s4
        put:
            sd t1, 0(t0)
            # remote_sfence_vma(hart 1): all in one round of four, else the page
            li a0, 2
            li a1, 0
            li a2, 0x40000000
            li a3, 0x1000
            andi t2, s1, 3
            bnez t2, page
            li a2, 0
            li a3, -1
        page:
            li a7, 0x52464e43
            li a6, 1
            ecall
            bnez a0, fail
            fence rw, rw
            sd s1, 0(s0)
        wait:
            ld t0, 8(s0)
            bne t0, s1, wait
            li t0, 20
            bne s1, t0, next
            j power_off
        reader:
            li s0, 0x80400000
            li t0, 0x8000000000080500
            csrw satp, t0
            sfence.vma
            li s2, 0x40000000
            li s1, 0
        look:
            ld t2, 0(s2)
            ld t0, 0(s0)
            beq t0, s1, look
            fence rw, rw
            mv s1, t0
            ld t2, 0(s2)
            andi t0, s1, 1
            bne t0, t2, fail
            sd s1, 8(s0)
            j look
        """ + "\n" + Start;

    // Both fence each other all the time, eighty times each.
    private const string Mutual = """
            li s0, 0x80400000
            sd zero, 0(s0)
            li a0, 1
            la a1, entry
            call start_hart
            li a0, 0
        entry:
            mv s4, a0
            li s0, 0x80400000
            li s1, 80
        again:
            li a0, 3
            li a1, 0
            li a2, 0
            li a3, -1
            li a7, 0x52464e43
            li a6, 1
            ecall
            bnez a0, fail
            li a0, 3
            li a1, 0
            li a6, 0
            ecall
            bnez a0, fail
            addi s1, s1, -1
            bnez s1, again
            li t0, 1
            amoadd.d t0, t0, (s0)
            bnez s4, .
        last:
            ld t0, (s0)
            li t1, 2
            bne t0, t1, last
            j power_off
        """ + "\n" + Start;

    // Harts 1 and 2 are started; WHAT is what hart 2 does in its first two lives, while 0 and 1 spin with interrupts off.
    private const string Lives = """
            li s0, 0x80400000
            li a0, 1
            la a1, spin
            call start_hart
            li a0, 2
            la a1, second
            call start_hart
        spin:
            j spin
        second:
            li s0, 0x80400000
            ld t0, 0(s0)
            addi t0, t0, 1
            sd t0, 0(s0)
            li t1, 3
            beq t0, t1, power_off
            WHAT
        """ + "\n" + Start;

    // Hart 0 has the others fence all the time, hart 1 counts with interrupts off, hart 2 starts each time anew and stops; each counts.
    private const string Busy = """
            li s0, 0x80400000
            li a0, 1
            la a1, counts
            call start_hart
        fences:
            li a0, 7
            li a1, 0
            li a2, 0
            li a3, -1
            li a7, 0x52464e43
            li a6, 1
            ecall
            bnez a0, fail
            li a0, 2
            li a7, 0x48534d
            li a6, 2
            ecall
            li t0, 1
            bne a1, t0, runs
            li a0, 2
            la a1, stops
            call start_hart
        runs:
            ld t0, 0(s0)
            addi t0, t0, 1
            sd t0, 0(s0)
            j fences
        counts:
            li s0, 0x80400000
        count:
            ld t0, 8(s0)
            addi t0, t0, 1
            sd t0, 8(s0)
            j count
        stops:
            li s0, 0x80400000
            ld t0, 16(s0)
            addi t0, t0, 1
            sd t0, 16(s0)
            li a7, 0x48534d
            li a6, 1
            ecall
            j fail
        """ + "\n" + Start;

    private static GuestPayload Guest(string source, uint harts) => GuestPayload.Program(source) with { Memory = 8 << 20, Harts = harts };

    private static string Source(string name) => name switch
    {
        nameof(PingPong) => PingPong,
        nameof(Shootdown) => Shootdown,
        _ => Mutual,
    };

    private static ulong Flag(GuestWorld world) => BinaryPrimitives.ReadUInt64LittleEndian(world.Guest.Ram(Flags, 8));

    private static GuestWorld Run(string source, uint harts, int cores)
    {
        var world = new GuestWorld(new WorldOptions { MoreHarts = cores - 1 }, Guest(source, harts));
        world.Run(20_000_000);
        return world;
    }

    [Test]
    public void EightHartsRunOnEightThreeAndOne([Values(8, 3, 1)] int cores)
    {
        using var world = new GuestWorld(new WorldOptions { MoreHarts = cores - 1, MoreRam = 64 << 20 }, Guest(Eight + Start, 8));
        world.Run(20_000_000);
        Assert.That(world.Stopped, Is.EqualTo(StopReason.Shutdown), world.Machine.Uart.Output);
    }

    [TestCase(nameof(PingPong))]
    [TestCase(nameof(Shootdown))]
    [TestCase(nameof(Mutual))]
    public void TwoHartsWorkTogether(string name)
    {
        using var world = Run(Source(name), 2, 2);
        Assert.That(world.Stopped, Is.EqualTo(StopReason.Shutdown), name + world.Machine.Uart.Output);
    }

    [TestCase(nameof(PingPong))]
    [TestCase(nameof(Shootdown))]
    [TestCase(nameof(Mutual))]
    public void TheyDoOnOneHartOfTheHost(string name)
    {
        using var world = Run(Source(name), 2, 1);
        Assert.That(world.Stopped, Is.EqualTo(StopReason.Shutdown), name + world.Machine.Uart.Output);
    }

    /// <summary>The reader runs on without a trap: who waits for its fence would wait for ever, and nobody would know.</summary>
    [TestCase(3)]
    [TestCase(7)]
    public void AnInterruptThatIsLostIsSaidAndMadeGood(int after)
    {
        using var world = new GuestWorld(new WorldOptions { MoreHarts = 1 }, Guest(Shootdown, 2));
        world.Guest.VirtualHart(0).FencePatience = 1000;
        FakeHostState.Of(world.Machine.Harts[0]).Seam = new HostSeam { LosesInterruptAfter = after };
        world.Machine.CyclesPerTick = 1;
        world.Run(20_000_000);
        Assert.That(world.Stopped, Is.EqualTo(StopReason.Shutdown), world.Machine.Uart.Output);
        Assert.That(world.Machine.Uart.Output.Split('\n').Where(line => line.Contains("fence", StringComparison.Ordinal)).Select(line => line.Trim()),
            Has.Exactly(1).Items.And.Some.Match("^rvirt: guest [a-z0-9]+: hart 0 waits for a fence of hart 1, which is interrupted again$"));
    }

    [TestCase("li a0, 1\nli a1, 0\nli a7, 0x53525354\nli a6, 0\necall\nj .", 3)]
    [TestCase("li t0, 0x100000\nli t1, 0x7777\nsw t1, 0(t0)\nj .", 3)]
    [TestCase("li t0, 0x100000\nli t1, 0x7777\nsw t1, 0(t0)\nj .", 2)]
    [TestCase("li t0, 0x100000\nli t1, 0x7777\nsw t1, 0(t0)\nj .", 1)]
    public void AnyHartRestartsAGuestWithAllItsHarts(string what, int cores)
    {
        using var world = Run(Lives.Replace("WHAT", what, StringComparison.Ordinal), 3, cores);
        Assert.That((world.Stopped, Flag(world), world.Guest.Starts), Is.EqualTo((StopReason.Shutdown, 3UL, 3UL)), world.Machine.Uart.Output);
    }

    [TestCase(3)]
    [TestCase(2)]
    public void AGuestFailsWithAllItsHartsAndItsNeighbourGoesOn(int cores)
    {
        var source = Lives.Replace("WHAT", "j fail", StringComparison.Ordinal);
        var neighbour = GuestPayload.Program("li s0, 0x80400000\nagain: ld t0, 0(s0)\naddi t0, t0, 1\nsd t0, 0(s0)\nj again\n") with { Memory = 8 << 20 };
        using var world = new GuestWorld(new WorldOptions { MoreHarts = cores - 1 }, Guest(source, 3), neighbour);
        world.Run(3_000_000);
        Assert.That((world.Stopped, world.Guests[1].Stopped), Is.EqualTo(((StopReason?)StopReason.Failure, (StopReason?)null)), world.Machine.Uart.Output);
        for (var i = 0; i < 3; i++)
        {
            Assert.That(world.Guest.VirtualHart(i).RunState, Is.EqualTo(RunState.Parked), $"hart {i}");
        }

        var before = BinaryPrimitives.ReadUInt64LittleEndian(world.Guests[1].Ram(Flags, 8));
        world.Run(100_000);
        Assert.That(BinaryPrimitives.ReadUInt64LittleEndian(world.Guests[1].Ram(Flags, 8)), Is.GreaterThan(before));
    }

    [TestCase(3)]
    [TestCase(1)]
    public void AGuestWhoseHartsAllStopEnds(int cores)
    {
        const string Stop = "li a7, 0x48534d\nli a6, 1\necall\nj fail\n";
        var source = Lives.Replace("spin:\n    j spin", "spin:\n" + Stop, StringComparison.Ordinal).Replace("WHAT", Stop, StringComparison.Ordinal);
        Assert.That(source, Does.Not.Contain("j spin"));
        using var world = Run(source, 3, cores);
        Assert.That(world.Stopped, Is.EqualTo(StopReason.AllHartsStopped), world.Machine.Uart.Output);
        Assert.That(world.Machine.Uart.Output, Does.Contain("stopped all its harts"));
    }

    private static GuestWorld BusyWorld(int cores)
    {
        var neighbour = GuestPayload.Program("li s0, 0x80400000\nagain: ld t0, 0(s0)\naddi t0, t0, 1\nsd t0, 0(s0)\nj again\n") with { Memory = 8 << 20 };
        var world = new GuestWorld(new WorldOptions { MoreHarts = cores - 2 }, Guest(Busy, 3), neighbour);
        world.Machine.CyclesPerTick = 1;
        world.Machine.Slice = 2000;
        return world;
    }

    private static ulong[] Counts(GuestWorld world) =>
        [.. Enumerable.Range(0, 3).Select(i => BinaryPrimitives.ReadUInt64LittleEndian(world.Guest.Ram(Flags + (8UL * (ulong)i), 8)))];

    // How far each of its harts gets, and the neighbour.
    private static (ulong[] Harts, ulong Neighbour) Progress(GuestWorld world)
    {
        var before = (Counts(world), BinaryPrimitives.ReadUInt64LittleEndian(world.Guests[1].Ram(Flags, 8)));
        world.Run(600_000);
        return ([.. Counts(world).Zip(before.Item1, (now, then) => now - then)], BinaryPrimitives.ReadUInt64LittleEndian(world.Guests[1].Ram(Flags, 8)) - before.Item2);
    }

    // Where harts share, a slice is long; all have had one after some.
    private static void AllGetOn(GuestWorld world, string when)
    {
        var before = Counts(world);
        for (var i = 0; i < 20 && Counts(world).Zip(before).Any(pair => pair.First <= pair.Second); i++)
        {
            world.Run(600_000);
        }

        Assert.That(Counts(world).Zip(before, (now, then) => now - then), Is.All.GreaterThan(0), when + world.Machine.Uart.Output);
    }

    [TestCase(4)]
    [TestCase(2)]
    [TestCase(1)]
    public void AllHartsOfAPausedGuestStandStillAndGoOnWhereTheyWere(int cores)
    {
        using var world = BusyWorld(cores);
        for (var i = 0; i < 8; i++)
        {
            AllGetOn(world, $"pause {i}");
            Assert.That(world.Guest.Ask(LifeRequest.Pause));
            world.Run(600_000 + (ulong)(i * 1111));
            Assert.That(world.Guest.State, Is.EqualTo(GuestState.Paused));
            var (harts, neighbour) = Progress(world);
            Assert.That(harts, Is.All.Zero);
            Assert.That(neighbour, Is.GreaterThan(0));
            Assert.That(Enumerable.Range(0, 3).Select(n => world.Guest.VirtualHart(n).RunState), Is.All.EqualTo(RunState.Parked));
            Assert.That(world.Guest.Ask(LifeRequest.Resume));
        }

        AllGetOn(world, "at last");
        Assert.That((world.Guest.State, world.Guest.Starts), Is.EqualTo((GuestState.Running, 1UL)));
    }

    [TestCase(4)]
    [TestCase(2)]
    [TestCase(1)]
    public void AGuestIsKilledAndRestartedFromOutsideWithAllItsHarts(int cores)
    {
        using var world = BusyWorld(cores);
        for (var i = 0; i < 12; i++)
        {
            AllGetOn(world, $"life {i}");
            if (i % 3 == 1)
            {
                // All of them stand still, or some, or none.
                Assert.That(world.Guest.Ask(LifeRequest.Pause));
                world.Run((ulong)(i * 1000));
            }

            var kills = i % 2 == 0;
            Assert.That(world.Guest.Ask(kills ? LifeRequest.Kill : LifeRequest.Restart));
            Assert.That(Progress(world).Neighbour, Is.GreaterThan(0));
            if (kills)
            {
                Assert.That((world.Guest.State, world.Stopped), Is.EqualTo((GuestState.Stopped, (StopReason?)StopReason.Requested)));
                Assert.That(Progress(world).Harts, Is.All.Zero);
                Assert.That(world.Guest.Ask(LifeRequest.Start));
            }
        }

        AllGetOn(world, "at last");
        Assert.That((world.Guest.State, world.Guest.Starts, world.Desktop.Status), Is.EqualTo((GuestState.Running, 13UL, (uint?)null)));
    }

    /// <summary>Resumed while some of its harts were put down and others not.</summary>
    [TestCase(4)]
    [TestCase(2)]
    public void AGuestThatIsResumedBeforeItStoodStillGoesOn(int cores)
    {
        using var world = BusyWorld(cores);
        world.Run(600_000);
        for (var i = 0; i < 40; i++)
        {
            Assert.That(world.Guest.Ask(LifeRequest.Pause));
            world.Run((ulong)(i * 100));
            Assert.That(world.Guest.Ask(LifeRequest.Resume));
            AllGetOn(world, $"pause {i}");
        }
    }
}
