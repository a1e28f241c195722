using System;
using NUnit.Framework;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Served;
using Rvirt.Testing.Devices;
using Rvirt.Tests.Devices.Network;

namespace Rvirt.Tests.Devices.Virtio;

/// <summary>Network cards of two guests at one switch: frames go from one's chains to the other's, and broken chains go nowhere.</summary>
public sealed unsafe class NetworkPortTests
{
    private const ulong ReceiveRings = QueueRam.Base + 0x2000;
    private const ulong SendRings = QueueRam.Base + 0x6000;
    private const ulong Buffers = QueueRam.Base + 0xa000;
    private static readonly bool[] Flags = [false, true];

    [Test]
    public void AFrameGoesFromOneGuestToTheOther(
        [ValueSource(nameof(Flags))] bool indirect, [ValueSource(nameof(Flags))] bool events, [Values(14, 60, 1514)] int length, [Values(1, 5, 12, 13, 40)] int cut)
    {
        using var network = new TestNetwork(2);
        using var one = new Card(network, 0, indirect, events);
        using var two = new Card(network, 1, indirect, events);
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), length, 0x5a);
        two.Give(2048);
        one.Send(frame, (uint)cut);
        Assert.That(one.Slot.Transport.Backend.TakeTold(), Is.EqualTo(2));
        Assert.That(one.Slot.Transport.Backend.TakeTold(), Is.Zero);
        Assert.That(one.Sender.TryTake(out _, out var written) && written == 0);
        two.Slot.Service();
        Assert.That(two.Slot.Transport.InterruptLine);
        Assert.That(two.Take(), Is.EqualTo(frame));
    }

    [Test]
    public void WhatComesWithoutABufferWaitsForOne([ValueSource(nameof(Flags))] bool events)
    {
        using var network = new TestNetwork(2);
        using var one = new Card(network, 0, false, events);
        using var two = new Card(network, 1, false, events);
        // More than once: the first index that a driver tells of is 0, which nobody has to ask for.
        for (byte round = 1; round <= 3; round++)
        {
            var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, round);
            one.Send(frame, 12);
            two.Slot.Service();
            var since = two.Receiver.AvailableIndex;
            two.Give(2048);
            two.Receiver.Kick(since);
            Assert.That(two.Receiver.Notifications, Is.EqualTo(round), "the driver was asked to tell");
            Assert.That(two.Take(), Is.EqualTo(frame));
        }
    }

    [Test]
    public void AChainThatIsTooShortLosesItsFrameAndIsWrittenNowhere()
    {
        using var network = new TestNetwork(2);
        using var one = new Card(network, 0, false, false);
        using var two = new Card(network, 1, false, false);
        two.Give(12 + 99);
        one.Send(TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, 1), 12);
        two.Slot.Service();
        Assert.That(two.Receiver.TryTake(out _, out _), Is.False);
        Assert.That(new Span<byte>(two.Slot.Ram(Buffers), 2048).ToArray(), Is.All.Zero);
        Assert.That(network.Switch->Counters(1).TooLong, Is.EqualTo(1));
        one.Send(TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 99, 2), 12);
        two.Slot.Service();
        Assert.That(two.Take(), Has.Length.EqualTo(99));
    }

    [Test]
    public void ABrokenChainStopsTheCardAndSendsNothing()
    {
        using var network = new TestNetwork(2);
        using var one = new Card(network, 0, false, false);
        using var two = new Card(network, 1, false, false);
        one.Sender.Add((Buffers, 12u, false), (QueueRam.End - 10, 60u, false));
        one.Sender.Notify();
        Assert.That(one.Slot.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero);
        Assert.That(one.Slot.Transport.TakeReport(out var queue), Is.EqualTo(QueueFault.Buffer));
        Assert.That(queue, Is.EqualTo(1));
        Assert.That(network.Waiting(), Is.All.Zero);
    }

    [Test]
    public void AResetDropsWhatWaitsAndClosesThePort()
    {
        using var network = new TestNetwork(2);
        using var one = new Card(network, 0, false, false);
        using var two = new Card(network, 1, false, false);
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 100, 1);
        one.Send(frame, 12);
        Assert.That(two.Slot.Reset());
        Assert.That(network.Waiting(), Is.All.Zero);
        one.Send(frame, 12);
        Assert.That(network.Switch->Counters(0).Dropped, Is.EqualTo(1));
    }

    [Test]
    public void TheConfigurationSpaceHasAddressAndLink()
    {
        using var network = new TestNetwork(1);
        using var card = new Card(network, 0, false, false);
        byte[] expected = [.. TestNetwork.Bytes(0), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        foreach (var size in new[] { 1, 2, 4, 8 })
        {
            for (var offset = 0; offset < expected.Length; offset += size)
            {
                var value = card.Slot.Read(0x100 + (uint)offset, size);
                Assert.That(BitConverter.GetBytes(value)[..size], Is.EqualTo(expected[offset..(offset + size)]));
            }
        }
    }

    private sealed class Card : IDisposable
    {
        private ulong _given;
        private ulong _taken;

        public Card(TestNetwork network, int port, bool indirect, bool events)
        {
            var backend = default(SlotBackend);
            backend.Use(new NetworkPort(network.Switch, port));
            Slot = new(backend);
            GuestDriver.Begin(Slot, indirect, events, NetworkPort.Mac | NetworkPort.Status);
            Receiver = new GuestDriver(Slot, 0, 16, ReceiveRings, indirect, events);
            Sender = new GuestDriver(Slot, 1, 16, SendRings, indirect, events);
            Receiver.Start();
            Sender.Start();
            GuestDriver.Finish(Slot);
        }

        public ServedSlot<SlotBackend> Slot { get; }

        public GuestDriver Receiver { get; }

        public GuestDriver Sender { get; }

        /// <summary>Gives a buffer for a frame, cut in two.</summary>
        public void Give(uint bytes)
        {
            var at = Buffers + (2048 * _given++);
            Receiver.Add((at, 7u, true), (at + 7, bytes - 7, true));
        }

        /// <summary>Sends a frame behind a header, in one buffer up to the cut and one from there.</summary>
        public void Send(byte[] frame, uint cut)
        {
            var at = Buffers + 0x4000;
            new Span<byte>(Slot.Ram(at), 12).Fill(0xcc);
            frame.CopyTo(new Span<byte>(Slot.Ram(at + 12), frame.Length));
            var all = 12u + (uint)frame.Length;
            cut = Math.Min(cut, all - 1);
            Sender.Add((at, cut, false), (at + cut, all - cut, false));
            Sender.Notify();
        }

        /// <summary>Takes the next frame, whose header says one buffer and nothing else.</summary>
        public byte[] Take()
        {
            Assert.That(Receiver.TryTake(out _, out var written));
            var packet = new Span<byte>(Slot.Ram(Buffers + (2048 * _taken++)), (int)written).ToArray();
            Assert.That(packet[..12], Is.EqualTo(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 }));
            return packet[12..];
        }

        public void Dispose() => Slot.Dispose();
    }
}
