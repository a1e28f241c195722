using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.Bus;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Network;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;
using Rvirt.Tests.Devices.Network;

namespace Rvirt.Tests.Devices.Bus;

/// <summary>Two guests at a network with a wire, whose card is a fake of the host's: what goes over the wire and what does not, and a card that lies, is late or never answers.</summary>
public sealed unsafe class WireTests
{
    private const ulong CardAddress = 0x1000_7000;
    private const ulong CardMemory = FakeMachine.RamBase + 0x10_0000;
    private static readonly byte[] Everybody = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    private static readonly byte[] Outside = [0x52, 0x55, 0x0a, 0x00, 0x02, 0x02];

    [Test]
    public void WhatIsForNobodyHereGoesOutAndWhatIsForAGuestDoesNot([Values(1u, 2u)] uint version)
    {
        using var net = new Net(version);
        var out1 = TestNetwork.Frame(Outside, TestNetwork.Bytes(0), 1514, 1);
        var all = TestNetwork.Frame(Everybody, TestNetwork.Bytes(0), 60, 2);
        net[1].Give(4);
        net[0].Send(out1, TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, 3), all);
        Assert.That(net.Sent, Is.EqualTo([out1, all]));
        Assert.That(net[1].Take(), Has.Count.EqualTo(2), "its own and the one for all");
        Assert.That((net.Wire.Received, net.Wire.TooLong), Is.EqualTo((2UL, 0UL)));
    }

    [Test]
    public void WhatComesGoesToWhomItIsFor([Values(1u, 2u)] uint version)
    {
        using var net = new Net(version);
        net[0].Give(10);
        net[1].Give(10);
        var mine = TestNetwork.Frame(TestNetwork.Bytes(1), Outside, 1514, 1);
        var all = TestNetwork.Frame(Everybody, Outside, 60, 2);
        net.Come(
            mine,
            all,
            TestNetwork.Frame([0x52, 0x54, 0, 1, 2, 3], Outside, 60, 3),
            TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 60, 4),
            TestNetwork.Frame(TestNetwork.Bytes(1), Everybody, 60, 5),
            TestNetwork.Frame(TestNetwork.Bytes(1), Outside, 13, 6),
            TestNetwork.Frame(TestNetwork.Bytes(1), Outside, 1515, 7));
        Assert.That(net[0].Take(), Is.EqualTo([all]));
        Assert.That(net[1].Take(), Is.EqualTo([mine, all]));
        Assert.That(net.Sent, Is.Empty, "nothing comes back");
        Assert.That((net.Wire.Sent, net.Wire.Refused), Is.EqualTo((3UL, 2UL)), "what is no frame is not even that");
    }

    /// <summary>More than a guest's queue at the switch has room for, and more than the card has buffers for: none is lost, as the card gets its buffers back.</summary>
    [Test]
    public void ABurstArrivesWhole([Values(1u, 2u)] uint version)
    {
        using var net = new Net(version);
        for (var round = 0; round < 5; round++)
        {
            var frames = Enumerable.Range(0, 60).Select(i => TestNetwork.Frame(TestNetwork.Bytes(1), Outside, 60 + i, (byte)i)).ToArray();
            net[1].Give(60);
            net.Come(frames);
            Assert.That(net[1].Take(), Is.EqualTo(frames), $"round {round}");
        }
    }

    [TestCase(0u, 99u)]
    [TestCase(0u, 0xffff_ffffu)]
    [TestCase(1u, 99u)]
    public void ACardThatGivesBackWhatItDoesNotHaveIsStoppedAndGuestsGoOn(uint queue, uint head)
    {
        using var net = new Net(2);
        net.Device.Immediate = false;
        net.Device.ReturnBogus(queue, head);
        var resets = net.Device.Resets;
        net.Interrupt();
        // What it took of sent frames is looked at when buffers run out.
        for (var i = 0; i < 70; i++)
        {
            net[0].Send(TestNetwork.Frame(Outside, TestNetwork.Bytes(0), 60, 1));
        }

        Assert.That(net.Device.Resets, Is.EqualTo(resets + 1));
        Assert.That(net[0].Guest.Output, Does.Contain("gave back what it did not have"));
        StillTalk(net);
        Assert.That(net.Sent, Is.Empty);
        var notified = net.Device.Notifications;
        net[0].Send(TestNetwork.Frame(Outside, TestNetwork.Bytes(0), 60, 1));
        Assert.That(net.Device.Notifications, Is.EqualTo(notified));
    }

    /// <summary>It says that it gave back more than there is.</summary>
    [Test]
    public void ACardWhoseIndexJumpsIsStopped()
    {
        using var net = new Net(1);
        // Of the first queue: the used ring's index (virtio 1.2 §2.7), on the second page.
        *(ushort*)(net[0].Guest.Machine.Pointer(CardMemory) + 4096 + 2) = 65;
        net.Interrupt();
        Assert.That(net[0].Guest.Output, Does.Contain("gave back what it did not have"));
        StillTalk(net);
    }

    [TestCase(0u)]
    [TestCase(11u)]
    [TestCase(12u)]
    [TestCase(2049u)]
    [TestCase(0x7fff_ffffu)]
    public void ALengthThatIsNoFrameSIsNoFrame(uint written)
    {
        using var net = new Net(2);
        net[1].Give(2);
        net.Written = written;
        net.Come(TestNetwork.Frame(TestNetwork.Bytes(1), Outside, 60, 1));
        Assert.That(net[1].Take(), Is.Empty);
        net.Written = null;
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), Outside, 60, 2);
        net.Come(frame);
        Assert.That(net[1].Take(), Is.EqualTo([frame]));
    }

    /// <summary>It never takes a frame, and then all at once.</summary>
    [Test]
    public void ACardThatIsLateLosesFramesAndNobodyWaits()
    {
        using var net = new Net(1);
        net.Device.Immediate = false;
        for (var i = 0; i < 100; i++)
        {
            net[0].Send(TestNetwork.Frame(Outside, TestNetwork.Bytes(0), 60, (byte)i));
        }

        Assert.That((net.Wire.Received, net.Wire.TooLong), Is.EqualTo((100UL, 36UL)));
        StillTalk(net);
        net.Device.Run(1);
        Assert.That(net.Sent.Select(frame => frame[20]), Is.EqualTo(Enumerable.Range(0, 64)));
        net.Device.Immediate = true;
        net[0].Send(TestNetwork.Frame(Outside, TestNetwork.Bytes(0), 60, 200));
        Assert.That(net.Sent[^1][20], Is.EqualTo(200));
    }

    [Test]
    public void ADeviceThatIsNoCardOrHasNoQueuesIsNoWire([Values(VirtioKind.Block, VirtioKind.Network)] uint kind, [Values(0u, 1u, 7u, 256u)] uint size)
    {
        using var machine = new FakeMachine(0x20_0000);
        machine.Add(new FakeVirtioDevice(machine, CardAddress, 7, 2, kind, size));
        machine.AllowDma(CardMemory, HostVirtioNetwork.BytesNeeded);
        var host = machine.Host;
        var network = (GuestNetwork<DeviceHost>*)NativeMemory.AllocZeroed((nuint)sizeof(GuestNetwork<DeviceHost>));
        GuestNetwork<DeviceHost>.Initialize(network, 1, null);
        Assert.That(GuestNetwork<DeviceHost>.TryFindCard(ref host, CardAddress, out var card), Is.EqualTo(kind == VirtioKind.Network));
        if (kind == VirtioKind.Network)
        {
            Assert.That(
                GuestNetwork<DeviceHost>.TryConnectWire(
                    network, ref host, card, new HostDevice { Base = CardAddress }, FakeMachine.Timebase, machine.Pointer(CardMemory), machine.Window, null),
                Is.EqualTo(size != 0));
        }

        NativeMemory.Free(network);
    }

    private static void StillTalk(Net net)
    {
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 200, 9);
        net[1].Give(1);
        net[0].Send(frame);
        Assert.That(net[1].Take(), Is.EqualTo([frame]));
    }

    // The card is on the first guest's host, whose hart does what is done.
    private sealed class Net : IDisposable
    {
        private readonly void* _buffers;
        private readonly NetworkGuest[] _guests;
        private readonly Queue<byte[]> _coming = new();
        private readonly uint _header;

        public Net(uint version)
        {
            _header = version == 1 ? 10u : 12u;
            _buffers = NativeMemory.AllocZeroed((nuint)EthernetSwitch.BytesNeeded(3));
            Network = (GuestNetwork<DeviceHost>*)NativeMemory.AllocZeroed((nuint)sizeof(GuestNetwork<DeviceHost>));
            GuestNetwork<DeviceHost>.Initialize(Network, 3, (byte*)_buffers);
            _guests = [new(Network, 0, false), new(Network, 1, false)];
            var machine = _guests[0].Guest.Machine;
            Device = new FakeVirtioDevice(machine, CardAddress, 7, version, VirtioKind.Network, 256, queues: 2) { Serve = Serve };
            machine.Add(Device);
            machine.AllowDma(CardMemory, HostVirtioNetwork.BytesNeeded);
            var host = machine.Host;
            Assert.That(GuestNetwork<DeviceHost>.TryFindCard(ref host, CardAddress, out var card));
            Assert.That(
                GuestNetwork<DeviceHost>.TryConnectWire(
                    Network, ref host, card, new HostDevice { Base = CardAddress }, FakeMachine.Timebase, machine.Pointer(CardMemory), machine.Window, _guests[0].Guest.Console));
        }

        public GuestNetwork<DeviceHost>* Network { get; }

        public FakeVirtioDevice Device { get; }

        /// <summary>What passed through the wire's port, the third.</summary>
        public PortCounters Wire => _guests[0].Guest.Devices.TryNetwork(1, out var network, out _) ? network->Counters(2) : default;

        /// <summary>Frames that went out.</summary>
        public List<byte[]> Sent { get; } = [];

        /// <summary>What the card says that it wrote, where that is not the truth.</summary>
        public uint? Written { get; set; }

        public NetworkGuest this[int guest] => _guests[guest];

        /// <summary>Frames come over the wire; the card interrupts once.</summary>
        public void Come(params byte[][] frames)
        {
            foreach (var frame in frames)
            {
                _coming.Enqueue(frame);
            }

            Device.Run(0);
            Assert.That(_coming, Is.Empty, "the card had buffers for all");
            Interrupt();
        }

        public void Interrupt()
        {
            var host = _guests[0].Guest.Machine.Host;
            Network->ServeWire(ref host);
            Assert.That(Device.InterruptStatus, Is.Zero);
        }

        public void Dispose()
        {
            foreach (var guest in _guests)
            {
                guest.Guest.Dispose();
            }

            NativeMemory.Free(_buffers);
            NativeMemory.Free(Network);
        }

        private int Serve(uint queue, byte[] readable, List<(ulong Address, uint Length)> writable)
        {
            if (queue == 1)
            {
                Assert.That(readable[..(int)_header], Is.All.Zero);
                Sent.Add(readable[(int)_header..]);
                return 0;
            }

            if (!_coming.TryDequeue(out var frame))
            {
                return -1;
            }

            frame.CopyTo(new Span<byte>(_guests[0].Guest.Machine.Dma(writable[0].Address + _header, (ulong)frame.Length), frame.Length));
            return (int)(Written ?? ((uint)frame.Length + _header));
        }
    }
}
