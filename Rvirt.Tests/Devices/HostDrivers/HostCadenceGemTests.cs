using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Platform.Unleashed;
using Rvirt.Testing.Memory;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>The driver of the Cadence GEM on a model of it: what it sets up, frames both ways, and a card and a wire that are not as one wishes.</summary>
public sealed unsafe class HostCadenceGemTests
{
    private const uint Second = 1_000_000;

    private static readonly byte[] Tree = Tools.Compile("""
        /dts-v1/;
        / {
            #address-cells = <2>; #size-cells = <2>;
            ethernet@10090000 { compatible = "sifive,fu540-c000-gem"; reg = <0 0x10090000 0 0x2000 0 0x100a0000 0 0x1000>; interrupts = <53>; };
            ethernet@20090000 { compatible = "sifive,fu540-c000-gem"; reg = <0 0x20090000 0 0x2000>; };
            ethernet@30090000 { compatible = "sifive,fu540-c000-gem"; reg = <0 0x30090000 0 0x2000 0 0x100a0000 0 0x1000>; };
        };
        """);

    [Test]
    public void ItsRegistersAreThoseOfCardAndClock()
    {
        using var tree = new GuardedBuffer(Tree);
        Assert.That(Locate(tree, "/ethernet@10090000", out var address, out var size), Is.True);
        Assert.That((address, size), Is.EqualTo((0x1009_0000UL, 0x1_1000UL)));
        Assert.That(Locate(tree, "/ethernet@20090000", out _, out _), Is.False, "no clock");
        Assert.That(Locate(tree, "/ethernet@30090000", out _, out _), Is.False, "a clock that is elsewhere");
    }

    /// <summary>All frames, without checksums, of up to 1536 bytes; the bus of 64 bits; interrupts for what came and for trouble; and the speed that both ends can do.</summary>
    [TestCase(0x01e1, 0x0c00, 0x402u, 0u, Description = "1000 full")]
    [TestCase(0x01e1, 0x0400, 0x400u, 0u, Description = "1000 half")]
    [TestCase(0x01e1, 0x0000, 0x003u, 1u, Description = "100 full")]
    [TestCase(0x00a1, 0x0000, 0x001u, 1u, Description = "100 half")]
    [TestCase(0x0061, 0x0000, 0x002u, 1u, Description = "10 full")]
    [TestCase(0x0021, 0x0000, 0x000u, 1u, Description = "10 half")]
    [TestCase(0x0000, 0x0000, 0x402u, 0u, Description = "nobody")]
    public void ItTakesAllFramesAtTheSpeedOfTheWire(int partner, int gigabit, uint speed, uint clock)
    {
        using var world = new World(start: false);
        world.Card.SetLink((ushort)partner, (ushort)gigabit);
        Assert.That(world.Start());
        Assert.That(world.Card[4], Is.EqualTo(0x003e_0110 | speed));
        Assert.That(world.Card.Clock, Is.EqualTo([clock]));
        Assert.That(world.Card[0] & 0x1c, Is.EqualTo(0x1c));
        Assert.That(world.Card.Negotiations, Is.EqualTo(partner == 0 ? 1 : 0), "where there is a link it stays as it is");
        Assert.That(world.Driver.IsUp);
    }

    /// <summary>Nobody tells of the wire: it is looked at once a second while frames pass.</summary>
    [Test]
    public void AnotherWireIsNoticedWithinASecond()
    {
        using var world = new World();
        world.Card.SetLink(0, 0);
        world.Card.Time += Second;
        world.Send(60);
        Assert.That(world.Card.Clock, Is.EqualTo([0u]), "without a link nothing changes");
        world.Card.SetLink(0x01e1, 0);
        world.Card.Time += Second - 1;
        world.Send(60);
        Assert.That(world.Card.Clock, Is.EqualTo([0u]));
        world.Card.Time++;
        world.Send(60);
        Assert.That((world.Card.Clock, world.Card[4] & 0x403), Is.EqualTo((new List<uint> { 0, 1 }, 3u)));
        var accesses = world.Card.Accesses;
        world.Send(60);
        Assert.That(world.Card.Accesses - accesses, Is.EqualTo(1), "and else not");
    }

    [TestCase(0)]
    [TestCase(7)]
    [TestCase(31)]
    public void ThePhyIsFoundWhereverItIs(int address)
    {
        using var world = new World(start: false, phy: address);
        Assert.That(world.Start());
    }

    [Test]
    public void ACardThatCannotBeDrivenDoesNotStart()
    {
        foreach (var (world, why) in new[]
        {
            (new World(start: false, phy: -1), "no PHY"), (new World(start: false, wide: false), "addresses of 32 bits"), (new World(start: false, clocked: false), "no clock"),
        })
        {
            Assert.That(world.Start(), Is.False, why);
            Assert.That(world.Driver.IsUp, Is.False, why);
            Assert.That(world.Card.Accesses, Is.LessThan(1 << 20), why);
            Assert.That((world.Send(60), world.Take()), Is.EqualTo((false, (byte[]?)null)), why);
            world.Dispose();
        }
    }

    [Test]
    public void FramesGoOutAsTheyAre([Values] bool clearsOnRead)
    {
        using var world = new World(clearsOnRead: clearsOnRead);
        var frames = Enumerable.Range(0, 300).Select(i => Bytes(14 + (i * 5), i)).ToList();
        foreach (var frame in frames)
        {
            Assert.That(world.Send(frame));
        }

        Assert.That(world.Card.Sent, Has.Count.EqualTo(300));
        foreach (var (frame, sent) in frames.Zip(world.Card.Sent))
        {
            Assert.That(sent.AsSpan(0, frame.Length).SequenceEqual(frame));
            Assert.That(sent.AsSpan(frame.Length).IndexOfAnyExcept((byte)0), Is.LessThan(0), "a short frame has zeros behind it");
        }
    }

    /// <summary>What the card does not send has its buffer; what came after is dropped, and nobody waits.</summary>
    [Test]
    public void ACardThatSendsNothingHasFramesDroppedAndGoesOn()
    {
        using var world = new World();
        world.Card.IsSlow = true;
        Assert.That(Enumerable.Range(0, 100).Count(i => world.Send(60 + i)), Is.EqualTo(64));
        world.Card.SendAll();
        Assert.That(world.Card.Sent.Select(frame => frame.Length), Is.EqualTo(Enumerable.Range(60, 64)));
        Assert.That(world.Send(70));
        Assert.That(world.Card.Sent[^1], Has.Length.EqualTo(70));
    }

    [Test]
    public void FramesComeInAsTheyAre([Values] bool clearsOnRead)
    {
        using var world = new World(clearsOnRead: clearsOnRead);
        for (var round = 0; round < 20; round++)
        {
            var frames = Enumerable.Range(0, 60 - round).Select(i => Bytes(14 + (i * 25), round + i)).ToList();
            frames.ForEach(frame => world.Card.Receive(frame));
            Assert.That(world.Card.Interrupts);
            Assert.That(world.TakeAll(), Is.EqualTo(frames));
            Assert.That(world.Card.Interrupts, Is.False);
        }

        Assert.That(world.Card.Lost, Is.Zero);
    }

    /// <summary>What finds no buffer is lost, and the card stops; it is set going again.</summary>
    [Test]
    public void ABurstThatIsTooLongStopsNothing()
    {
        using var world = new World();
        for (var round = 0; round < 5; round++)
        {
            var frames = Enumerable.Range(0, 80).Select(i => Bytes(60 + i, i)).ToList();
            frames.ForEach(frame => world.Card.Receive(frame));
            Assert.That(world.TakeAll(), Is.EqualTo(frames.Take(64)));
            Assert.That(world.Card.Lost, Is.EqualTo(16 * (round + 1)));
        }
    }

    /// <summary>A buffer that is still held when its turn comes again is not given out a second time; what came behind it waits.</summary>
    [TestCase(0u)]
    [TestCase(40u)]
    public void ABufferThatIsHeldIsNotGivenOutAgain(uint held)
    {
        using var world = new World();
        Enumerable.Range(0, 64).ToList().ForEach(i => world.Card.Receive(Bytes(60 + i, i)));
        for (var i = 0u; i < 64; i++)
        {
            Assert.That(world.TryTake(out var index, out var length));
            Assert.That((index, length), Is.EqualTo((i, 60 + i)));
        }

        Assert.That(world.TryTake(out _, out _), Is.False, "all are held");
        for (var i = 0u; i < 64; i++)
        {
            if (i != held)
            {
                world.Driver.Give(i);
            }
        }

        Enumerable.Range(0, 64).ToList().ForEach(i => world.Card.Receive(Bytes(200 + i, i)));
        Assert.That(world.TakeAll(), Has.Count.EqualTo(held));
        world.Driver.Give(held);
        world.TakeAll();
        var frame = Bytes(99, 1);
        world.Card.Receive(frame);
        Assert.That(world.TakeAll(), Is.EqualTo([frame]));
    }

    [TestCase(0x10u)]
    [TestCase(0x20u)]
    [TestCase(0x40u)]
    public void AnErrorWhileSendingLosesWhatWaitsAndNothingElse(uint cause)
    {
        using var world = new World();
        Assert.That(Enumerable.Range(0, 10).All(i => world.Send(60 + i)));
        world.Card.IsSlow = true;
        Assert.That(Enumerable.Range(0, 5).All(i => world.Send(100 + i)));
        world.Card.Trouble(cause);
        Assert.That(world.Card.Interrupts);
        world.TakeAll();
        world.Card.SendAll();
        Assert.That(world.Send(200) && world.Send(201));
        Assert.That(world.Card.Sent.Skip(10).Select(frame => frame.Length), Is.EqualTo([200, 201]));
        var frame = Bytes(99, 1);
        world.Card.Receive(frame);
        Assert.That(world.TakeAll(), Is.EqualTo([frame]));
    }

    [Test]
    public void AnErrorOfItsBusIsTheEnd()
    {
        using var world = new World();
        world.Card.Trouble(1u << 11);
        Assert.That(world.Card.Interrupts);
        world.TakeAll();
        Assert.That((world.Driver.IsUp, world.Card[0], world.Card.Interrupts), Is.EqualTo((false, 0u, false)));
        world.Card.Receive(Bytes(60, 0));
        Assert.That((world.Send(60), world.Take()), Is.EqualTo((false, (byte[]?)null)));
    }

    /// <summary>Frames in pieces, and lengths of none: what is said of them is a length that is no frame's, or one longer than a buffer, which nobody takes.</summary>
    [TestCase(0x4000u, 0u)]
    [TestCase(0x8000u, 0u)]
    [TestCase(0xc000u | 0x1fffu, 0x1fffu)]
    public void WhatIsNoFrameIsSaidToBeNone(uint status, uint said)
    {
        using var world = new World();
        world.Card.Receive([], status);
        Assert.That(world.TryTake(out var index, out var length));
        Assert.That(length, Is.EqualTo(said));
        world.Driver.Give(index);
        var frame = Bytes(80, 3);
        world.Card.Receive(frame);
        Assert.That(world.TakeAll(), Is.EqualTo([frame]));
    }

    /// <summary>Descriptors lie in memory that the card writes: what it makes of them is not where it is told to write next.</summary>
    [Test]
    public void WhatACardMakesOfADescriptorIsNotBelieved()
    {
        using var world = new World();
        for (var i = 0; i < 64; i++)
        {
            var descriptor = world.Card.NextReceive;
            world.Card.Receive(Bytes(60, i));
            descriptor[0] = 0xdead_b001;
        }

        world.TakeAll();
        for (var i = 0; i < 64; i++)
        {
            world.Card.Receive(Bytes(61, i));
        }

        Assert.That(world.TakeAll(), Has.Count.EqualTo(64));
    }

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static bool Locate(GuardedBuffer blob, string path, out ulong address, out ulong size)
    {
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.TryFind(System.Text.Encoding.ASCII.GetBytes(path), out var node));
        return HostCadenceGem.TryLocate(tree, node, out address, out size);
    }

    private sealed class World : IDisposable
    {
        public HostCadenceGem Driver;

        private readonly GuardedBuffer _tree = new(Tree);
        private GemModel.Host _host;

        public World(bool start = true, int phy = 0, bool wide = true, bool clocked = true, bool clearsOnRead = true)
        {
            Card = new GemModel(HostCadenceGem.BytesNeeded) { PhyAddress = phy, IsWide = wide, HasNoManagementClock = !clocked, ClearsOnRead = clearsOnRead };
            _host = new GemModel.Host(Card);
            Assert.That(!start || Start());
        }

        public GemModel Card { get; }

        public bool Start()
        {
            Assert.That(FdtReader.Open(_tree.Pointer, _tree.Length, out var tree), Is.EqualTo(FdtError.None));
            Assert.That(tree.TryFind("/ethernet@10090000"u8, out var node));
            return Driver.TryStart(ref _host, new HostDevice { Tree = tree, Node = node, Base = GemModel.At }, Second, Card.Memory, Card.Window);
        }

        public bool Send(int length) => Send(Bytes(length, length));

        public bool Send(byte[] frame)
        {
            fixed (byte* data = frame)
            {
                var sent = Driver.TrySend(ref _host, data, (uint)frame.Length);
                Driver.Finish(ref _host);
                return sent;
            }
        }

        public bool TryTake(out uint index, out uint length) => Driver.TryReceive(ref _host, out index, out _, out length);

        public byte[]? Take()
        {
            if (!Driver.TryReceive(ref _host, out var index, out var frame, out var length))
            {
                return null;
            }

            var bytes = new Span<byte>(frame, (int)length).ToArray();
            Driver.Give(index);
            return bytes;
        }

        /// <summary>What whoever is interrupted does.</summary>
        public List<byte[]> TakeAll()
        {
            Driver.Acknowledge(ref _host);
            var frames = new List<byte[]>();
            while (Take() is { } frame)
            {
                frames.Add(frame);
            }

            Driver.Finish(ref _host);
            return frames;
        }

        public void Dispose()
        {
            Card.Dispose();
            _tree.Dispose();
        }
    }
}
