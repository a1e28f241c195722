using System;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;
using Rvirt.Hypervisor.VirtualMachines;
using static Rvirt.Tests.Hypervisor.CountingPrograms;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Breakpoints that are set in a guest from outside, on the reference machine.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed unsafe class BreakpointTests
{
    private const ulong Turn = 200_000;

    private const ulong Code = GuestPayload.RamBase;

    // Each round counts, and raises the guest's own breakpoint, whose handler counts in the next doubleword, with what it was told.
    private const string OwnBreakpoints = """
        li s0, 0x80400000
        la t0, handler
        csrw stvec, t0
        again:
        ld t1, 0(s0)
        addi t1, t1, 1
        place: sd t1, 0(s0)
        ebreak
        j again
        handler:
        ld t1, 8(s0)
        addi t1, t1, 1
        sd t1, 8(s0)
        csrr t1, scause
        sd t1, 16(s0)
        csrr t1, sepc
        sd t1, 24(s0)
        addi t1, t1, 4
        csrw sepc, t1
        sret

        """;

    // The second hart counts in the next doubleword, and comes to the same instruction as the first.
    private const string TwoHarts = """
        li a0, 1
        la a1, entry
        li a2, 8
        li a7, 0x48534d
        li a6, 0
        ecall
        li a1, 0
        entry:
        li s0, 0x80400000
        add s0, s0, a1
        again:
        addi t0, t0, 1
        sd t0, 0(s0)
        j again

        """;

    private static GuestWorld World(bool shared, string program, uint harts = 1)
    {
        var world = new GuestWorld(
            new WorldOptions { MoreHarts = shared ? -1 : 0, Harts = new() { InstructionCache = true } },
            GuestPayload.Program(program) with { Memory = 8 << 20, Name = "one", Snapshot = true, Harts = harts },
            GuestPayload.Program(Spin) with { Memory = 8 << 20, Name = "two" });
        world.Machine.CyclesPerTick = 1;
        world.Machine.Slice = 2000;
        return world;
    }

    private static ulong Word(DesktopGuest guest, int number) => MemoryMarshal.Read<ulong>(guest.Ram(Counter + (8 * (ulong)number), 8));

    private static BreakAnswer Change(GuestWorld world, ulong address, bool sets) => new MachineView<FakeHost>(world.Desktop.Record->Cores).ChangeBreakpoint(0, address, sets);

    private static void Pause(GuestWorld world)
    {
        Assert.That(world.Guest.Ask(LifeRequest.Pause));
        world.Run(Turn);
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Paused));
    }

    // Where an instruction stands that the programs above have once.
    private static ulong Find(DesktopGuest guest, ushort halfword)
    {
        var code = MemoryMarshal.Cast<byte, ushort>(guest.Ram(Code, 256)).ToArray();
        Assert.That(code.Count(other => other == halfword), Is.EqualTo(1));
        return Code + (2 * (ulong)Array.IndexOf(code, halfword));
    }

    [Test]
    public void AGuestPausesWhereItComesToOneBeforeTheInstruction([Values] bool shared)
    {
        using var world = World(shared, OwnBreakpoints);
        world.Run(5_000);
        Pause(world);
        // sd t1, 0(s0), whose lower half no other instruction has.
        var place = Find(world.Guest, 0x3023);
        var code = world.Guest.Ram(Code, 256).ToArray();
        Assert.That(Change(world, place, true), Is.EqualTo(BreakAnswer.Done));
        for (var i = 0; i < 3; i++)
        {
            var before = Word(world.Guest, 0);
            var neighbour = Word(world.Guests[1], 0);
            Assert.That(world.Guest.Ask(LifeRequest.Resume));
            world.Run(Turn);
            Assert.That(world.Guest.State, Is.EqualTo(GuestState.Paused));
            Assert.That(world.Guest.VCpu.Pc, Is.EqualTo(place));
            Assert.That(Word(world.Guest, 0), Is.EqualTo(before), "the instruction is not carried out");
            Assert.That(Word(world.Guests[1], 0), Is.GreaterThan(neighbour));
        }

        Assert.That(Change(world, place, false), Is.EqualTo(BreakAnswer.Done));
        Assert.That(world.Guest.Ram(Code, 256).ToArray(), Is.EqualTo(code), "as it was");
        var count = Word(world.Guest, 0);
        Assert.That(world.Guest.Ask(LifeRequest.Resume));
        world.Run(Turn);
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Running));
        Assert.That(Word(world.Guest, 0), Is.GreaterThan(count));
    }

    [Test]
    public void ItsOwnBreakpointsStayItsOwn([Values] bool shared)
    {
        using var world = World(shared, OwnBreakpoints);
        world.Run(5_000);
        Pause(world);
        // Nobody comes there: the start of the program.
        Assert.That(Change(world, Code, true), Is.EqualTo(BreakAnswer.Done));
        var (rounds, taken) = (Word(world.Guest, 0), Word(world.Guest, 1));
        Assert.That(world.Guest.Ask(LifeRequest.Resume));
        world.Run(Turn);
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Running));
        Assert.That(Word(world.Guest, 1), Is.GreaterThan(taken + 100));
        Assert.That(Word(world.Guest, 0) - rounds - (Word(world.Guest, 1) - taken), Is.AtMost(1), "one each round");
        Assert.That((Word(world.Guest, 2), Word(world.Guest, 3)), Is.EqualTo((3UL, Find(world.Guest, 0x0010) - 2)));
    }

    [Test]
    public void WhoeverComesThereAllHartsStandStill([Values] bool shared)
    {
        using var world = World(shared, TwoHarts, 2);
        world.Run(Turn);
        Pause(world);
        Assert.That(Math.Min(Word(world.Guest, 0), Word(world.Guest, 1)), Is.Positive, "both run");
        var place = Find(world.Guest, 0x3023);
        Change(world, place, true);
        Assert.That(world.Guest.Ask(LifeRequest.Resume));
        world.Run(Turn);
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Paused));
        var pcs = Enumerable.Range(0, 2).Select(hart => world.Guest.VirtualHart(hart).Pc).ToArray();
        Assert.That(pcs, Has.Some.EqualTo(place));
        var (first, second) = (Word(world.Guest, 0), Word(world.Guest, 1));
        world.Run(Turn);
        Assert.That((Word(world.Guest, 0), Word(world.Guest, 1)), Is.EqualTo((first, second)));
        Change(world, place, false);
        Assert.That(world.Guest.Ask(LifeRequest.Resume));
        world.Run(Turn);
        Assert.That(Word(world.Guest, 0), Is.GreaterThan(first));
        Assert.That(Word(world.Guest, 1), Is.GreaterThan(second));
    }

    [Test]
    public void ANewLifeHasNone()
    {
        using var world = World(false, OwnBreakpoints);
        world.Run(5_000);
        Pause(world);
        Change(world, Find(world.Guest, 0x3023), true);
        Assert.That(world.Guest.Ask(LifeRequest.Restart));
        world.Run(4 * Turn);
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Running));
        Assert.That(Word(world.Guest, 1), Is.GreaterThan(100));
    }

    [Test]
    public void ItIsNotCopiedWithThem()
    {
        using var world = World(false, OwnBreakpoints);
        world.Run(5_000);
        Pause(world);
        Change(world, Code, true);
        var view = new MachineView<FakeHost>(world.Desktop.Record->Cores);
        Assert.That(view.TryCopy(CopyKind.Snapshot, 0, 0, begins: true, out var answer));
        Assert.That(answer, Is.EqualTo(new CopyAnswer(CopyOutcome.Breakpoints)));
        Change(world, Code, false);
        Assert.That(view.TryCopy(CopyKind.Snapshot, 0, 0, begins: true, out _), Is.False, "it begins");
    }

    [Test]
    public void WhatCannotBeIsRefused()
    {
        using var world = World(false, OwnBreakpoints);
        world.Run(5_000);
        Assert.That(Change(world, Code, true), Is.EqualTo(BreakAnswer.NotPaused));
        Assert.That(Change(world, Code, false), Is.EqualTo(BreakAnswer.NotPaused));
        Pause(world);
        var before = world.Guest.Ram(0x8000_0000, 8 << 20).ToArray();
        foreach (var address in new ulong[] { 0, 0x7fff_fffe, 0x8080_0000, Code + 1, 0x807f_ffff, ulong.MaxValue, ulong.MaxValue - 1 })
        {
            Assert.That(Change(world, address, true), Is.EqualTo(BreakAnswer.NoMemory), $"{address:x}");
            Assert.That(Change(world, address, false), Is.EqualTo(BreakAnswer.Unknown), $"{address:x}");
        }

        for (var i = 0UL; i < 16; i++)
        {
            Assert.That(Change(world, 0x807f_fffe - (2 * i), true), Is.EqualTo(BreakAnswer.Done));
        }

        Assert.That(Change(world, 0x807f_fffe, true), Is.EqualTo(BreakAnswer.Done), "it is there");
        Assert.That(Change(world, Code, true), Is.EqualTo(BreakAnswer.Full));
        // In another order than they came.
        for (var i = 0UL; i < 16; i++)
        {
            Assert.That(Change(world, 0x807f_fffe - (2 * (i * 5 % 16)), false), Is.EqualTo(BreakAnswer.Done));
        }

        Assert.That(world.Guest.Ram(0x8000_0000, 8 << 20).SequenceEqual(before.AsSpan()));
        Assert.That(Change(world, 0x807f_fffe, false), Is.EqualTo(BreakAnswer.Unknown));
    }
}
