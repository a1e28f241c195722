using System.Collections.Generic;
using System.Linq;
using CsCheck;
using NUnit.Framework;

namespace Rvirt.Tests.Devices.Network;

/// <summary>The switch alone: who gets which frame, and who loses one when there is no room.</summary>
public sealed unsafe class EthernetSwitchTests
{
    private static readonly byte[] Everybody = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    [Test]
    public void AFrameReachesWhomItIsAddressedToAndNobodyElse()
    {
        using var network = new TestNetwork(4);
        network.OpenAll();
        Assert.That(network.Send(0, TestNetwork.Frame(TestNetwork.Bytes(2), TestNetwork.Bytes(0), 60, 1)), Is.EqualTo(1u << 2));
        Assert.That(network.Waiting(), Is.EqualTo([0, 0, 1, 0]));
    }

    [Test]
    public void ABroadcastReachesAllButItsSender()
    {
        using var network = new TestNetwork(4);
        network.OpenAll();
        Assert.That(network.Send(1, TestNetwork.Frame(Everybody, TestNetwork.Bytes(1), 60, 1)), Is.EqualTo(0b1101));
        Assert.That(network.Waiting(), Is.EqualTo([1, 0, 1, 1]));
    }

    [TestCase(13, 0, 0x52)]
    [TestCase(0, 0, 0x52)]
    [TestCase(1515, 0, 0x52)]
    [TestCase(60, 1, 0x52)]
    [TestCase(60, 1, 0xff)]
    public void AFrameOfAWrongSizeOrFromAnotherAddressIsRefused(int length, int source, int first)
    {
        using var network = new TestNetwork(2);
        network.OpenAll();
        var to = first == 0xff ? Everybody : TestNetwork.Bytes(1);
        Assert.That(network.Send(0, TestNetwork.Frame(to, TestNetwork.Bytes(source), length, 1)), Is.Zero);
        Assert.That(network.Waiting(), Is.All.Zero);
        Assert.That((network.Switch->Counters(0).Refused, network.Switch->Counters(0).Sent), Is.EqualTo((1UL, 0UL)));
    }

    [Test]
    public void AddressesThatBridgesHaveForThemselvesAreNotPassedOn([Range(0, 16)] int last)
    {
        using var network = new TestNetwork(2);
        network.OpenAll();
        byte[] to = [0x01, 0x80, 0xc2, 0, 0, (byte)last];
        Assert.That(network.Send(0, TestNetwork.Frame(to, TestNetwork.Bytes(0), 60, 1)), Is.EqualTo(last < 16 ? 0 : 2));
    }

    [Test]
    public void AClosedPortGetsNothingAndLosesWhatWaited()
    {
        using var network = new TestNetwork(2);
        var frame = TestNetwork.Frame(TestNetwork.Bytes(1), TestNetwork.Bytes(0), 60, 1);
        Assert.That(network.Send(0, frame), Is.Zero);
        Assert.That(network.Switch->Counters(0).Dropped, Is.EqualTo(1));
        network.OpenAll();
        Assert.That(network.Send(0, frame), Is.EqualTo(2));
        network.Switch->SetOpen(1, false);
        network.Switch->SetOpen(1, true);
        Assert.That(network.Waiting(), Is.All.Zero);
    }

    [Test]
    public void AnAddressIsASingleCardSAndNoOtherPortS()
    {
        using var network = new TestNetwork(1, 4);
        Assert.That(network.Switch->TryAddPort(0, out _), Is.False);
        Assert.That(network.Switch->TryAddPort(0x1_0000_0000_0000, out _), Is.False);
        Assert.That(network.Switch->TryAddPort(1, out _), Is.False);
        Assert.That(network.Switch->TryAddPort(network.Switch->AddressOf(0), out _), Is.False);
        Assert.That(network.Switch->TryAddPort(0xaa, out var port) && port == 1);
        Assert.That(network.Switch->TryAddPort(0xba, out _) && network.Switch->TryAddPort(0xca, out _));
        Assert.That(network.Switch->TryAddPort(0xda, out _), Is.False);
    }

    /// <summary>Whoever floods, and whoever takes nothing, a neighbour's frames all arrive, by count.</summary>
    [TestCase(3)]
    [TestCase(9)]
    [TestCase(16)]
    public void AFloodCostsNeighboursNoFrame(int ports)
    {
        using var network = new TestNetwork(ports);
        network.OpenAll();
        var flood = TestNetwork.Frame(Everybody, TestNetwork.Bytes(0), 1514, 7);
        var mine = TestNetwork.Frame(TestNetwork.Bytes(2), TestNetwork.Bytes(1), 100, 8);
        for (var round = 0; round < 1000; round++)
        {
            for (var i = 0; i < 100; i++)
            {
                network.Send(0, flood);
            }

            // Port 1 broadcasts too, and all but port 2 take nothing: that must not eat the buffers it has for port 2.
            network.Send(1, TestNetwork.Frame(Everybody, TestNetwork.Bytes(1), 60, 9));
            Assert.That(network.Send(1, mine), Is.EqualTo(4), $"round {round}");
            var got = new List<byte>();
            for (var i = 0; i < 4; i++)
            {
                got.Add(network.Receive(2)![^1]);
            }

            Assert.That(got, Has.Exactly(1).EqualTo(8).And.Exactly(1).EqualTo(9).And.Exactly(2).EqualTo(7), $"round {round}");
        }
    }

    /// <summary>Against a list for each pair of ports: what arrives is what was sent, whole, and in each sender's order.</summary>
    [Test]
    public void RandomTrafficArrivesAsSent()
    {
        var step = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 4], Gen.Int[14, 1514], Gen.Int[0, 9]);
        step.Array[1, 300].ForAll(
            steps =>
            {
                using var network = new TestNetwork(4);
                network.OpenAll();
                var queues = Enumerable.Range(0, 16).Select(_ => new Queue<byte[]>()).ToArray();

                var number = 0;
                foreach (var (port, to, length, what) in steps)
                {
                    if (what < 6)
                    {
                        var frame = TestNetwork.Frame(to == 4 ? Everybody : TestNetwork.Bytes(to), TestNetwork.Bytes(port), length, (byte)number++);
                        var told = network.Send(port, frame);
                        for (var receiver = 0; receiver < 4; receiver++)
                        {
                            // 63 buffers for three queues.
                            var expected = receiver != port && (to == 4 || to == receiver) && queues[(4 * receiver) + port].Count < 21;
                            Assert.That((told >> receiver) & 1, Is.EqualTo(expected ? 1 : 0));
                            if (expected)
                            {
                                queues[(4 * receiver) + port].Enqueue(frame);
                            }
                        }
                    }
                    else if (network.Receive(port) is { } got)
                    {
                        Assert.That(got, Is.EqualTo(queues[(4 * port) + got[11] - 1].Dequeue()));
                    }
                    else
                    {
                        Assert.That(Enumerable.Range(0, 4).Sum(sender => queues[(4 * port) + sender].Count), Is.Zero);
                    }
                }
            },
            iter: 300);
    }
}
