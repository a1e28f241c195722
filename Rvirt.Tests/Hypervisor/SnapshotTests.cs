using System;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference.Devices.Virtio;
using static Rvirt.Tests.Hypervisor.CountingPrograms;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Guests are kept as they are, go back, and are copied into others, on the reference machine, while their neighbours work.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed unsafe class SnapshotTests
{
    private const ulong Turn = 200_000;

    // Under tables of its own: numbers that follow from each other go to memory, through the f registers and through CSRs, and every
    // 128th round prints a letter of them. After as many rounds as it has in 0x80400000 it says so behind that, and spins.
    private const string Computation = """
        li t0, 0x80500000
        li t1, 0xcf
        sd t1, 0(t0)
        li t1, 0x200000cf
        sd t1, 16(t0)
        li t1, 0x8000000000080500
        csrw satp, t1
        sfence.vma
        li t0, 0x2000
        csrs sstatus, t0
        li s0, 0x80400000
        ld s1, 0(s0)
        li s2, 1
        li s3, 6364136223846793005
        li s4, 0x80600000
        li s5, 0x10000000
        again:
        mul s2, s2, s3
        addi s2, s2, 1442
        csrw sscratch, s2
        srli t0, s2, 45
        andi t0, t0, -8
        add t0, t0, s4
        csrr t1, sscratch
        fmv.d.x f1, t1
        fadd.d f2, f2, f1
        fmv.x.d t2, f1
        sd t2, 0(t0)
        sfence.vma t0
        andi t1, s1, 127
        bnez t1, quiet
        srli t1, s2, 59
        addi t1, t1, 65
        sb t1, 0(s5)
        quiet:
        addi s1, s1, -1
        bnez s1, again
        li t1, 10
        sb t1, 0(s5)
        li t1, 1
        sd t1, 8(s0)
        done: j done

        """;

    // Two harts, of which each counts and interrupts the other, and sleeps until that one's interrupt: one that is lost stops both. The third stays stopped.
    private const string PingPong = """
            li s0, 0x80400000
            li s1, 0
            li a0, 1
            la a1, entry
            li a2, 0
            li a7, 0x48534d
            li a6, 0
            ecall
            j turn
        entry:
            li s0, 0x80400000
            li s1, 1
        sleep:
            li t0, 2
            csrw sie, t0
            wfi
            csrr t0, sip
            andi t0, t0, 2
            beqz t0, sleep
            csrci sip, 2
        turn:
            ld t1, 0(s0)
            addi t1, t1, 1
            sd t1, 0(s0)
            li a0, 2
            srl a0, a0, s1
            li a1, 0
            li a7, 0x735049
            li a6, 0
            ecall
            j sleep

        """;

    private static GuestPayload Guest(string program, string name) =>
        GuestPayload.Program(program) with { Memory = 8 << 20, Name = name, Snapshot = true };

    private static GuestWorld World(bool shared, params GuestPayload[] guests)
    {
        var world = new GuestWorld(new WorldOptions { MoreHarts = shared ? -1 : 0 }, guests);
        world.Machine.CyclesPerTick = 1;
        world.Machine.Slice = 2000;
        return world;
    }

    private static ulong CountOf(DesktopGuest guest) => MemoryMarshal.Read<ulong>(guest.Ram(Counter, 8));

    private static CopyAnswer Copy(GuestWorld world, CopyKind kind, int guest, int target = -1)
    {
        var view = new MachineView<FakeHost>(world.Desktop.Record->Cores);
        target = target < 0 ? guest : target;
        var done = view.TryCopy(kind, guest, target, begins: true, out var answer);
        for (var i = 0; !done && i < 1000; i++)
        {
            world.Run(1000);
            done = view.TryCopy(kind, guest, target, begins: false, out answer);
        }

        Assert.That(done, "it comes to an end");
        return answer;
    }

    private static CopyAnswer Done => new(CopyOutcome.Done);

    private static string Print(GuestWorld world, string name) => string.Concat(world.Machine.Uart.Output.Split('\n').Select(line => line.TrimEnd('\r'))
        .Where(line => line.StartsWith($"[{name}] ", StringComparison.Ordinal)).Select(line => line[(name.Length + 3)..]));

    private static void RunToEnd(GuestWorld world, DesktopGuest guest)
    {
        for (var i = 0; i < 2000 && !HasEnded(guest); i++)
        {
            world.Run(5000);
        }

        Assert.That(HasEnded(guest), "it got to its end");
        Assert.That(guest.Ask(LifeRequest.Pause));
        world.Run(Turn);
        Assert.That(guest.State, Is.EqualTo(GuestState.Paused));
    }

    private static bool HasEnded(DesktopGuest guest) => MemoryMarshal.Read<ulong>(guest.Ram(Counter + 8, 8)) != 0;

    private static (byte[] Ram, ulong[] X, ulong[] F, ulong Pc) StateOf(DesktopGuest guest)
    {
        var f = new ulong[FloatingPointArea.Count];
        for (var i = 0; i < f.Length; i++)
        {
            f[i] = guest.VCpu.FloatingPoint.Words[i];
        }

        return (guest.Ram(0x8000_0000, 8 << 20).ToArray(), [.. Enumerable.Range(0, 32).Select(i => guest.VCpu.X[i])], f, guest.VCpu.Pc);
    }

    private static void AssertSame((byte[] Ram, ulong[] X, ulong[] F, ulong Pc) one, (byte[] Ram, ulong[] X, ulong[] F, ulong Pc) two)
    {
        Assert.That(two.Ram.AsSpan().SequenceEqual(one.Ram), "RAM");
        Assert.That((two.X, two.F), Is.EqualTo((one.X, one.F)));
        Assert.That(two.Pc, Is.EqualTo(one.Pc));
    }

    private static void Begin(GuestWorld world, ulong rounds) => MemoryMarshal.Write(world.Guest.Ram(Counter, 8), rounds);

    [Test]
    public void AComputationThatGoesBackEndsAsOneThatWasLeftAlone([Values] bool shared, [Values(17UL, 30_011UL, 90_007UL)] ulong before)
    {
        const ulong Rounds = 20_000;
        using var alone = World(shared, Guest(Computation, "one"), Guest(Spin, "two"));
        Begin(alone, Rounds);
        RunToEnd(alone, alone.Guest);
        var expected = StateOf(alone.Guest);
        var printed = Print(alone, "one");
        Assert.That(printed, Has.Length.EqualTo((int)Rounds / 128));

        using var world = World(shared, Guest(Computation, "one"), Guest(Spin, "two"));
        Begin(world, Rounds);
        world.Run(before);
        Assert.That(Copy(world, CopyKind.Snapshot, 0), Is.EqualTo(Done));
        var count = CountOf(world.Guests[1]);
        RunToEnd(world, world.Guest);
        AssertSame(expected, StateOf(world.Guest));
        Assert.That(CountOf(world.Guests[1]), Is.GreaterThan(count), "its neighbour goes on");
        for (var i = 0; i < 2; i++)
        {
            var said = Print(world, "one").Length;
            Assert.That(Copy(world, CopyKind.Revert, 0), Is.EqualTo(Done));
            Assert.That(world.Guest.State, Is.EqualTo(GuestState.Paused), "as it was");
            Assert.That(world.Guest.Ask(LifeRequest.Resume));
            world.Run(100);
            RunToEnd(world, world.Guest);
            AssertSame(expected, StateOf(world.Guest));
            var again = Print(world, "one")[said..];
            Assert.That(again, Is.Not.Empty);
            Assert.That(printed, Does.EndWith(again));
        }
    }

    [Test]
    public void ACloneGoesOnFromWhereTheOtherIsAndPrintsOnItsOwnConsole([Values] bool shared, [Values] bool created)
    {
        const ulong Rounds = 20_000;
        using var world = World(shared, Guest(Computation, "one"), Guest(Spin, "two") with { Autostart = !created });
        Begin(world, Rounds);
        world.Run(Turn / 4);
        if (!created)
        {
            Assert.That(world.Guests[1].Ask(LifeRequest.Kill));
            world.Run(Turn / 4);
        }

        Assert.That(Copy(world, CopyKind.Clone, 0, 1), Is.EqualTo(Done));
        Assert.That((world.Guest.State, world.Guests[1].State), Is.EqualTo((GuestState.Running, GuestState.Running)));
        foreach (var guest in world.Guests)
        {
            RunToEnd(world, guest);
        }

        AssertSame(StateOf(world.Guest), StateOf(world.Guests[1]));
        var (one, two) = (Print(world, "one"), Print(world, "two"));
        Assert.That(one, Has.Length.EqualTo((int)Rounds / 128));
        Assert.That(two, Is.Not.Empty);
        Assert.That(one, Does.EndWith(two).And.Not.EqualTo(two));

        // A guest like any other.
        Assert.That(Copy(world, CopyKind.Snapshot, 1), Is.EqualTo(Done));
        foreach (var guest in world.Guests)
        {
            Assert.That(guest.Ask(LifeRequest.Kill));
            world.Run(Turn);
            Assert.That(guest.State, Is.EqualTo(GuestState.Stopped));
        }

        Assert.That(world.Desktop.Status, Is.Not.Null, "the last one ends the machine");
    }

    [Test]
    public void HartsOfAGuestGoBackAndAreClonedTogether([Values] bool shared, [Values(5003UL, 20_011UL, 70_001UL)] ulong before)
    {
        using var world = new GuestWorld(
            new WorldOptions { MoreHarts = shared ? -1 : 4 },
            Guest(PingPong, "one") with { Harts = 3 }, Guest(Spin, "two") with { Harts = 3, Autostart = false }, Guest(Spin, "three") with { Harts = 1, Autostart = false });
        world.Machine.CyclesPerTick = 1;
        world.Machine.Slice = 2000;
        world.Run(before);
        Assert.That(Copy(world, CopyKind.Snapshot, 0), Is.EqualTo(Done));
        world.Run(2 * Turn);
        var later = CountOf(world.Guest);
        for (var i = 0; i < 3; i++)
        {
            Assert.That(Copy(world, CopyKind.Revert, 0), Is.EqualTo(Done));
            Assert.That(CountOf(world.Guest), Is.LessThan(later / 2), "it went back");
            world.Run(2 * Turn);
            Assert.That(CountOf(world.Guest), Is.GreaterThan(later / 2), "no interrupt is lost");
        }

        Assert.That(Copy(world, CopyKind.Clone, 0, 2).Outcome, Is.EqualTo(CopyOutcome.OtherHarts));
        Assert.That(Copy(world, CopyKind.Clone, 0, 1), Is.EqualTo(Done));
        var counts = world.Guests.Select(CountOf).ToArray();
        world.Run(2 * Turn);
        for (var guest = 0; guest < 2; guest++)
        {
            Assert.That(CountOf(world.Guests[guest]), Is.GreaterThan(counts[guest] + 10));
            Assert.That(world.Guests[guest].VirtualHart(2).State, Is.EqualTo(HartState.Stopped));
        }

        // All of its harts end.
        Assert.That(world.Guests[1].Ask(LifeRequest.Kill));
        world.Run(Turn);
        Assert.That(world.Guests[1].State, Is.EqualTo(GuestState.Stopped));
    }

    [Test]
    public void AGuestThatWaitsForItsTimerGoesBackToThat([Values] bool shared)
    {
        using var world = World(shared, Guest(Sleeper, "one"), Guest(Spin, "two"));
        world.Run(Turn);
        Assert.That(Copy(world, CopyKind.Snapshot, 0), Is.EqualTo(Done));
        var kept = CountOf(world.Guest);
        world.Run(10 * Turn);
        Assert.That(CountOf(world.Guest), Is.GreaterThan(kept + 20));
        var other = CountOf(world.Guests[1]);
        Assert.That(Copy(world, CopyKind.Revert, 0), Is.EqualTo(Done));
        Assert.That(CountOf(world.Guest), Is.InRange(kept, kept + 15));
        world.Run(10 * Turn);
        Assert.That(CountOf(world.Guest), Is.GreaterThan(kept + 20));
        Assert.That(CountOf(world.Guests[1]), Is.GreaterThan(other));
    }

    [TestCase(Spin)]
    [TestCase("li t0, 0x100000\nli t1, 0x73333\nsw t1, 0(t0)\nj .\n")]
    [TestCase("li a7, 0x53525354\nli a6, 0\nli a0, 0\nli a1, 0\necall\nj .\n")]
    public void AGuestThatHasEndedSinceGoesBackToWhenItRan(string end)
    {
        using var world = World(false, Guest("li s0, 0x80400000\nagain: ld t0, 8(s0)\nbeqz t0, again\n" + end, "one"), Guest(Spin, "two"));
        world.Run(Turn);
        Assert.That(Copy(world, CopyKind.Snapshot, 0), Is.EqualTo(Done));
        for (var i = 0; i < 3; i++)
        {
            MemoryMarshal.Write(world.Guest.Ram(Counter + 8, 8), 1UL);
            world.Run(Turn);
            world.Guest.Ask(LifeRequest.Kill);
            world.Run(Turn);
            Assert.That(world.Guest.State, Is.EqualTo(GuestState.Stopped));
            Assert.That(Copy(world, CopyKind.Revert, 0), Is.EqualTo(Done));
            Assert.That((world.Guest.State, world.Stopped), Is.EqualTo((GuestState.Running, (StopReason?)null)));
            world.Run(Turn);
            Assert.That(MemoryMarshal.Read<ulong>(world.Guest.Ram(Counter + 8, 8)), Is.Zero, "it waits again");
        }

        foreach (var guest in world.Guests)
        {
            Assert.That(guest.Ask(LifeRequest.Kill));
            world.Run(Turn);
        }

        Assert.That(world.Desktop.Status, Is.Not.Null, "each life was counted once");
    }

    [Test]
    public void TheLastOfTwoSnapshotsIsKept()
    {
        using var world = World(false, Guest(Spin, "one"), Guest(Spin, "two"));
        world.Run(Turn);
        Assert.That(Copy(world, CopyKind.Snapshot, 0), Is.EqualTo(Done));
        world.Run(5 * Turn);
        var second = CountOf(world.Guest);
        Assert.That(Copy(world, CopyKind.Snapshot, 0), Is.EqualTo(Done));
        world.Run(5 * Turn);
        Assert.That(world.Guest.Ask(LifeRequest.Pause));
        world.Run(Turn);
        Assert.That(Copy(world, CopyKind.Revert, 0), Is.EqualTo(Done));
        Assert.That(CountOf(world.Guest), Is.GreaterThanOrEqualTo(second).And.LessThan(second + Turn));
    }

    [Test]
    public void APausedGuestStaysPausedAndAGuestThatIsCopiedTakesNothing()
    {
        using var world = World(false, Guest(Spin, "one"), Guest(Spin, "two"));
        world.Run(Turn);
        Assert.That(world.Guest.Ask(LifeRequest.Pause));
        world.Run(Turn);
        var view = new MachineView<FakeHost>(world.Desktop.Record->Cores);
        Assert.That(view.TryCopy(CopyKind.Snapshot, 0, 0, begins: true, out _), Is.False);
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Copying));
        Assert.That(Enum.GetValues<LifeRequest>().Where(world.Guest.Ask), Is.Empty);
        Assert.That(view.TryCopy(CopyKind.Revert, 1, 1, begins: true, out var answer), Is.True);
        Assert.That(answer.Outcome, Is.EqualTo(CopyOutcome.Busy));
        world.Run(Turn);
        Assert.That(view.TryCopy(CopyKind.Snapshot, 0, 0, begins: false, out answer), Is.True);
        Assert.That((answer, world.Guest.State), Is.EqualTo((Done, GuestState.Paused)));
    }

    [TestCase(LifeRequest.Resume)]
    [TestCase(LifeRequest.Kill)]
    [TestCase(LifeRequest.Restart)]
    public void AGuestThatIsAskedForSomethingElseBeforeItStandsStillIsNotCopied(LifeRequest request)
    {
        using var world = World(false, Guest(Spin, "one"), Guest(Spin, "two"));
        world.Run(Turn);
        var view = new MachineView<FakeHost>(world.Desktop.Record->Cores);
        Assert.That(view.TryCopy(CopyKind.Snapshot, 0, 0, begins: true, out _), Is.False);
        Assert.That(world.Guest.Ask(request));
        world.Run(Turn);
        Assert.That(view.TryCopy(CopyKind.Snapshot, 0, 0, begins: false, out var answer), Is.True);
        Assert.That(answer.Outcome, Is.EqualTo(CopyOutcome.NotNow));
        Assert.That(world.Guest.State, Is.EqualTo(request == LifeRequest.Kill ? GuestState.Stopped : GuestState.Running));
    }

    [Test]
    public void WhatCannotBeIsRefusedByItsName()
    {
        using var world = World(false,
            Guest(Spin, "one"), Guest(Spin, "two") with { Snapshot = false, Autostart = false }, Guest(Spin, "three") with { Memory = 6 << 20, Autostart = false });
        world.Run(Turn);
        Assert.That(Copy(world, CopyKind.Revert, 0).Outcome, Is.EqualTo(CopyOutcome.NoSnapshot));
        Assert.That(Copy(world, CopyKind.Snapshot, 1).Outcome, Is.EqualTo(CopyOutcome.NoRoom));
        Assert.That(Copy(world, CopyKind.Revert, 1).Outcome, Is.EqualTo(CopyOutcome.NoRoom));
        Assert.That(Copy(world, CopyKind.Snapshot, 2).Outcome, Is.EqualTo(CopyOutcome.NotRunning));
        Assert.That(Copy(world, CopyKind.Clone, 1, 2).Outcome, Is.EqualTo(CopyOutcome.NotRunning));
        Assert.That(Copy(world, CopyKind.Clone, 0, 0).Outcome, Is.EqualTo(CopyOutcome.Same));
        Assert.That(Copy(world, CopyKind.Clone, 0, 2).Outcome, Is.EqualTo(CopyOutcome.OtherMemory));
        Assert.That(world.Guests[1].Ask(LifeRequest.Start));
        Assert.That(Copy(world, CopyKind.Clone, 0, 1).Outcome, Is.EqualTo(CopyOutcome.TargetRuns));
        Assert.That(world.Guests[2].State, Is.EqualTo(GuestState.Created));
        var count = CountOf(world.Guest);
        world.Run(Turn);
        Assert.That(CountOf(world.Guest), Is.GreaterThan(count), "and it goes on");
    }

    [Test]
    public void AGuestWithADiskThatCanBeWrittenIsRefusedAndOneWithAnotherDeviceIsNoClone()
    {
        using var world = new GuestWorld(
            new WorldOptions
            {
                Attach = machine =>
                {
                    machine.AttachVirtio(0, new VirtioBlock(new MemoryDisk(new byte[4096])));
                    machine.AttachVirtio(1, new VirtioEntropy());
                },
            },
            Guest(Spin, "one") with { Slots = [0] }, Guest(Spin, "two") with { Slots = [1] }, Guest(Spin, "three") with { Autostart = false });
        world.Run(Turn);
        Assert.That(Copy(world, CopyKind.Snapshot, 0), Is.EqualTo(new CopyAnswer(CopyOutcome.Disk)));
        Assert.That(Copy(world, CopyKind.Clone, 0, 2), Is.EqualTo(new CopyAnswer(CopyOutcome.Disk)));
        Assert.That(Copy(world, CopyKind.Clone, 1, 2), Is.EqualTo(new CopyAnswer(CopyOutcome.OtherDevice)));
        Assert.That(Copy(world, CopyKind.Snapshot, 1), Is.EqualTo(Done));
    }
}
