using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>The driver of an SD card behind SiFive's SPI controller, on models of both that do what they should.</summary>
internal sealed class HostSpiSdCardTests
{
    private const uint Read = 0, Write = 1, Flush = 4;

    [Test]
    public void IsNoLargerThanADriverMayBe() => Assert.That(Unsafe.SizeOf<HostSpiSdCard>(), Is.LessThanOrEqualTo(DriverState.Bytes));

    [TestCase(SdCardModel.Kind.Old, 4096UL)]
    [TestCase(SdCardModel.Kind.Old, 2UL << 20)]
    [TestCase(SdCardModel.Kind.Standard, 8UL)]
    [TestCase(SdCardModel.Kind.Standard, 131_072UL)]
    [TestCase(SdCardModel.Kind.Standard, 3_906_560UL)]
    [TestCase(SdCardModel.Kind.Standard, 1UL << 23)]
    [TestCase(SdCardModel.Kind.High, 1024UL)]
    [TestCase(SdCardModel.Kind.High, 62_333_952UL)]
    [TestCase(SdCardModel.Kind.High, 1UL << 32)]
    public void StartsEachKindOfCardAndKnowsItsSize(SdCardModel.Kind kind, ulong blocks)
    {
        var card = new SdCardModel(kind, blocks);
        using var world = new SdWorld(card);
        Assert.That(world.Start());
        Assert.That((world.Disk.Sectors, world.Disk.IsReadOnly, world.Disk.HoldsBack, world.Disk.Requests), Is.EqualTo((blocks, false, false, 64)));
        Assert.That((card.IsIdle, world.Spi.IsSelected), Is.EqualTo((true, false)));
        card[blocks - 1] = [.. Enumerable.Repeat((byte)0x5a, 512)];
        Assert.That(world.Do(Read, blocks - 1, 512));
        Assert.That(world.DataOf(0)[..512].ToArray(), Is.EqualTo(card[blocks - 1]));
        if (blocks >= 16)
        {
            Assert.That(world.Do(Read, blocks - 16, 16 * 512), "also where several are read up to the last");
            Assert.That(world.DataOf(0)[(15 * 512)..(16 * 512)].ToArray(), Is.EqualTo(card[blocks - 1]));
        }
    }

    /// <summary>Of a card that does not tell its size it is found by reading, also where what is behind the end is told by another bit or by a token.</summary>
    [TestCase(SdCardModel.CardData.Missing, (byte)0x20)]
    [TestCase(SdCardModel.CardData.Missing, (byte)0x40)]
    [TestCase(SdCardModel.CardData.Unknown, (byte)0x60)]
    [TestCase(SdCardModel.CardData.Spoilt, (byte)0)]
    public void FindsTheEndOfACardThatDoesNotTellIt(SdCardModel.CardData description, byte behind)
    {
        foreach (var (kind, blocks) in new[] { (SdCardModel.Kind.Standard, 131_072UL), (SdCardModel.Kind.High, 8_388_608UL), (SdCardModel.Kind.High, 62_333_953UL), (SdCardModel.Kind.Old, 1UL) })
        {
            var card = new SdCardModel(kind, blocks) { Description = description, BehindEnd = behind, Claimed = 4096, KnowsBlockLength = false };
            using var world = new SdWorld(card);
            Assert.That(world.Start());
            Assert.That(world.Disk.Sectors, Is.EqualTo(blocks));
            Assert.That(card.Commands.Count(command => command.Number == 17), Is.LessThanOrEqualTo(33));
        }
    }

    [Test]
    public void StartsInTheOrderOfTheSpecification()
    {
        var card = new SdCardModel(SdCardModel.Kind.Standard, 4096);
        using var world = new SdWorld(card);
        Assert.That(world.Start());
        Assert.That(card.Commands, Is.EqualTo((
            (int, uint)[])[(0, 0), (8, 0x1aa), (59, 1), (55, 0), (41, 0x4000_0000), (55, 0), (41, 0x4000_0000), (58, 0), (9, 0), (16, 512)]));
        Assert.That(world.Spi.Hertz, Is.EqualTo(19_230_769));
    }

    /// <summary>What firmware left: bytes that nobody read.</summary>
    [TestCase(0)]
    [TestCase(3)]
    [TestCase(8)]
    public void TakesOverAControllerThatFirmwareUsed(int left)
    {
        using var world = new SdWorld(new SdCardModel(SdCardModel.Kind.High, 4096));
        world.Spi.Leave(left);
        Assert.That(world.Start());
    }

    /// <summary>A controller that takes its time, and a card that uses all that it is given.</summary>
    [Test]
    public void WorksAtTheSlowestThatIsAllowed([Values(0, 1, 50)] int latency, [Values(1, 8)] int delay)
    {
        var card = new SdCardModel(SdCardModel.Kind.High, 4096) { AnswerDelay = delay, Rounds = 20, TokenDelay = 700, Busy = 900, KnowsCheckSums = false };
        using var world = new SdWorld(card);
        world.Spi.Latency = latency;
        Assert.That(world.Start());
        new Random(1).NextBytes(world.DataOf(0)[..4096]);
        Assert.That(world.Do(Write, 100, 4096));
        world.DataOf(0)[..4096].CopyTo(world.DataOf(1));
        world.DataOf(0).Clear();
        Assert.That(world.Do(Read, 100, 4096));
        Assert.That(world.DataOf(0)[..4096].SequenceEqual(world.DataOf(1)[..4096]));
    }

    [TestCase((byte)0x00, false)]
    [TestCase((byte)0x10, true)]
    [TestCase((byte)0x20, true)]
    public void KnowsACardThatIsWriteProtected(byte protection, bool isReadOnly)
    {
        using var world = new SdWorld(new SdCardModel(SdCardModel.Kind.High, 4096) { Protection = protection });
        Assert.That((world.Start(), world.Disk.IsReadOnly), Is.EqualTo((true, isReadOnly)));
    }

    [Test]
    public void RefusesWhatItCannotDrive()
    {
        foreach (var card in new SdCardModel[]
        {
            new(SdCardModel.Kind.Mmc, 4096),
            new(SdCardModel.Kind.Ultra, 4096),
            new(SdCardModel.Kind.High, 4096) { Rounds = SdCardModel.Never },
            new(SdCardModel.Kind.High, 4096) { PulledAfter = 0 },
            new(SdCardModel.Kind.High, 4096) { PulledAfter = 0, Line = 0x00 },
            new(SdCardModel.Kind.High, 4096) { PulledAfter = 0, Line = 0x01 },
            new(SdCardModel.Kind.High, 4096) { Echo = 0x0aa },
            new(SdCardModel.Kind.High, 4096) { Echo = 0x155 },
            new(SdCardModel.Kind.High, 4096) { Version = 0 },
            new(SdCardModel.Kind.High, 4096) { Version = 2 },
            new(SdCardModel.Kind.High, 4096) { Version = 3 },
            new(SdCardModel.Kind.Standard, 4096) { Version = 1 },
            new(SdCardModel.Kind.High, 0) { Description = SdCardModel.CardData.Missing, Claimed = 1024 },
            new(SdCardModel.Kind.High, 4096) { Description = SdCardModel.CardData.Missing, TokenDelay = SdCardModel.Never },
            new(SdCardModel.Kind.High, 4096) { Description = SdCardModel.CardData.Missing, BadSums = 100 },
            new(SdCardModel.Kind.High, 4096) { Description = SdCardModel.CardData.Missing, Errors = (1, 0x04) },
        })
        {
            using var world = new SdWorld(card);
            Assert.That(world.Start(), Is.False);
            Assert.That(world.Spi.Time, Is.LessThan(2_000_000UL), "less than two seconds later");
            Assert.That(world.Spi.IsSelected, Is.False);
        }
    }

    /// <summary>A card that is pulled at any time while it is started is none, or one that can be read no more.</summary>
    [Test]
    public void ACardMayBePulledWhileItIsStarted()
    {
        for (var after = 0; after < 400; after += 4)
        {
            using var world = new SdWorld(new SdCardModel(SdCardModel.Kind.Standard, 4096) { PulledAfter = after, Line = (byte)(after % 12 == 0 ? 0 : 0xff) });
            Assert.That(world.Start() && world.Do(Read, 0, 8192), Is.False);
        }
    }

    [Test]
    public void AControllerThatIsStuckHoldsNobodyUp()
    {
        using var world = new SdWorld(new SdCardModel(SdCardModel.Kind.Standard, 4096));
        world.Spi.IsStuck = true;
        Assert.That(world.Start(), Is.False);
        Assert.That(world.Spi.Accesses, Is.LessThan(25_000));
        using var later = new SdWorld(new SdCardModel(SdCardModel.Kind.Standard, 4096));
        Assert.That(later.Start());
        later.Spi.IsStuck = true;
        Assert.That(later.Submit(3, Write, 0, 8192) && later.Submit(9, Read, 0, 8192));
        Assert.That((later.Finish(), later.Finish()), Is.EqualTo(((3, false), (9, false))));
        Assert.That(later.MostAccesses, Is.LessThan(25_000));
        Assert.That(later.Submit(0, Read, 0, 512), Is.False);
    }

    /// <summary>Requests of any kind and size against an array, many at a time: each ends once, in the order given, done, and touches its own data alone.</summary>
    [Test]
    public void AnyOrderOfRequestsReadsWhatWasWritten([Range(1, 12)] int seed)
    {
        var random = new Random(seed);
        var kind = (SdCardModel.Kind)random.Next(3);
        const int Blocks = 2048;
        var card = new SdCardModel(kind, Blocks) { AnswerDelay = random.Next(1, 9), TokenDelay = random.Next(300), Busy = random.Next(400), SaysIdle = seed % 2 == 0 };
        using var world = new SdWorld(card);
        world.Spi.Latency = random.Next(3);
        Assert.That(world.Start());
        var disk = new byte[Blocks * 512];
        for (var block = 0; block < Blocks; block++)
        {
            random.NextBytes(disk.AsSpan(block * 512, 512));
            card[(ulong)block] = disk[(block * 512)..((block + 1) * 512)];
        }

        var underWay = new Queue<(int Request, byte[] Expected)>();
        for (var step = 0; step < 1500; step++)
        {
            var free = Enumerable.Range(0, 64).Where(request => underWay.All(other => other.Request != request)).ToArray();
            if (free.Length > 0 && random.Next(3) == 0)
            {
                var request = free[random.Next(free.Length)];
                var type = random.Next(9) switch { < 4 => Read, < 8 => Write, _ => Flush };
                var sectors = type == Flush ? 0 : random.Next(3) switch { 0 => 1, 1 => random.Next(1, 20), _ => random.Next(1, 129) };
                var sector = random.Next(Blocks - sectors + 1);
                var data = world.DataOf(request);
                random.NextBytes(data);
                var expected = data.ToArray();
                if (type == Read)
                {
                    disk.AsSpan(sector * 512, sectors * 512).CopyTo(expected);
                }
                else
                {
                    expected.AsSpan(0, sectors * 512).CopyTo(disk.AsSpan(sector * 512));
                }

                Assert.That(world.Submit(request, type, (ulong)sector, (uint)sectors * 512));
                underWay.Enqueue((request, expected));
            }

            world.Serve();
            while (random.Next(2) == 0 && world.TryTake(out var over, out var done))
            {
                Check(over, done);
            }
        }

        while (underWay.Count > 0)
        {
            var (request, done) = world.Finish();
            Check(request, done);
        }

        Assert.That(world.TryTake(out _, out _), Is.False);
        Assert.That(Enumerable.Range(0, Blocks).Where(block => !disk.AsSpan(block * 512, 512).SequenceEqual(card[(ulong)block])), Is.Empty);
        Assert.That(world.MostAccesses, Is.LessThan(world.Spi.Latency == 0 ? 10_000 : 30_000));

        void Check(int over, bool done)
        {
            var (request, expected) = underWay.Dequeue();
            Assert.That((over, done), Is.EqualTo((request, true)));
            Assert.That(world.DataOf(request).SequenceEqual(expected), "the data, and what is behind them");
        }
    }

    [Test]
    public void AFlushIsOverWhenAllBeforeItIsOnTheCard()
    {
        var card = new SdCardModel(SdCardModel.Kind.High, 4096) { Busy = 2000 };
        using var world = new SdWorld(card);
        Assert.That(world.Start());
        world.DataOf(5).Fill(0x77);
        Assert.That(world.Submit(5, Write, 1000, 65_536) && world.Submit(1, Flush, 0, 0) && world.Submit(7, Read, 1127, 512));
        world.Serve();
        Assert.That(world.TryTake(out _, out _), Is.False);
        Assert.That(world.Finish(), Is.EqualTo((5, true)));
        Assert.That((card[1127][511], card.IsIdle), Is.EqualTo((0x77, true)));
        Assert.That((world.Finish(), world.Finish()), Is.EqualTo(((1, true), (7, true))));
        Assert.That(world.DataOf(7)[511], Is.EqualTo(0x77));
    }

    /// <summary>Of one sector by the commands for one, of more in pieces; between them nothing is open.</summary>
    [Test]
    public void APieceIsEightSectorsAndItsCommandIsEnded()
    {
        var card = new SdCardModel(SdCardModel.Kind.Standard, 4096);
        using var world = new SdWorld(card);
        Assert.That(world.Start());
        card.Commands.Clear();
        Assert.That(world.Submit(0, Read, 10, 512 * 17) && world.Submit(1, Write, 50, 512 * 2) && world.Submit(2, Write, 3, 512));
        for (var calls = 0; calls < 3; calls++)
        {
            world.Serve();
            Assert.That((card.IsIdle, world.Spi.IsSelected), Is.EqualTo((true, false)));
        }

        (int, uint)[] reads = [(18, 5120), (12, 0), (18, 9216), (12, 0), (17, 13_312)];
        Assert.That(card.Commands, Is.EqualTo(((int, uint)[])[.. reads, (25, 25_600), (58, 0), (24, 1536), (58, 0)]));
    }

    /// <summary>What a sector costs in accesses, which is what it costs in time.</summary>
    [TestCase(Read, 1u, 1070)]
    [TestCase(Read, 8u, 1045 * 8)]
    [TestCase(Write, 1u, 1100)]
    [TestCase(Write, 8u, 1055 * 8)]
    public void ASectorCostsLittleMoreThanTwoAccessesForEachByte(uint type, uint sectors, int most)
    {
        using var world = new SdWorld(new SdCardModel(SdCardModel.Kind.High, 4096));
        Assert.That(world.Start());
        Assert.That(world.Do(type, 100, sectors * 512));
        Assert.That(world.MostAccesses, Is.InRange(1024 * (int)sectors, most));
        var before = world.Spi.Accesses;
        world.Serve();
        Assert.That(world.Spi.Accesses, Is.EqualTo(before), "nothing to do costs nothing");
    }

    [Test]
    public unsafe void TheSlotIsFoundInTheTreeAndLimitsTheClock()
    {
        var blob = new byte[4096];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.Property("#address-cells"u8, 2u);
        writer.Property("#size-cells"u8, 2u);
        for (var i = 0u; i < 4; i++)
        {
            writer.BeginNode("spi"u8, i);
            writer.StringProperty("compatible"u8, "sifive,spi0"u8);
            writer.Property("reg"u8, [0, (uint)SiFiveSpiModel.At + i, 0, 0x1000]);
            writer.Property("#address-cells"u8, 1u);
            writer.Property("#size-cells"u8, 0u);
            if (i > 0)
            {
                writer.BeginNode("device"u8, 0);
                writer.StringProperty("compatible"u8, i == 1 ? "jedec,spi-nor"u8 : "mmc-spi-slot"u8);
                writer.Property("reg"u8, 0u);
                writer.Property("spi-max-frequency"u8, 5_000_000u);
                if (i == 2)
                {
                    writer.StringProperty("status"u8, "disabled"u8);
                }

                writer.EndNode();
            }

            writer.EndNode();
        }

        writer.EndNode();
        Assert.That(writer.Finish(out _), Is.EqualTo(FdtWriteError.None));
        fixed (byte* start = blob)
        {
            Assert.That(FdtReader.Open(start, (ulong)blob.Length, out var tree), Is.EqualTo(FdtError.None));
            var found = new List<ulong>();
            foreach (var node in tree.Children(tree.Root))
            {
                if (HostSpiSdCard.TryLocate(tree, node, out var address, out var size))
                {
                    Assert.That(size, Is.EqualTo(0x1000UL));
                    found.Add(address);
                    using var world = new SdWorld(new SdCardModel(SdCardModel.Kind.High, 4096));
                    Assert.That(world.Start(new HostDevice { Tree = tree, Node = node, Base = SiFiveSpiModel.At }));
                    Assert.That(world.Spi.Hertz, Is.EqualTo(5_000_000));
                }
            }

            Assert.That(found, Is.EqualTo([SiFiveSpiModel.At + 3]));
        }

        Assert.That((HostDriver.Drives<HostSpiSdCard>("sifive,spi0"u8), HostSpiSdCard.IsPolled), Is.EqualTo((true, true)));
    }
}
