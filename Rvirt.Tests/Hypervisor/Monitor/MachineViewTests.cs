using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Tests.Hypervisor.Monitor;

/// <summary>What the monitor finds of guests that run under the whole hypervisor, on the reference machine.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed unsafe class MachineViewTests
{
    // Registers that follow each other in every round, so that a mixture of two moments shows.
    private const string Rounds = "round: addi s0, s0, 1\naddi s1, s1, 1\naddi s2, s2, 1\ncsrr s3, sscratch\nj round\n";

    private const string Fails = "li t0, 0x100000\nli t1, 0x73333\nsw t1, 0(t0)\nj .\n";

    private const string Floats = "li t0, 0x2000\ncsrs sstatus, t0\n" + Rounds;

    [Test]
    public void GuestsAreDescribed()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds) with { Name = "one", Memory = 8 << 20 }, GuestPayload.Program(Fails) with { Name = "two", Memory = 6 << 20 });
        world.Run(10_000);
        var view = View(world);
        Assert.That((view.GuestCount, view.CoreCount), Is.EqualTo((2, 2)));
        Assert.That(view.TimeFrequency, Is.EqualTo(world.Desktop.Record->Host.TimebaseFrequency).And.Not.Zero);
        var (one, two) = (view.Guest(0), view.Guest(1));
        Assert.That(Encoding.ASCII.GetString(one.Name.Text), Is.EqualTo("one"));
        Assert.That((one.State, one.Share, one.Harts, one.Memory, one.MemoryBase, one.Starts), Is.EqualTo((GuestState.Running, 0u, 1, 8UL << 20, 0x8000_0000UL, 1UL)));
        Assert.That((two.State, two.Reason, two.FailureCode, two.Memory), Is.EqualTo((GuestState.Stopped, StopReason.Failure, 7u, 6UL << 20)));
        Assert.That(view.Time, Is.GreaterThan(one.StartedAt).And.GreaterThan(one.CountedFrom));
        Assert.That((view.Core(0).Guest, view.Core(0).Loads), Is.EqualTo((0, 1UL)));
        Assert.That((view.Core(1).Guest, view.Core(1).HartId), Is.EqualTo((-1, 1UL)));
        Assert.That((view.Hart(0, 0).Run, view.Hart(0, 0).Core, view.Hart(1, 0).Run), Is.EqualTo((RunState.Loaded, 0, RunState.Parked)));
        Assert.That((view.SlotCount(0), view.Slot(0, 0).Kind, view.Slot(0, 1).Address, view.Slot(0, 1).Interrupt), Is.EqualTo((8, 0u, 0x1000_2000UL, 2u)));
        Assert.That(view.TryReadMemory(0, 0x8000_0000 + (8 << 20), out _), Is.False);
        Assert.That(view.TryReadMemory(0, 0x8000_0000, out var word), Is.True);
        Assert.That((uint)word, Is.EqualTo(0x0014_0413), "its first instruction");
        Assert.That(view.TryHostAddress(0, 0x8000_0010, out var address), Is.True);
        Assert.That(address, Is.EqualTo(world.Guest.Memory.HostAddress + 16));
    }

    [Test]
    public void CountingAnewChangesNothingForTheGuest()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds));
        world.Run(1000);
        var view = View(world);
        var before = world.Guest.VCpu.Counters.Emulated;
        Assert.That(view.Counters(0, 0).Emulated, Is.EqualTo(before).And.GreaterThan(100));
        view.ForgetCounters(0);
        Assert.That(view.Counters(0, 0), Is.Default);
        Assert.That(view.Guest(0).CountedFrom, Is.EqualTo(view.Time));
        world.Run(1000);
        Assert.That(world.Guest.VCpu.Counters.Emulated, Is.GreaterThan(before));
        Assert.That(view.Counters(0, 0).Emulated, Is.EqualTo(world.Guest.VCpu.Counters.Emulated - before));
    }

    [Test]
    public void AHartThatRunsElsewhereIsAskedAndAnswersForOneMoment()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds), GuestPayload.Program(Rounds));
        var view = View(world);
        for (var i = 0; i < 50; i++)
        {
            world.Run(101 + (ulong)i);
            Assert.That(view.TryReport(1, 0, out _), Is.False, "it is asked");
            Assert.That(view.TryReport(1, 0, out _), Is.False, "it has not answered yet");
            world.Run(200);
            var at = world.Guests[1].VCpu.X[8];
            Assert.That(view.TryReport(1, 0, out var report), Is.True);
            var done = (int)(report.Pc - 0x8000_0000) / 4;
            Assert.That(done, Is.InRange(0, 4));
            Assert.That(report.X[8] - report.X[9], Is.EqualTo(done == 1 ? 1 : 0));
            Assert.That(report.X[9] - report.X[18], Is.EqualTo(done == 2 ? 1 : 0));
            Assert.That(report.X[8], Is.LessThanOrEqualTo(at).And.GreaterThan(i * 20));
        }
    }

    [Test]
    public void TheHartThatAsksAnswersForItsOwnAtOnce()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds));
        world.Run(1003);
        Assert.That(View(world).TryReport(0, 0, out var report), Is.True);
        Assert.That((report.Pc, report.X[8]), Is.EqualTo((world.Guest.VCpu.Pc, world.Guest.VCpu.X[8])));
    }

    [TestCase(Rounds, 0UL)]
    [TestCase(Floats, 0x2000UL)]
    public void AHartThatNoHartRunsIsReadAsItWasPutDown(string program, ulong status)
    {
        using var world = new GuestWorld(new WorldOptions { MoreHarts = 1 }, GuestPayload.Program(program));
        world.Run(1003);
        var core = world.Desktop.Record->Cores;
        var held = core->Host.ReadSstatus() & 0x8000_0000_0000_6000;
        // What other one the calling hart runs is none of its business.
        var hart = WorldSwitch<FakeHost>.Save(core);
        core->Host.WriteSstatus(core->Host.ReadSstatus() | 0x6000);
        Assert.That(View(world).TryReport(0, 0, out var report), Is.True);
        Assert.That((report.Pc, report.X[8], report.Sstatus & 0x8000_0000_0000_6000), Is.EqualTo((hart->V.Pc, hart->V.X[8], held)));
        Assert.That(report.Sstatus & status, Is.EqualTo(status));
    }

    [Test]
    public void TrapsAreNotedDownOnAllHartsWhileTracingIsOn()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds), GuestPayload.Program(Rounds));
        var view = View(world);
        world.Run(1000);
        Assert.That((view.CopyTrace(0), view.CopyTrace(1)), Is.EqualTo((0UL, 0UL)), "nothing while it is off");
        view.SetTracing(true);
        world.Run(3000);
        view.SetTracing(false);
        world.Run(100);
        var counts = new[] { view.CopyTrace(0), view.CopyTrace(1) };
        Assert.That(counts, Is.All.GreaterThan(400));
        world.Run(1000);
        Assert.That(new[] { view.CopyTrace(0), view.CopyTrace(1) }, Is.EqualTo(counts), "nor when it is off again");
        foreach (var core in new[] { 0, 1 })
        {
            var end = view.CopyTrace(core);
            Assert.That(end, Is.EqualTo(counts[core]));
            var kept = Enumerable.Range(0, (int)end).Count(number => view.TryTrace((ulong)number, out _));
            Assert.That(kept, Is.EqualTo(255), "the last ones but that which is written next");
            var last = 0UL;
            for (var number = end - 255; number < end; number++)
            {
                Assert.That(view.TryTrace(number, out var record), Is.True);
                Assert.That(record.Time, Is.GreaterThanOrEqualTo(last));
                last = record.Time;
                if (record.Cause >> 63 == 0)
                {
                    Assert.That((record.Pc, record.Cause, record.Value), Is.EqualTo((0x8000_000cUL, 2UL, 0x1400_29f3UL)), "csrr s3, sscratch");
                }
            }

            Assert.That(view.TryTrace(end, out _), Is.False);
        }
    }

    [Test]
    public void ShadowTablesAreCountedAsTheyComeAndGo()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds));
        world.Run(1000);
        var view = View(world);
        var before = view.Shadow(0, 0);
        Assert.That((before.Use.LiveRoots, before.Counters.RootsMade), Is.EqualTo((1, 1UL)));
        Assert.That(before.Use.LiveTables, Is.EqualTo((int)before.Counters.TablesMade).And.GreaterThan(0));
        Assert.That(before.Use.Tables, Is.EqualTo(world.Desktop.Record->Guests->TableCount));
        world.Guest.Mmu.FenceAll(ref world.Desktop.Record->Cores->Host);
        Assert.That((view.Shadow(0, 0).Use.LiveTables, view.Shadow(0, 0).Use.LiveRoots), Is.EqualTo((0, 0)));
    }

    [Test]
    public void WhatTheHardwareFindsAtAnAddressIsKnown()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds));
        world.Run(1000);
        Assert.That(View(world).TryShadow(0, 0, 0x8000_0000, out var look), Is.True, "its instructions are there");
        Assert.That((look.Level, look.Mode, look.HasSum, look.HasMxr), Is.EqualTo((1, PrivilegeMode.Supervisor, false, false)), "2 MiB of RAM at once, with translation off");
        Assert.That(View(world).TryShadow(0, 0, 0x1000_0000, out _), Is.False, "a device");
        world.Guest.Mmu.FenceAll(ref world.Desktop.Record->Cores->Host);
        Assert.That(View(world).TryShadow(0, 0, 0x8000_0000, out _), Is.False, "dropped");
    }

    [Test]
    public void AGuestsLifeIsAskedFor()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds), GuestPayload.Program(Rounds));
        world.Run(1000);
        Assert.That(View(world).TryAsk(1, LifeRequest.Resume), Is.False);
        Assert.That(View(world).TryAsk(1, LifeRequest.Pause), Is.True);
        world.Run(1000);
        Assert.That((View(world).Guest(0).State, View(world).Guest(1).State), Is.EqualTo((GuestState.Running, GuestState.Paused)));
    }

    [Test]
    public void TimeIsCountedWhileAHartRunsAndNotWhileItWaits()
    {
        using var world = new GuestWorld(GuestPayload.Program(Rounds), GuestPayload.Program("again: wfi\nj again\n"));
        world.Run(2000);
        var view = View(world);
        view.ForgetCounters(0);
        view.ForgetCounters(1);
        Assert.That((view.RunTicks(0, 0, out var ready), ready), Is.EqualTo((0UL, 0UL)));
        var from = view.Time;
        world.Run(2000);
        var ticks = view.Time - from;
        Assert.That(ticks, Is.Positive);
        Assert.That(view.RunTicks(0, 0, out ready), Is.EqualTo(ticks));
        Assert.That((view.RunTicks(1, 0, out var readyToo), ready, readyToo), Is.EqualTo((0UL, 0UL, 0UL)), "it waits all the time");
        view.TryAsk(0, LifeRequest.Pause);
        world.Run(1000);
        var ran = view.RunTicks(0, 0, out _);
        world.Run(1000);
        Assert.That(view.RunTicks(0, 0, out _), Is.EqualTo(ran), "nor while it is paused");
    }

    [Test]
    public void GuestsThatShareAHartHaveSharesAndWaitForIt()
    {
        using var world = new GuestWorld(new WorldOptions { MoreHarts = -1 }, GuestPayload.Program(Rounds), GuestPayload.Program(Rounds));
        world.Run(2_000_000);
        var view = View(world);
        Assert.That((view.Guest(0).Share, view.Guest(1).Share), Is.EqualTo((100u, 100u)));
        view.SetShare(0, 300);
        Assert.That((view.Guest(0).Share, view.Guest(1).Share), Is.EqualTo((300u, 100u)));
        var all = view.RunTicks(0, 0, out var ready) + ready;
        Assert.That(ready, Is.Positive);
        Assert.That(view.RunTicks(1, 0, out ready) + ready, Is.EqualTo(all).Within(all / 10), "either runs or waits");
    }

    private static MachineView<FakeHost> View(GuestWorld world) => new(world.Desktop.Record->Cores);
}
