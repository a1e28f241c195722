using System;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Devices.Network;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Served;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Testing.Devices;
using Rvirt.Tests.Devices.Network;

namespace Rvirt.Tests.Hypervisor;

/// <summary>The private network under the whole hypervisor, on the reference machine: frames find their guest wherever that is and whatever it does.</summary>
internal sealed unsafe class NetworkTests
{
    private const ulong Counter = 0x8040_0000;
    private const ulong Slot = 0x1000_1000;
    private const ulong ReceiveRings = 0x8050_0000, SendRings = 0x8051_0000, Buffers = 0x8060_0000, SendBuffer = 0x8068_0000;

    // Sleeps; takes the card's interrupt at the PLIC, counts it, and answers it at both.
    private const string Sleeper = """
        la t0, handler
        csrw stvec, t0
        li s1, 0x0c000000
        li t0, 1
        sw t0, 4(s1)
        li s2, 0x0c002080
        li t0, 2
        sw t0, 0(s2)
        li s3, 0x0c201000
        sw zero, 0(s3)
        li s0, 0x80400000
        li s4, 0x10001000
        li t0, 0x200
        csrw sie, t0
        csrsi sstatus, 2
        again: wfi
        j again
        .align 2
        handler:
        lw t1, 4(s3)
        lw t2, 0x60(s4)
        sw t2, 0x64(s4)
        sw t1, 4(s3)
        ld t0, 0(s0)
        addi t0, t0, 1
        sd t0, 0(s0)
        sret

        """;

    // Notifies its card of what it has to send, once the word behind the counter says so.
    private const string Sender = """
        li s0, 0x80400000
        li s4, 0x10001000
        wait: ld t0, 8(s0)
        beqz t0, wait
        sd zero, 8(s0)
        li t0, 1
        sw t0, 0x50(s4)
        ld t0, 0(s0)
        addi t0, t0, 1
        sd t0, 0(s0)
        j wait

        """;

    private static GuestPayload Guest(string program, string name) => GuestPayload.Program(program) with { Memory = 16 << 20, Name = name, Network = "private" };

    private static GuestWorld World(bool shared, params GuestPayload[] guests)
    {
        var world = new GuestWorld(new WorldOptions { MoreHarts = shared ? 1 - guests.Length : 0 }, guests);
        world.Machine.CyclesPerTick = 1;
        world.Machine.Slice = 2000;
        world.Run(20_000);
        return world;
    }

    private static ulong CountOf(DesktopGuest guest) => MemoryMarshal.Read<ulong>(guest.Ram(Counter, 8));

    private static PortCounters Port(GuestWorld world, int guest) => new MachineView<FakeHost>(world.Desktop.Record->Cores).Slot(guest, 0).Frames;

    /// <summary>A guest's own hart sends, and the other one's is asleep, on a hart of its own or on the same.</summary>
    [Test]
    public void AFrameWakesItsGuest([Values] bool shared)
    {
        using var world = World(shared, Guest(Sender, "one"), Guest(Sleeper, "two"));
        var (one, two) = (new Card(world, 0), new Card(world, 1));
        two.Give(10);
        for (byte round = 1; round <= 10; round++)
        {
            var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, round);
            one.Queue(frame);
            one.Guest.Ram(Counter + 8, 8)[0] = 1;
            world.Run(100_000);
            Assert.That(CountOf(one.Guest), Is.EqualTo(round));
            Assert.That(CountOf(two.Guest), Is.EqualTo(round), "interrupts");
            Assert.That(two.Take(), Is.EqualTo(frame));
        }
    }

    [Test]
    public void APausedGuestHasWhatCameWhenItGoesOn([Values] bool shared)
    {
        using var world = World(shared, Guest(Sender, "one"), Guest(Sleeper, "two"));
        var (one, two) = (new Card(world, 0), new Card(world, 1));
        two.Give(2);
        Assert.That(two.Guest.Ask(LifeRequest.Pause));
        world.Run(50_000);
        Assert.That(two.Guest.State, Is.EqualTo(GuestState.Paused));
        one.Queue(TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, 1));
        one.Guest.Ram(Counter + 8, 8)[0] = 1;
        world.Run(50_000);
        Assert.That((CountOf(one.Guest), CountOf(two.Guest)), Is.EqualTo((1UL, 0UL)));
        Assert.That(two.Guest.Ask(LifeRequest.Resume));
        world.Run(50_000);
        Assert.That(CountOf(two.Guest), Is.EqualTo(1));
        Assert.That(two.Take(), Is.Not.Null);
    }

    [Test]
    public void AGuestThatEndedGetsNothingAndOneThatStartsAgainFindsAnEmptyPort([Values] bool shared)
    {
        using var world = World(shared, Guest(Sender, "one"), Guest(Sleeper, "two"));
        var (one, two) = (new Card(world, 0), new Card(world, 1));
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, 1);

        // It waits for a buffer, and is gone with the guest's life.
        one.Send(frame);
        Assert.That((Port(world, 0).Sent, Port(world, 1).Received, Port(world, 0).Dropped), Is.EqualTo((1UL, 1UL, 0UL)));
        Assert.That(two.Guest.Ask(LifeRequest.Restart));
        world.Run(100_000);
        Assert.That(two.Guest.Starts, Is.EqualTo(2));
        one.Send(frame);
        Assert.That(Port(world, 0).Dropped, Is.EqualTo(1), "nobody has opened the port");
        two = new Card(world, 1);
        two.Give(2);
        world.Run(50_000);
        Assert.That(two.Take(), Is.Null);
        one.Send(frame);
        Assert.That(two.Take(), Is.EqualTo(frame));

        Assert.That(two.Guest.Ask(LifeRequest.Kill));
        world.Run(100_000);
        Assert.That(two.Guest.State, Is.EqualTo(GuestState.Stopped));
        one.Send(frame);
        Assert.That(Port(world, 0).Dropped, Is.EqualTo(2));
    }

    /// <summary>Two guests that were described without one have no card, and those that were have the address that they asked for or one by their number.</summary>
    [Test]
    public void WhoAsksForACardHasOneBehindItsOtherDevices()
    {
        using var world = World(false, Guest(Sleeper, "one"), Guest(Sleeper, "two") with { Network = null }, Guest(Sleeper, "three"));
        var view = new MachineView<FakeHost>(world.Desktop.Record->Cores);
        Assert.That(Enumerable.Range(0, 3).Select(guest => view.Slot(guest, 0).Kind), Is.EqualTo([VirtioKind.Network, 0u, VirtioKind.Network]));
        Assert.That(Enumerable.Range(0, 3).Select(guest => view.Slot(guest, 0).Mac), Is.EqualTo([0x0176_7200_5452UL, 0UL, 0x0376_7200_5452UL]));
        Assert.That(view.Slot(2, 0).Port, Is.EqualTo(1));
    }

    private sealed class Card : IGuestSlot
    {
        private readonly GuestWorld _world;
        private readonly GuestDriver _receiver;
        private readonly GuestDriver _sender;
        private ulong _given;
        private ulong _taken;

        public Card(GuestWorld world, int guest)
        {
            _world = world;
            Guest = world.Guests[guest];
            Guest.Ram(ReceiveRings, 0x2_0000).Clear();
            GuestDriver.Begin(this, false, false, NetworkPort.Mac);
            _receiver = new GuestDriver(this, 0, 16, ReceiveRings, false, false);
            _sender = new GuestDriver(this, 1, 16, SendRings, false, false);
            _receiver.Start();
            _sender.Start();
            GuestDriver.Finish(this);
        }

        public DesktopGuest Guest { get; }

        public uint Register(uint offset)
        {
            Assert.That(Guest.Bus.Read(ref _world.Desktop.Record->Cores->Host, 0, Slot + offset, 4, out var value).Answered);
            return (uint)value;
        }

        public void Register(uint offset, uint value) => Assert.That(Guest.Bus.Write(ref _world.Desktop.Record->Cores->Host, 0, Slot + offset, 4, value).Answered);

        public byte* Ram(ulong guestAddress) => Guest.Memory.Pointer + (guestAddress - Guest.Memory.GuestBase);

        public void Give(int count)
        {
            for (var i = 0; i < count; i++)
            {
                _receiver.Add((Buffers + (2048 * _given++), 2048u, true));
            }
        }

        /// <summary>Makes a frame available, and tells nobody.</summary>
        public void Queue(byte[] frame)
        {
            while (_sender.TryTake(out _, out _))
            {
            }

            frame.CopyTo(new Span<byte>(Ram(SendBuffer + NetworkPort.HeaderBytes), frame.Length));
            _sender.Add((SendBuffer, NetworkPort.HeaderBytes + (uint)frame.Length, false));
        }

        public void Send(byte[] frame)
        {
            Queue(frame);
            _sender.Notify();
        }

        public byte[]? Take() => _receiver.TryTake(out _, out var written)
            ? new Span<byte>(Ram(Buffers + (2048 * _taken++) + NetworkPort.HeaderBytes), (int)(written - NetworkPort.HeaderBytes)).ToArray()
            : null;
    }
}
