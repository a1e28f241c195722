using System;
using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Disks;
using Rvirt.Devices.Disks;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;
using Rvirt.Tests.Core.Disks;

namespace Rvirt.Tests.Devices.Disks;

/// <summary>Guests with partitions of one disk: each reaches its own, nobody waits for another, and a disk that lies, fails or is late costs its guests errors and nothing else.</summary>
internal sealed unsafe class PartitionDiskTests
{
    private const byte Ok = 0, Failed = 1, Unsupported = 2;

    [TestCase(1u)]
    [TestCase(2u)]
    public void EachGuestWritesAndReadsItsOwnPartition(uint version)
    {
        using var world = new DiskWorld(version);
        var before = world.Contents.ToArray();
        var slots = new[] { world.Add(100, 50), world.Add(150, 1), world.Add(4000, 96) };
        (ulong First, ulong Count)[] places = [(100, 50), (150, 1), (4000, 96)];
        var random = new Random(2);
        for (var i = 0; i < slots.Length; i++)
        {
            Assert.That(slots[i].Read(VirtioRegister.Configuration, 8), Is.EqualTo(places[i].Count));
            for (ulong sector = 0; sector < places[i].Count; sector++)
            {
                random.NextBytes(slots[i].Bytes(512));
                var data = slots[i].Bytes(512).ToArray();
                Assert.That(slots[i].Request(1, sector, 512), Is.EqualTo(Ok));
                Assert.That(world.Contents.AsSpan((int)(places[i].First + sector) * 512, 512).SequenceEqual(data));
                slots[i].Bytes(512).Clear();
                Assert.That(slots[i].Request(0, sector, 512), Is.EqualTo(Ok));
                Assert.That(slots[i].Bytes(512).SequenceEqual(data));
            }
        }

        for (var sector = 0; sector < DiskWorld.Sectors; sector++)
        {
            var isGiven = places.Any(place => (ulong)sector - place.First < place.Count);
            Assert.That(world.Contents.AsSpan(sector * 512, 512).SequenceEqual(before.AsSpan(sector * 512, 512)), Is.EqualTo(!isGiven), $"sector {sector}");
        }
    }

    [TestCase(0u, 50UL, 512u, Failed)]
    [TestCase(0u, 49UL, 1024u, Failed)]
    [TestCase(1u, 50UL, 512u, Failed)]
    [TestCase(1u, ulong.MaxValue, 512u, Failed)]
    [TestCase(1u, 0x80_0000_0000_0000UL, 512u, Failed)]
    [TestCase(1u, ulong.MaxValue - 99, 512u, Failed, Description = "which is the disk's first sector, if sums are not checked")]
    [TestCase(0u, 0UL, 100u, Failed)]
    [TestCase(0u, 49UL, 512u, Ok)]
    [TestCase(8u, 0UL, 20u, Unsupported)]
    [TestCase(13u, 0UL, 16u, Unsupported)]
    public void WhatIsNotOfThePartitionNeverReachesTheDisk(uint type, ulong sector, uint length, byte status)
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 50);
        Assert.That(slot.Request(type, sector, length), Is.EqualTo(status));
        Assert.That(world.Done, Has.Count.EqualTo(status == Ok ? 1 : 0));
        Assert.That(slot.IsBroken, Is.False);
    }

    [Test]
    public void AGuestThatMayOnlyReadDoesNoMore()
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 50, readOnly: true);
        slot.Register(VirtioRegister.DeviceFeaturesSelect, 0);
        Assert.That(slot.Register(VirtioRegister.DeviceFeatures) & BlockRequest.ReadOnlyFeature, Is.Not.Zero);
        Assert.That((slot.Request(1, 0, 512), slot.Request(0, 0, 512)), Is.EqualTo((Failed, Ok)));
        Assert.That(world.Done, Is.EqualTo([(0u, 100UL, 512)]));
        Assert.That((slot.Obstacle, world.Add(0, 1).Obstacle), Is.EqualTo((SnapshotObstacle.Device, SnapshotObstacle.Disk)));
    }

    /// <summary>The disk gets no more than 64 KiB at a time, in order; the guest hears of the whole.</summary>
    [TestCase(0u)]
    [TestCase(1u)]
    public void ALargeRequestGoesInPieces(uint type)
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 1000);
        world.Device.Immediate = false;
        slot.Bytes(0x4000).Fill(0x5a);
        slot.Ask(type, 8, [.. Enumerable.Repeat(0x4000u, 10)], onePlace: true);
        for (var piece = 0; piece < 3; piece++)
        {
            Assert.That((world.Done.Count, slot.Driver.UsedIndex), Is.EqualTo((piece, (ushort)0)));
            world.Device.Run(0);
            world.Serve();
        }

        Assert.That(world.Done, Is.EqualTo([(type, 108UL, 0x1_0000), (type, 236UL, 0x1_0000), (type, 364UL, 0x8000)]));
        Assert.That(slot.Driver.TryTake(out _, out var written));
        Assert.That((*slot.Ram(DiskSlot.Status), written), Is.EqualTo((Ok, type == 0 ? 0x2_8001u : 1u)));
        if (type == 1)
        {
            Assert.That(world.Contents[(108 * 512)..((108 * 512) + 0x2_8000)], Is.All.EqualTo(0x5a));
        }
        else
        {
            Assert.That(slot.Bytes(0x4000).SequenceEqual(world.Contents.AsSpan((108 * 512) + 0x2_4000, 0x4000)), "the last that was read there");
        }
    }

    /// <summary>A guest has four under way, whatever it asks for, and its neighbour's next one is given at once.</summary>
    [Test]
    public void AFloodOfOneGuestHoldsUpNoOther()
    {
        using var world = new DiskWorld();
        var (flood, other) = (world.Add(100, 50), world.Add(200, 50));
        world.Device.Immediate = false;
        var before = world.Device.Notifications;
        for (var i = 0u; i < 10; i++)
        {
            flood.Ask(0, i, [512], number: i);
        }

        Assert.That(world.Device.Notifications - before, Is.EqualTo(SharedDisk.RequestsPerPort));
        other.Ask(0, 7, [512]);
        Assert.That(world.Device.Notifications - before, Is.EqualTo(SharedDisk.RequestsPerPort + 1));
        Assert.That(world.Device.Run(0), Is.EqualTo(SharedDisk.RequestsPerPort + 1));
        world.Serve();
        Assert.That(other.Driver.TryTake(out _, out _));
        world.RunAll();
        for (var i = 0u; i < 10; i++)
        {
            Assert.That((flood.Driver.TryTake(out _, out _), *flood.Ram(DiskSlot.Status + i)), Is.EqualTo((true, Ok)));
        }
    }

    [TestCase(true, 1)]
    [TestCase(false, 0)]
    public void AFlushIsPassedOnWhereTheDiskHoldsBackWhatWasWritten(bool holdsBack, int flushes)
    {
        using var world = new DiskWorld(features: holdsBack ? BlockRequest.FlushFeature : 0);
        var slot = world.Add(100, 50);
        slot.Register(VirtioRegister.DeviceFeaturesSelect, 0);
        Assert.That(slot.Register(VirtioRegister.DeviceFeatures) & BlockRequest.FlushFeature, Is.Not.Zero);
        world.Device.Immediate = false;
        slot.Ask(4, 0, []);
        Assert.That(slot.Driver.UsedIndex, Is.EqualTo(1 - flushes), "not before the disk has answered");
        world.RunAll();
        Assert.That((slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status)), Is.EqualTo((true, Ok)));
        Assert.That(world.Done.Count(done => done.Type == 4), Is.EqualTo(flushes));
        world.Answer = (1, 0);
        Assert.That(slot.Request(4, 0), Is.EqualTo(holdsBack ? Failed : Ok));
    }

    [TestCase((byte)1, 0)]
    [TestCase((byte)2, 0)]
    [TestCase((byte)0xff, 0)]
    [TestCase((byte)0, 1, Description = "it says that it wrote less than was asked for")]
    public void ARequestThatTheDiskFailsFails(byte status, int less)
    {
        using var world = new DiskWorld { Answer = (status, less) };
        var slot = world.Add(100, 50);
        slot.Bytes(512).Fill(0xcd);
        Assert.That(slot.Request(0, 0, 512), Is.EqualTo(Failed));
        Assert.That(slot.Bytes(512).ToArray(), Is.All.EqualTo(0xcd), "nothing of it is the guest's");
        world.Answer = default;
        Assert.That(slot.Request(0, 0, 512), Is.EqualTo(Ok), "the next one goes on");
        Assert.That(slot.IsBroken, Is.False);
    }

    /// <summary>A disk that gives back what it does not have is believed nothing more, and every guest's requests fail, those under way and those to come.</summary>
    [TestCase(3u, Description = "not under way")]
    [TestCase(1u, Description = "in the middle of one")]
    [TestCase(255u, Description = "beyond all")]
    [TestCase(0xffff_fffdu, Description = "beyond all numbers")]
    public void ADiskThatLiesFailsAllRequests(uint head)
    {
        using var world = new DiskWorld();
        var (one, two) = (world.Add(100, 50), world.Add(200, 50));
        world.Device.Immediate = false;
        one.Ask(0, 0, [512]);
        two.Ask(1, 0, [512]);
        world.Device.ReturnBogus(0, head);
        world.Serve();
        foreach (var slot in new[] { one, two })
        {
            Assert.That((slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status)), Is.EqualTo((true, Failed)));
            Assert.That((slot.Request(0, 1, 512), slot.Request(4, 1), slot.IsBroken), Is.EqualTo((Failed, Failed, false)));
        }

        Assert.That(world.Done.Any(done => done.Sector is 101 or 201), Is.False, "it is given nothing more");
    }

    [Test]
    public void ADiskThatGivesBackTooMuchFailsAllRequests()
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 50);
        world.Device.Immediate = false;
        slot.Ask(0, 0, [512]);
        world.Device.ReturnBogus(0, 0);
        world.Device.ReturnBogus(0, 0);
        world.Serve();
        Assert.That((slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status), slot.Driver.TryTake(out _, out _)), Is.EqualTo((true, Failed, false)));
    }

    [Test]
    public void ADiskThatAsksForAResetFailsAllRequests()
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 50);
        world.Device.Immediate = false;
        slot.Ask(0, 0, [512]);
        world.Device.Write(VirtioRegister.Status, 4, world.Device.Status | VirtioStatus.NeedsReset);
        world.Device.Interrupt(2);
        world.Serve();
        Assert.That((slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status)), Is.EqualTo((true, Failed)));
    }

    /// <summary>What the disk says nothing of has failed at the second watch, and so has all that its guest asks for until the disk answers: the old write must not come behind a new one.</summary>
    [TestCase(0u)]
    [TestCase(1u)]
    public void ADiskThatFallsSilentFailsTheRequestsOfThatGuest(uint type)
    {
        using var world = new DiskWorld();
        var (slot, other) = (world.Add(100, 50), world.Add(200, 50));
        world.IsSilent = sector => sector == 103;
        slot.Bytes(512).Fill(0x99);
        slot.Ask(type, 3, [512]);
        world.RunAll();
        Assert.That((slot.Watch(), slot.Driver.UsedIndex, slot.IsWaiting), Is.EqualTo((false, (ushort)0, true)));
        Assert.That(slot.Request(0, 4, 512), Is.EqualTo(Ok), "others of its own are answered meanwhile");
        slot.Bytes(512).Fill(0x99);
        Assert.That((slot.Watch(), slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status), slot.IsWaiting), Is.EqualTo((true, true, Failed, false)));
        var given = world.Device.Notifications;
        Assert.That((slot.Request(0, 4, 512), slot.Request(1, 3, 512), slot.Request(4, 0), slot.IsBroken), Is.EqualTo((Failed, Failed, Failed, false)));
        Assert.That(world.Device.Notifications, Is.EqualTo(given), "nothing of it reaches the disk");
        Assert.That(other.Request(1, 3, 512), Is.EqualTo(Ok), "which is not the neighbour's matter");
        world.AnswerAll();
        Assert.That((slot.Bytes(512).ToArray(), slot.Driver.TryTake(out _, out _)), Is.EqualTo((Enumerable.Repeat((byte)0x99, 512).ToArray(), false)), "too late");
        Assert.That((slot.Request(1, 3, 512), slot.Request(0, 3, 512)), Is.EqualTo((Ok, Ok)), "all is well again");
    }

    [Test]
    public void WhatWaitsForASilentDiskFailsToo()
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 50);
        world.IsSilent = _ => true;
        for (var i = 0u; i < 10; i++)
        {
            slot.Ask(0, i, [512], number: i);
        }

        Assert.That((slot.Watch(), slot.Watch()), Is.EqualTo((false, true)));
        for (var i = 0u; i < 10; i++)
        {
            Assert.That((slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status + i)), Is.EqualTo((true, Failed)));
        }

        Assert.That((slot.Driver.TryTake(out _, out _), slot.Watch(), slot.IsBroken), Is.EqualTo((false, false, false)));
    }

    /// <summary>Each piece is answered, if late: nothing is given up, however long the whole takes.</summary>
    [Test]
    public void ASlowDiskFailsNothing()
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 1000);
        world.Device.Immediate = false;
        slot.Ask(0, 8, [.. Enumerable.Repeat(0x4000u, 10)], onePlace: true);
        for (var piece = 0; piece < 3; piece++)
        {
            Assert.That((slot.Watch(), slot.Driver.UsedIndex), Is.EqualTo((false, (ushort)0)));
            world.Device.Run(0);
            world.Serve();
        }

        Assert.That((slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status), slot.Watch(), slot.IsWaiting), Is.EqualTo((true, Ok, false, false)));
    }

    /// <summary>A life waits for what the one before has left under way, and for what is never answered no longer than for its own.</summary>
    [Test]
    public void ALifeAfterOneWithASilentDiskGetsErrorsAndNoSilence()
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 50);
        world.IsSilent = sector => sector == 103;
        slot.Ask(1, 3, [512]);
        slot.Reset();
        slot.Open();
        slot.Ask(0, 7, [512]);
        Assert.That((slot.Watch(), slot.Driver.UsedIndex, slot.IsWaiting), Is.EqualTo((false, (ushort)0, true)));
        Assert.That((slot.Watch(), slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status)), Is.EqualTo((true, true, Failed)));
        Assert.That(slot.Request(0, 7, 512), Is.EqualTo(Failed));
        world.AnswerAll();
        Assert.That(slot.Request(0, 7, 512), Is.EqualTo(Ok));
    }

    /// <summary>A guest is reset with requests under way: nothing of them reaches its RAM, and nothing of its next life begins before they are over.</summary>
    [Test]
    public void AResetWaitsForNothingAndKeepsTheOrderOfLives()
    {
        using var world = new DiskWorld();
        var (slot, other) = (world.Add(100, 50), world.Add(200, 50));
        world.Device.Immediate = false;
        slot.Bytes(512).Fill(0x99);
        slot.Ask(1, 3, [512]);
        slot.Ask(0, 4, [512], number: 1);
        slot.Reset();
        slot.Open();
        var given = world.Device.Notifications;
        slot.Ask(0, 3, [512]);
        Assert.That(world.Device.Notifications, Is.EqualTo(given), "the old write is not over");
        other.Ask(0, 0, [512]);
        Assert.That(world.Device.Notifications, Is.EqualTo(given + 1), "which is not the neighbour's matter");
        world.Device.Run(0, 1);
        world.Serve();
        Assert.That((world.Device.Notifications, slot.Driver.UsedIndex), Is.EqualTo((given + 1, (ushort)0)), "nor is the old read");
        Assert.That(slot.Bytes(512).ToArray(), Is.All.Zero);
        world.RunAll();
        Assert.That((slot.Driver.TryTake(out _, out _), *slot.Ram(DiskSlot.Status), slot.Driver.TryTake(out _, out _)), Is.EqualTo((true, Ok, false)));
        Assert.That(slot.Bytes(512).ToArray(), Is.All.EqualTo(0x99));
        Assert.That(world.Done.Select(done => (done.Type, done.Sector)), Is.EqualTo([(1u, 103UL), (0u, 104UL), (0u, 200UL), (0u, 103UL)]));
    }

    [Test]
    public void AQueueThatIsStoppedHearsNoMore()
    {
        using var world = new DiskWorld();
        var slot = world.Add(100, 50);
        world.Device.Immediate = false;
        slot.Ask(0, 3, [512]);
        slot.Register(VirtioRegister.QueueSelect, 0);
        slot.Register(VirtioRegister.QueueReady, 0);
        world.RunAll();
        Assert.That((slot.Driver.UsedIndex, *slot.Ram(DiskSlot.Status)), Is.EqualTo(((ushort)0, (byte)0xee)));
    }

    [TestCase(2u, 0UL, 256u, 1UL << 32, Description = "no VERSION_1")]
    [TestCase(2u, 0UL, 0u, 0UL, Description = "no queue")]
    [TestCase(2u, 0UL, 2u, 0UL, Description = "a queue in which there is no room for a request")]
    [TestCase(2u, ulong.MaxValue, 256u, 0UL, Description = "more sectors than there are numbers of bytes")]
    public void ADiskThatCannotBeDrivenDoesNotStart(uint version, ulong sectors, uint queueSizeMax, ulong withheld)
    {
        using var world = new DiskWorld(version, queueSizeMax: queueSizeMax, starts: false);
        world.Device.Offered &= ~withheld;
        BitConverter.TryWriteBytes(world.Device.Configuration, sectors);
        Assert.That(world.Start(), Is.False);
    }

    [TestCase(256u, 16)]
    [TestCase(1024u, 16)]
    [TestCase(128u, 10)]
    [TestCase(16u, 1)]
    [TestCase(8u, 0)]
    public void AsManyGuestsHaveAPortAsTheQueueHasRoomFor(uint queueSizeMax, int ports)
    {
        using var world = new DiskWorld(queueSizeMax: queueSizeMax);
        for (var i = 0; i < ports; i++)
        {
            Assert.That((world.Disk->TryOpen(out var port), port), Is.EqualTo((true, i)));
        }

        Assert.That(world.Disk->TryOpen(out _), Is.False);
    }

    [Test]
    public void ItsTableIsReadBeforeAnybodyHasAPort()
    {
        using var world = new DiskWorld();
        new DiskImage(DiskWorld.Sectors, [("one", 100, 149)]).Bytes.CopyTo(world.Contents, 0);
        Assert.That(ReadTable(world), Is.EqualTo(PartitionTableError.None));
        world.Answer = (1, 0);
        Assert.That(ReadTable(world), Is.EqualTo(PartitionTableError.Unreadable));
        world.Answer = default;
        world.Device.Immediate = false;
        var given = world.Device.Notifications;
        Assert.That(ReadTable(world), Is.EqualTo(PartitionTableError.Unreadable), "it never answers");
        Assert.That(world.Device.Notifications, Is.EqualTo(given + 1), "and is asked once");
    }

    /// <summary>A hostile guest, with a disk that answers as it likes: nothing but the partition changes, and the neighbour reads what it wrote.</summary>
    [Test]
    public void RandomChainsAndAnswersChangeNothingButThePartition() =>
        Gen.Select(
            Gen.Select(Gen.ULong[0, 0x1_2000], Gen.UInt[0, 0x3000], Gen.UInt[0, 7], Gen.UInt[0, 70]).Array[64], Gen.UInt[0, 70].Array[1, 20], Gen.UShort[0, 70],
            Gen.Select(Gen.UInt[0, 5], Gen.ULong[0, 60]), Gen.Int[0, 3], Gen.Int[0, 4]).ForAll(
            (table, heads, index, header, runs, status) =>
            {
                using var world = new DiskWorld();
                var (slot, other) = (world.Add(100, 50), world.Add(200, 50));
                other.Bytes(512).Fill(0x77);
                Assert.That(other.Request(1, 9, 512), Is.EqualTo(Ok));
                var before = world.Contents.ToArray();
                world.Device.Immediate = false;
                for (var i = 0u; i < table.Length; i++)
                {
                    var (address, length, flags, next) = table[i];
                    slot.Driver.Descriptor(slot.Driver.Descriptors, i, QueueRam.Base + address, length, flags, next);
                }

                *(uint*)slot.Ram(DiskSlot.Header) = header.Item1;
                *(ulong*)slot.Ram(DiskSlot.Header + 8) = header.Item2;
                for (var i = 0; i < heads.Length; i++)
                {
                    slot.Memory.Half(slot.Driver.Available + 4 + (2 * (ulong)i)) = (ushort)heads[i];
                }

                slot.Driver.AvailableIndex = index;
                slot.Driver.Notify();
                world.Answer = ((byte)(status == 0 ? 1 : 0), 0);
                world.Device.Run(0, runs);
                world.Serve();
                slot.Driver.Notify();
                world.Answer = default;
                world.RunAll();
                before.AsSpan(100 * 512, 50 * 512).Clear();
                var after = world.Contents.ToArray();
                after.AsSpan(100 * 512, 50 * 512).Clear();
                Assert.That(after.AsSpan().SequenceEqual(before));
                other.Bytes(512).Clear();
                Assert.That((other.Request(0, 9, 512), other.Bytes(512).IndexOfAnyExcept((byte)0x77)), Is.EqualTo((Ok, -1)));
                slot.Reset();
                slot.Open(indirect: true);
                Assert.That(slot.Request(0, 1, 512), Is.EqualTo(Ok));
            },
            iter: 1_000);

    private static PartitionTableError ReadTable(DiskWorld world)
    {
        const ulong Room = FakeMachine.RamBase + 0x2_0000;
        world.Machine.AllowDma(Room, PartitionTable.ReadBytes);
        var reader = new SharedDiskReader<DeviceHost>(world.Machine.Host, world.Disk, world.Machine.Pointer(Room), Room);
        var error = PartitionTable.Read(ref reader, new byte[PartitionTable.BytesNeeded], out var table);
        Assert.That(table.Find("one"u8, out _), Is.EqualTo(error == PartitionTableError.None ? 1 : 0));
        return error;
    }
}
