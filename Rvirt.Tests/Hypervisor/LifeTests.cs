using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using static Rvirt.Tests.Hypervisor.CountingPrograms;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Guests are started, paused, resumed, restarted and killed from outside while their neighbours work, with a hart each and where they share.</summary>
internal sealed class LifeTests
{
    // Enough for each guest to have its turn.
    private const ulong Turn = 200_000;

    private static GuestPayload Guest(string program) => GuestPayload.Program(program) with { Memory = 8 << 20 };

    // One guest to ask, and neighbours.
    private static GuestWorld World(bool shared, string program, bool autostart = true)
    {
        var world = new GuestWorld(new WorldOptions { MoreHarts = shared ? -1 : 0 }, Guest(program) with { Autostart = autostart }, Guest(Spin), Guest(Spin));
        // A slice is 60000 instructions.
        world.Machine.CyclesPerTick = 1;
        world.Machine.Slice = 2000;
        return world;
    }

    private static ulong CountOf(DesktopGuest guest) => MemoryMarshal.Read<ulong>(guest.Ram(Counter, 8));

    // Runs, and says how far each got.
    private static ulong[] Run(GuestWorld world, ulong steps = Turn)
    {
        var before = world.Guests.Select(CountOf).ToArray();
        world.Run(steps);
        return [.. world.Guests.Select((guest, i) => CountOf(guest) - before[i])];
    }

    [Test]
    public void APausedGuestStandsStillAndGoesOnWhereItWas([Values] bool shared, [Values(Spin, Sleeper)] string program)
    {
        using var world = World(shared, program);
        Assert.That(Run(world), Is.All.GreaterThan(0));
        for (var i = 0; i < 5; i++)
        {
            Assert.That(world.Guest.Ask(LifeRequest.Pause));
            Assert.That(world.Guest.State, Is.EqualTo(GuestState.Pausing));
            world.Run(Turn);
            Assert.That((world.Guest.State, world.Guest.VCpu.RunState), Is.EqualTo((GuestState.Paused, RunState.Parked)));
            var count = CountOf(world.Guest);
            var got = Run(world);
            Assert.That(got[0], Is.Zero, "it stands still");
            Assert.That(got.Skip(1), Is.All.GreaterThan(0), "its neighbours do not");
            Assert.That(world.Guest.Ask(LifeRequest.Resume));
            Assert.That(Run(world), Is.All.GreaterThan(0));
            Assert.That(CountOf(world.Guest), Is.GreaterThan(count), "it has lost nothing");
        }

        Assert.That((world.Guest.State, world.Guest.Starts), Is.EqualTo((GuestState.Running, 1UL)));
    }

    [Test]
    public void AGuestIsKilledAndStartedFiftyTimesWhileItsNeighboursGoOn([Values] bool shared, [Values(Spin, Sleeper)] string program)
    {
        using var world = World(shared, program);
        for (var i = 0; i < 50; i++)
        {
            Assert.That(Run(world), Is.All.GreaterThan(0), $"life {i}");
            Assert.That(world.Guest.Ask(LifeRequest.Kill));
            Assert.That(Run(world)[1..], Is.All.GreaterThan(0));
            Assert.That((world.Guest.State, world.Stopped), Is.EqualTo((GuestState.Stopped, (StopReason?)StopReason.Requested)));
            Assert.That(world.Guest.Ask(LifeRequest.Start));
            Assert.That(world.Guest.Ask(LifeRequest.Start), Is.False, "it will");
        }

        Assert.That(Run(world), Is.All.GreaterThan(0));
        Assert.That((world.Guest.Starts, world.Desktop.Status), Is.EqualTo((51UL, (uint?)null)));
    }

    [Test]
    public void AGuestIsRestartedFiftyTimesWhileItsNeighboursGoOn([Values] bool shared, [Values(Spin, Sleeper)] string program)
    {
        using var world = World(shared, program);
        for (var i = 0; i < 50; i++)
        {
            Assert.That(Run(world), Is.All.GreaterThan(0), $"life {i}");
            if (i % 2 == 1)
            {
                // Paused or not.
                Assert.That(world.Guest.Ask(LifeRequest.Pause));
                world.Run(i % 4 == 1 ? Turn : 0);
            }

            Assert.That(world.Guest.Ask(LifeRequest.Restart));
        }

        Assert.That(Run(world), Is.All.GreaterThan(0));
        Assert.That((world.Guest.State, world.Guest.Starts, world.Desktop.Status), Is.EqualTo((GuestState.Running, 51UL, (uint?)null)));
    }

    [Test]
    public void AGuestThatDidNotStartWithTheMachineStartsWhenItIsAskedTo([Values] bool shared)
    {
        using var world = World(shared, Spin, autostart: false);
        Assert.That(Run(world)[0], Is.Zero);
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Created));
        Assert.That(world.Guest.Ask(LifeRequest.Pause), Is.False);
        Assert.That(world.Guest.Ask(LifeRequest.Start));
        Assert.That(Run(world), Is.All.GreaterThan(0));
        Assert.That(world.Guest.Ask(LifeRequest.Start), Is.False, "it runs");
    }

    /// <summary>Who loads a guest does nothing else meanwhile: a virtual hart of a neighbour that it still had would make no fences.</summary>
    [Test]
    public unsafe void AGuestIsLoadedByAHartThatRunsNobody([Values] bool shared)
    {
        using var world = World(shared, Spin, autostart: false);
        Run(world);
        var machine = world.Desktop.Record;
        var loaders = new List<bool>();
        var starts = world.Guest.Starts;
        foreach (var hart in world.Machine.Harts)
        {
            FakeHostState.Of(hart).Seam = new HostSeam
            {
                Observed = () =>
                {
                    if (world.Guest.Starts != starts)
                    {
                        starts = world.Guest.Starts;
                        loaders.Add(machine->Cores[hart.Id].Running == null);
                    }
                },
            };
        }

        Assert.That(world.Guest.Ask(LifeRequest.Start));
        Assert.That(Run(world), Is.All.GreaterThan(0));
        Assert.That(loaders, Is.EqualTo([true]));
    }

    [Test]
    public void AGuestThatStartsOnTheOnlyHartGetsItsTurnAlthoughTheOneThereNeverTraps()
    {
        using var world = new GuestWorld(new WorldOptions { MoreHarts = -1 }, Guest(Spin) with { Autostart = false }, Guest(Spin));
        world.Machine.CyclesPerTick = 1;
        world.Machine.Slice = 2000;
        Assert.That(Run(world)[0], Is.Zero);
        Assert.That(world.Guest.Ask(LifeRequest.Start));
        Assert.That(Run(world), Is.All.GreaterThan(0));
    }

    [Test]
    public void AGuestThatIsResumedBeforeItStoodStillGoesOn([Values] bool shared, [Values(Spin, Sleeper)] string program)
    {
        using var world = World(shared, program);
        Run(world);
        Assert.That(world.Guest.Ask(LifeRequest.Pause) && world.Guest.Ask(LifeRequest.Resume));
        Assert.That(Run(world), Is.All.GreaterThan(0));
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Running));
    }

    [Test]
    public void APausedGuestCanBeKilled([Values] bool shared)
    {
        using var world = World(shared, Sleeper);
        Run(world);
        Assert.That(world.Guest.Ask(LifeRequest.Pause));
        world.Run(Turn);
        Assert.That(world.Guest.Ask(LifeRequest.Kill));
        Assert.That(world.Guest.Ask(LifeRequest.Resume), Is.False);
        Assert.That(Run(world)[1..], Is.All.GreaterThan(0));
        Assert.That(world.Guest.State, Is.EqualTo(GuestState.Stopped));
    }

    [Test]
    public void TheLastGuestThatIsKilledEndsTheMachine([Values] bool shared)
    {
        using var world = World(shared, Spin);
        Run(world);
        foreach (var guest in world.Guests)
        {
            Assert.That(guest.Ask(LifeRequest.Kill));
            world.Run(Turn);
        }

        Assert.That(world.Guests.Select(guest => guest.Stopped), Is.All.EqualTo(StopReason.Requested));
        Assert.That(world.Desktop.Status, Is.EqualTo(1));
    }
}
