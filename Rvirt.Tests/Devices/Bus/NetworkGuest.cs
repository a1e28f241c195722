using System;
using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Served;
using Rvirt.Testing.Devices;
using Rvirt.Tests.Devices.Network;

namespace Rvirt.Tests.Devices.Bus;

/// <summary>A guest with a network card in its second slot, and a driver of that; its address is 52:54:00:72:76 and its port's number plus one.</summary>
internal sealed unsafe class NetworkGuest : IGuestSlot
{
    public const ulong Slot = TestGuest.Slot0 + 0x1000;
    public const uint QueueSize = 64;

    private const ulong ReceiveRings = TestGuest.GuestRam + 0x1_0000;
    private const ulong SendRings = TestGuest.GuestRam + 0x2_0000;
    private const ulong ReceiveBuffers = TestGuest.GuestRam + 0x4_0000;
    private const ulong SendBuffers = TestGuest.GuestRam + 0x8_0000;

    private ulong _given;
    private ulong _taken;
    private ulong _sent;

    public NetworkGuest(GuestNetwork<DeviceHost>* network, int port, bool events)
    {
        Guest = new TestGuest(network: network, mac: BitConverter.ToUInt64([.. TestNetwork.Bytes(port), 0, 0]));
        Open(events);
    }

    public TestGuest Guest { get; }

    public GuestDriver Receiver { get; private set; } = null!;

    public GuestDriver Sender { get; private set; } = null!;

    public uint Status => Register(VirtioRegister.Status);

    public uint Register(uint offset) => (uint)Guest.Read(Slot + offset);

    public void Register(uint offset, uint value) => Guest.Write(Slot + offset, value);

    public byte* Ram(ulong guestAddress) => Guest.Ram(guestAddress);

    public void Open(bool events)
    {
        (_given, _taken) = (0, 0);
        new Span<byte>(Guest.Ram(ReceiveRings), 0x2_0000).Clear();
        GuestDriver.Begin(this, false, events, NetworkPort.Mac);
        Receiver = new GuestDriver(this, 0, QueueSize, ReceiveRings, false, events);
        Sender = new GuestDriver(this, 1, QueueSize, SendRings, false, events);
        Receiver.Start();
        Sender.Start();
        GuestDriver.Finish(this);
    }

    /// <summary>Goes on as the other's driver, of which this one's RAM is a copy.</summary>
    public void Adopt(NetworkGuest other, int given)
    {
        Receiver = new GuestDriver(this, 0, QueueSize, ReceiveRings, false, false);
        Sender = other.Sender;
        (_given, _taken) = ((ulong)given, 0);
    }

    /// <summary>Gives that many buffers; the device is not told.</summary>
    public void Give(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.That(Receiver.Add((ReceiveBuffers + (2048 * (_given++ % QueueSize)), 2048u, true)), Is.Not.Negative);
        }
    }

    /// <summary>Sends frames behind headers, with one notification.</summary>
    public void Send(params byte[][] frames)
    {
        foreach (var frame in frames)
        {
            var at = SendBuffers + (2048 * (_sent++ % QueueSize));
            frame.CopyTo(new Span<byte>(Ram(at + NetworkPort.HeaderBytes), frame.Length));
            Assert.That(Sender.Add((at, NetworkPort.HeaderBytes + (uint)frame.Length, false)), Is.Not.Negative);
        }

        Sender.Notify();
        while (Sender.TryTake(out _, out _))
        {
        }
    }

    /// <summary>Takes what has come.</summary>
    public List<byte[]> Take()
    {
        var frames = new List<byte[]>();
        while (Receiver.TryTake(out _, out var written))
        {
            var at = ReceiveBuffers + (2048 * (_taken++ % QueueSize));
            frames.Add(new Span<byte>(Ram(at + NetworkPort.HeaderBytes), (int)(written - NetworkPort.HeaderBytes)).ToArray());
        }

        return frames;
    }
}
