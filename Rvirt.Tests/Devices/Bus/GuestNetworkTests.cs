using System;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Network;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;
using Rvirt.Tests.Devices.Network;

namespace Rvirt.Tests.Devices.Bus;

/// <summary>Guests with a network card each at one network: what one's driver sends is in the other's RAM when the notification returns.</summary>
public sealed unsafe class GuestNetworkTests
{
    private static readonly byte[] Everybody = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    [Test]
    public void WhatAGuestSendsHasArrivedWhenItsNotificationReturns()
    {
        using var net = new Net(2);
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 300, 7);
        net[1].Give(1);
        net[0].Send(frame);
        Assert.That(net[1].Take(), Is.EqualTo([frame]));
        Assert.That(net[1].Guest.Bus->SlotCounters(1).GuestInterrupts, Is.EqualTo(1));
        Assert.That(net[0].Guest.Bus->SlotCounters(1).HostInterrupts, Is.Zero);
    }

    /// <summary>More than a receiver's queue at the switch has room for, in one notification: it comes in rounds, and none is lost.</summary>
    [Test]
    public void AQueueFullOfFramesArrivesWholeAndInOrder([Values(2, 3, 9)] int guests, [Values] bool events)
    {
        using var net = new Net(guests, events);
        var frames = Enumerable.Range(0, (int)NetworkGuest.QueueSize / 2).Select(i => TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 60 + i, (byte)i)).ToArray();
        net[1].Give((int)NetworkGuest.QueueSize / 2);
        net[0].Send(frames);
        Assert.That(net[1].Take(), Is.EqualTo(frames));
        Assert.That(net[0].Sender.UsedIndex, Is.EqualTo(frames.Length));
        Assert.That(net.Counters(0).Dropped, Is.Zero);
    }

    /// <summary>Port 0 floods everybody and takes nothing: what the others send each other arrives, by count, and so does what they send to it while it has room.</summary>
    [Test]
    public void AFloodTakesNothingFromOthers()
    {
        using var net = new Net(4);
        for (var round = 0; round < 200; round++)
        {
            net[0].Send([.. Enumerable.Repeat(TestNetwork.Frame(Everybody, TestNetwork.Bytes(0), 1514, 0xee), 20)]);
            var frame = TestNetwork.Frame(TestNetwork.Bytes(2), TestNetwork.Bytes(1), 100, (byte)round);
            net[1].Send(frame);
            // It had no buffers while the flood came: it gives some, and gets what waits, of each sender in turn.
            net[2].Give(4);
            net[2].Receiver.Notify();
            var got = net[2].Take();
            Assert.That(got, Has.Some.EqualTo(frame), $"round {round}");
            Assert.That(got, Has.Count.EqualTo(4));
        }

        Assert.That(net.Counters(1).Dropped, Is.Zero);
        Assert.That(net.Counters(0).Dropped, Is.GreaterThan(1000));
    }

    [Test]
    public void AFrameFromAnotherSAddressGoesNowhere()
    {
        using var net = new Net(3);
        net[1].Give(1);
        net[0].Send(TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(2), 100, 1));
        Assert.That(net[1].Take(), Is.Empty);
        Assert.That(net.Counters(0).Refused, Is.EqualTo(1));
    }

    [Test]
    public void AGuestThatIsResetGetsNothingAndABrokenNeighbourDoesNotStopTheSender()
    {
        using var net = new Net(2);
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, 1);
        net[1].Give(1);
        // A chain that leads out of RAM.
        net[1].Receiver.Descriptor(net[1].Receiver.Descriptors, 0, TestGuest.GuestRam + TestGuest.RamBytes - 4, 2048, 2, 0);
        net[0].Send(frame);
        Assert.That(net[1].Status & VirtioStatus.NeedsReset, Is.Not.Zero);
        Assert.That(net[0].Status & VirtioStatus.NeedsReset, Is.Zero);
        net[0].Send(frame);
        Assert.That(net.Counters(0).Dropped, Is.EqualTo(1), "its port has closed");

        var host = net[1].Guest.Machine.Host;
        Assert.That(net[1].Guest.Bus->ResetAll(ref host));
        net[1].Open(events: false);
        net[1].Give(1);
        net[0].Send(frame);
        Assert.That(net[1].Take(), Is.EqualTo([frame]));
        Assert.That(net[1].Guest.Bus->ResetAll(ref host));
        net[0].Send(frame);
        Assert.That(net.Counters(0).Dropped, Is.EqualTo(2));
    }

    [Test]
    public void WhatComesWhileAGuestIsHeldWaitsUntilItIsLetGo()
    {
        using var net = new Net(2);
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, 1);
        net[1].Give(2);
        net[1].Guest.Bus->Hold();
        net[0].Send(frame);
        Assert.That(net[1].Take(), Is.Empty);
        var host = net[1].Guest.Machine.Host;
        net[1].Guest.Bus->LetGo(ref host);
        Assert.That(net[1].Take(), Is.EqualTo([frame]));
    }

    /// <summary>A clone goes on with the queues of the other where its driver stands, in its own RAM, and has the address of its own port.</summary>
    [Test]
    public void ACloneGoesOnWhereTheOtherStoodWithAnAddressOfItsOwn()
    {
        using var net = new Net(3);
        net[0].Give(3);
        var frame = TestNetwork.Frame(TestNetwork.Bytes(0), TestNetwork.Bytes(2), 100, 1);
        net[2].Send(frame);
        var (from, to) = (net[0].Guest, net[1].Guest);
        var host = to.Machine.Host;
        to.Bus->ResetAll(ref host);
        from.Bus->Hold();
        to.Bus->Hold();
        Assert.That(from.Bus->FindObstacle(out _), Is.EqualTo(SnapshotObstacle.None));
        Assert.That(to.Bus->IsLike(*from.Bus, out _));
        new Span<byte>(from.Memory.Pointer, (int)TestGuest.RamBytes).CopyTo(new Span<byte>(to.Memory.Pointer, (int)TestGuest.RamBytes));
        to.Bus->Continue(ref host, *from.Bus);
        to.Bus->LetGo(ref host);
        from.Bus->LetGo(ref host);

        Assert.That(net[0].Take(), Is.EqualTo([frame]));
        net[1].Adopt(net[0], given: 3);
        Assert.That(net[1].Take(), Is.EqualTo([frame]), "which the other had got by then");
        var mine = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(2), 90, 2);
        net[2].Send(mine);
        Assert.That(net[1].Take(), Is.EqualTo([mine]));
        Assert.That(net[0].Take(), Is.Empty);
        Assert.That(to.Read(NetworkGuest.Slot + VirtioRegister.Configuration + 5, 1), Is.EqualTo(2), "the address's last byte");
    }

    [Test]
    public void ACardGoesIntoTheFirstSlotWithNothingBehindIt()
    {
        using var net = new Net(1);
        var devices = GuestDevices.Standard(1);
        for (var slot = 0; slot < devices.SlotCount; slot++)
        {
            Assert.That(devices.FreeSlot, Is.EqualTo(slot));
            Assert.That(devices.TryNetwork(slot, out _, out _), Is.False);
            Assert.That(devices.Attach(slot, 0x1000, 1));
        }

        Assert.That(devices.FreeSlot, Is.EqualTo(devices.SlotCount));
        Assert.That(GuestNetwork<DeviceHost>.TryConnect(net.Network, net[0].Guest.Bus, ref devices, 0x10), Is.False);
        Assert.That(devices.AttachNetwork(devices.SlotCount, null, 0), Is.False);
    }

    // The network in memory of its own, and guests 52:54:00:72:76:01 and on.
    private sealed class Net : IDisposable
    {
        private readonly void* _buffers;
        private readonly NetworkGuest[] _cards;

        public Net(int guests, bool events = false)
        {
            _buffers = NativeMemory.AllocZeroed((nuint)EthernetSwitch.BytesNeeded(guests + 1));
            Network = (GuestNetwork<DeviceHost>*)NativeMemory.AllocZeroed((nuint)sizeof(GuestNetwork<DeviceHost>));
            GuestNetwork<DeviceHost>.Initialize(Network, guests, (byte*)_buffers);
            _cards = [.. Enumerable.Range(0, guests).Select(i => new NetworkGuest(Network, i, events))];
        }

        public GuestNetwork<DeviceHost>* Network { get; }

        public NetworkGuest this[int guest] => _cards[guest];

        public PortCounters Counters(int guest)
        {
            var devices = _cards[guest].Guest.Devices;
            return devices.TryNetwork(1, out var network, out var port) ? network->Counters(port) : throw new InvalidOperationException("there is no card");
        }

        public void Dispose()
        {
            foreach (var card in _cards)
            {
                card.Guest.Dispose();
            }

            NativeMemory.Free(_buffers);
            NativeMemory.Free(Network);
        }
    }
}
