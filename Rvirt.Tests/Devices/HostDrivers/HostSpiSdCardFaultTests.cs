using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>The driver of an SD card, with a card that is late, pulled, silent or wrong: a request that was not done is never said to be, and nothing waits for ever.</summary>
internal sealed class HostSpiSdCardFaultTests
{
    private const uint Read = 0, Write = 1, Flush = 4;
    private const ulong Millisecond = 1_000_000;

    private SdCardModel _card = null!;
    private SdWorld _world = null!;

    [SetUp]
    public void Make()
    {
        _card = new SdCardModel(SdCardModel.Kind.High, 4096);
        _world = new SdWorld(_card);
        Assert.That(_world.Start());
    }

    [TearDown]
    public void End() => _world.Dispose();

    /// <summary>What is wrong once is asked for again; twice, and that request fails. Requests before and after it are as they should be.</summary>
    [Test]
    public void WhatIsWrongIsTriedOnceMore(
        [Values("sum", "token", "address", "write", "reject", "nonsense", "command", "illegal")] string fault,
        [Values(1u, 3u, 8u, 20u)] uint sectors,
        [Values(1, 2)] int times)
    {
        // More than twice is as good as twice; commands and blocks that nobody waits for are wrong as well.
        var (type, count) = (Read, times == 1 ? 1 : 1000);
        switch (fault)
        {
            case "sum": _card.BadSums = count; break;
            case "token": _card.Errors = (count, 0x04); break;
            case "address": _card.Errors = (count, 0x7f); break;
            case "reject": (type, _card.Refusals) = (Write, (count, 0xeb)); break;
            case "write": (type, _card.Refusals) = (Write, (count, 0xed)); break;
            case "nonsense": (type, _card.Refusals) = (Write, (count, 0x00)); break;
            case "command": _card.Mishearings = (count, 0x08); break;
            default: (type, _card.Mishearings) = (Write, (count, 0x05)); break;
        }

        Assert.That(_world.Do(type, 100, sectors * 512), Is.EqualTo(times == 1));
        if (times > 1)
        {
            (_card.BadSums, _card.Errors, _card.Refusals, _card.Mishearings) = (0, default, default, default);
        }

        ExpectWorks();
    }

    /// <summary>More than it can be tried is not tried: with a card that is always wrong each request fails, in bounded time, and the card is not given up.</summary>
    [TestCase(Read)]
    [TestCase(Write)]
    public void ACardThatIsAlwaysWrongFailsEachRequest(uint type)
    {
        (_card.BadSums, _card.Refusals) = (int.MaxValue, (int.MaxValue, 0xeb));
        for (var request = 0; request < 64; request++)
        {
            Assert.That(_world.Submit(request, type, 8, 65_536));
        }

        for (var request = 0; request < 64; request++)
        {
            Assert.That(_world.Finish(), Is.EqualTo((request, false)));
        }

        Assert.That(_world.MostAccesses, Is.LessThan(12_000));
        (_card.BadSums, _card.Refusals) = (0, default);
        ExpectWorks();
    }

    [Test]
    public void ACommandWithoutAnAnswerFailsItsRequestAlone([Values(Read, Write)] uint type, [Values(1u, 8u)] uint sectors)
    {
        _card.Unheard = 1;
        Assert.That(_world.Do(type, 100, sectors * 512), Is.False);
        ExpectWorks();
    }

    /// <summary>A block comes within a tenth of a second or fails; the deadline is that of the time, however often the card is looked at.</summary>
    [Test]
    public void ABlockThatDoesNotComeIsWaitedForATenthOfASecond([Values(1u, 8u)] uint sectors, [Values(0UL, 30UL)] ulong away)
    {
        _card.TokenDelay = SdCardModel.Never;
        var took = TimeOf(Read, sectors * 512, away);
        Assert.That(took, Is.InRange(100UL, 101UL + away));
        _card.TokenDelay = 1;
        ExpectWorks();
    }

    [Test]
    public void ACardThatStaysBusyIsWaitedForHalfASecond([Values(1u, 8u)] uint sectors, [Values(0UL, 100UL)] ulong away)
    {
        _card.Busy = SdCardModel.Never;
        var took = TimeOf(Write, sectors * 512, away);
        Assert.That(took, Is.InRange(500UL, 501UL + away));
        // Still busy: so the next one fails too, unheard.
        var commands = _card.Commands.Count;
        Assert.That(TimeOf(Read, 512, away), Is.InRange(500UL, 501UL + away));
        Assert.That(_card.Commands, Has.Count.EqualTo(commands));
        _card.Busy = 3;
        _card.Release();
        ExpectWorks();
    }

    /// <summary>Whoever comes back late does not blame the card for it.</summary>
    [Test]
    public void ACardThatIsReadyInTheEndIsNotLate([Values(Read, Write)] uint type, [Values(1u, 8u)] uint sectors)
    {
        (_card.TokenDelay, _card.Busy) = (500, 500);
        Assert.That(_world.Submit(0, type, 100, sectors * 512));
        _world.Serve();
        _world.Spi.Nanoseconds += 10_000 * Millisecond;
        (_card.TokenDelay, _card.Busy) = (0, 0);
        _card.Release();
        _world.Serve();
        _world.Spi.Nanoseconds += 10_000 * Millisecond;
        Assert.That(_world.Finish(), Is.EqualTo((0, true)));
    }

    /// <summary>A wait takes few accesses at a time, and no request overtakes it.</summary>
    [Test]
    public void AWaitIsShortAndHoldsItsPlace()
    {
        _card.TokenDelay = 5000;
        Assert.That(_world.Submit(4, Read, 100, 512) && _world.Submit(2, Write, 5, 512) && _world.Submit(3, Flush, 0, 0));
        var before = _world.Spi.Accesses;
        _world.Serve();
        Assert.That(_world.Spi.Accesses - before, Is.LessThan(600));
        Assert.That((_world.Finish(), _world.Finish(), _world.Finish()), Is.EqualTo(((4, true), (2, true), (3, true))));
    }

    /// <summary>Several in a row without a word, and what waits fails with them; nothing is taken after that.</summary>
    [Test]
    public void ACardThatSaysNothingSeveralTimesIsBroken([Values(0xff, 0x00)] int line)
    {
        for (var request = 0; request < 40; request++)
        {
            Assert.That(_world.Submit(63 - request, request == 20 ? Flush : (uint)request % 2, 0, request == 20 ? 0 : 4096u));
        }

        (_card.PulledAfter, _card.Line) = (0, (byte)line);
        for (var request = 0; request < 40; request++)
        {
            Assert.That(_world.Finish(), Is.EqualTo((63 - request, false)));
        }

        Assert.That(_world.Spi.Time, Is.LessThan(3_000_000UL));
        var before = _world.Spi.Accesses;
        _world.Serve();
        Assert.That((_world.Submit(0, Read, 0, 512), _world.TryTake(out _, out _), _world.Spi.Accesses - before), Is.EqualTo((false, false, 0)));
        Assert.That(_world.Spi.IsSelected, Is.False);
    }

    [Test]
    public void ACardThatAnswersInBetweenIsNotBroken()
    {
        for (var i = 0; i < 10; i++)
        {
            _card.Unheard = 1;
            Assert.That(_world.Do(Read, 0, 4096), Is.False);
            Assert.That(_world.Do(Read, 0, 4096));
        }
    }

    /// <summary>Pulled after any number of bytes, and nothing pulls the line low, so that it looks ready: what is said to be written is on the card, and what is read is right.</summary>
    [Test]
    public void NothingIsLostThatWasSaidToBeWritten([Values(1, 2, 9)] int sectors, [Values(0xff, 0x00, 0xe5)] int line)
    {
        var random = new Random(sectors);
        var done = 0;
        for (var after = 0; after < (sectors * 530) + 700; after += after % 530 is < 60 or > 510 ? 1 : 37)
        {
            var card = new SdCardModel(SdCardModel.Kind.High, 4096) { Busy = 20 };
            using var world = new SdWorld(card);
            Assert.That(world.Start());
            world.Away = 20 * Millisecond;
            random.NextBytes(world.DataOf(0)[..(sectors * 512)]);
            (card.PulledAfter, card.Line) = (after, (byte)line);
            if (world.Do(Write, 64, (uint)sectors * 512))
            {
                done++;
                Assert.That(Enumerable.Range(0, sectors).SelectMany(i => card[64 + (ulong)i]), Is.EqualTo(world.DataOf(0)[..(sectors * 512)].ToArray()), $"after {after}");
            }
        }

        Assert.That(done, Is.GreaterThan(0));
    }

    [Test]
    public void NothingIsReadFromACardThatIsPulled([Values(1, 9)] int sectors, [Values(0xff, 0x00, 0xfe)] int line)
    {
        var done = 0;
        for (var after = 0; after < (sectors * 530) + 300; after += after % 530 < 60 ? 1 : 37)
        {
            var card = new SdCardModel(SdCardModel.Kind.High, 4096);
            using var world = new SdWorld(card);
            Assert.That(world.Start());
            world.Away = 20 * Millisecond;
            for (var i = 0UL; i < (ulong)sectors; i++)
            {
                card[64 + i] = [.. Enumerable.Repeat((byte)(i + 1), 512)];
            }

            (card.PulledAfter, card.Line) = (after, (byte)line);
            if (world.Do(Read, 64, (uint)sectors * 512))
            {
                done++;
                Assert.That(world.DataOf(0)[..(sectors * 512)].ToArray(), Is.EqualTo(Enumerable.Range(0, sectors).SelectMany(i => card[64 + (ulong)i])));
            }
        }

        Assert.That(done, Is.GreaterThan(0));
    }

    /// <summary>It says that it has more than it has: what is there works, and what is not fails.</summary>
    [Test]
    public void ACardThatLiesAboutItsSizeFailsWhereItHasNothing([Values(0x00, 0x20, 0x40)] int behind, [Values(Read, Write)] uint type)
    {
        var card = new SdCardModel(SdCardModel.Kind.High, 4096) { Claimed = 1 << 20, BehindEnd = (byte)behind };
        using var world = new SdWorld(card);
        Assert.That(world.Start());
        Assert.That(world.Disk.Sectors, Is.EqualTo(1UL << 20));
        Assert.That((world.Do(type, 5000, 512), world.Do(type, 4090, 8192), world.Do(type, 4095, 512), world.Do(type, 4080, 8192)), Is.EqualTo((false, false, true, true)));
    }

    /// <summary>Type and size that no request has are over, and move nothing.</summary>
    [TestCase(2u, 512u, false)]
    [TestCase(uint.MaxValue, 512u, false)]
    [TestCase(Read, 0u, true)]
    [TestCase(Flush, 512u, true)]
    public void ARequestThatAsksForNothingMovesNothing(uint type, uint bytes, bool done)
    {
        var before = _world.Spi.Accesses;
        Assert.That(_world.Do(type, 0, bytes), Is.EqualTo(done));
        Assert.That(_world.Spi.Accesses, Is.EqualTo(before));
    }

    /// <summary>
    /// A card that says anything, now and then a block that is right, or nearly: no call runs for long, each request ends, only data whose sums are right are
    /// said to be read, only blocks that were accepted to be written, and no byte outside of a request's data is touched.
    /// </summary>
    [Test]
    public void ACardThatSaysAnythingIsNotBelieved([Range(0, 19)] int part)
    {
        var (reads, writes) = (0, 0);
        for (var seed = part * 500; seed < (part + 1) * 500; seed++)
        {
            var random = new Random(seed);
            var card = new SdCardModel(SdCardModel.Kind.High, 4096);
            var noise = new NoisySdCard(card, random);
            using var world = new SdWorld(card, noise);
            Assert.That(world.Start());
            noise.Begin();
            for (var round = 0; round < 4; round++)
            {
                var type = (uint)random.Next(2);
                var sectors = random.Next(1, 4);
                var data = world.DataOf(0);
                random.NextBytes(data);
                var expected = data.ToArray();
                noise.Clear();
                if (!world.Submit(0, type, (ulong)random.Next(4096 - sectors), (uint)sectors * 512))
                {
                    break;
                }

                var (request, done) = world.Finish();
                Assert.That(request, Is.Zero);
                Assert.That(data[(type == Write ? 0 : sectors * 512)..].SequenceEqual(expected.AsSpan(type == Write ? 0 : sectors * 512)), $"seed {seed}: other memory was touched");
                if (done && type == Read)
                {
                    reads++;
                    for (var i = 0; i < sectors; i++)
                    {
                        Assert.That(noise.HasSaid(data.Slice(i * 512, 512)), $"seed {seed}: sector {i} came with no such sum");
                    }
                }
                else if (done)
                {
                    writes++;
                    Assert.That(noise.Accepted, Is.GreaterThanOrEqualTo(sectors), $"seed {seed}");
                }
            }

            Assert.That(world.MostAccesses, Is.LessThan(12_000));
        }

        Assert.That(Math.Min(reads, writes), Is.GreaterThan(50), "it says the right thing now and then");
    }

    /// <summary>It may also be a card of noise from the beginning.</summary>
    [Test]
    public void ACardThatSaysAnythingMayBeStarted()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var card = new SdCardModel(SdCardModel.Kind.High, 4096);
            var noise = new NoisySdCard(card, new Random(seed));
            using var world = new SdWorld(card, noise);
            noise.Begin();
            world.Start();
            Assert.That(world.Spi.Time, Is.LessThan(6_000_000UL));
        }
    }

    private ulong TimeOf(uint type, uint bytes, ulong away)
    {
        Assert.That(_world.Submit(0, type, 100, bytes));
        var before = _world.Spi.Nanoseconds;
        for (var calls = 0; calls < 20_000; calls++)
        {
            _world.Serve();
            if (_world.TryTake(out _, out var done))
            {
                Assert.That(done, Is.False);
                return (_world.Spi.Nanoseconds - before) / Millisecond;
            }

            _world.Spi.Nanoseconds += away * Millisecond;
        }

        throw new InvalidOperationException("it never ends");
    }

    // Written and read, one sector and several, behind and before one another.
    private void ExpectWorks()
    {
        Assert.That(_card.BadSums == 0 && _card.Errors.Count <= 0 && _card.Refusals.Count <= 0 && _card.Mishearings.Count <= 0 && _card.Unheard == 0, "the fault is over");
        var random = new Random(1);
        foreach (var sectors in (List<int>)[1, 8, 1, 19])
        {
            random.NextBytes(_world.DataOf(1)[..(sectors * 512)]);
            _world.DataOf(2).Clear();
            Assert.That(_world.Submit(1, Write, 200, (uint)sectors * 512) && _world.Submit(2, Read, 200, (uint)sectors * 512));
            Assert.That((_world.Finish(), _world.Finish()), Is.EqualTo(((1, true), (2, true))));
            Assert.That(_world.DataOf(2)[..(sectors * 512)].SequenceEqual(_world.DataOf(1)[..(sectors * 512)]));
            Assert.That(_card.IsIdle);
        }
    }
}
