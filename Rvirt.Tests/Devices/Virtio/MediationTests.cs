using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Mediated;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Virtio;

public unsafe class MediationTests
{
    private const ulong Buffers = TestGuest.GuestRam + 0x8_0000;
    private static readonly uint[] Versions = [1, 2];
    private static readonly bool[] Flags = [false, true];

    [Test]
    public void ADiskIsWrittenAndReadBack(
        [ValueSource(nameof(Versions))] uint version, [ValueSource(nameof(Flags))] bool indirect, [ValueSource(nameof(Flags))] bool events)
    {
        using var guest = new TestGuest(version);
        var disk = new FakeDisk(guest);
        var driver = GuestDriver.Open(guest, indirect, events);
        var random = new Random(1);
        for (ulong sector = 0; sector < 200; sector++)
        {
            var data = new byte[512];
            random.NextBytes(data);
            data.CopyTo(new Span<byte>(guest.Ram(Buffers + 0x1000), 512));
            Request(guest, driver, 1, sector, false);
            Assert.That(disk.Sectors[sector], Is.EqualTo(data));
            new Span<byte>(guest.Ram(Buffers + 0x1000), 512).Clear();
            Request(guest, driver, 0, sector, true);
            Assert.That(new Span<byte>(guest.Ram(Buffers + 0x1000), 512).ToArray(), Is.EqualTo(data));
        }

        Assert.That(driver.UsedIndex, Is.EqualTo(400));
    }

    [Test]
    public void TheGuestSeesTheHostsDevice([ValueSource(nameof(Versions))] uint version)
    {
        using var guest = new TestGuest(version);
        Assert.That(guest.Register(VirtioRegister.Magic), Is.EqualTo(VirtioRegister.MagicValue));
        Assert.That(guest.Register(VirtioRegister.Version), Is.EqualTo(version));
        Assert.That(guest.Register(VirtioRegister.DeviceId), Is.EqualTo(2));
        Assert.That(guest.Register(VirtioRegister.QueueSizeMax), Is.EqualTo(256));
        guest.Register(VirtioRegister.QueueSelect, 3);
        Assert.That(guest.Register(VirtioRegister.QueueSizeMax), Is.Zero);
        guest.Register(VirtioRegister.QueueSelect, uint.MaxValue);
        Assert.That(guest.Register(VirtioRegister.QueueSizeMax), Is.Zero);
        guest.Register(VirtioRegister.DeviceFeaturesSelect, 1);
        Assert.That(guest.Register(VirtioRegister.DeviceFeatures), Is.EqualTo(version == 2 ? 1 : 0), "VERSION_1 and no packed ring");
        guest.Register(VirtioRegister.DeviceFeaturesSelect, 0);
        Assert.That(guest.Register(VirtioRegister.DeviceFeatures), Is.EqualTo((1u << 5) | (3u << 28)));
    }

    [Test]
    public void TheConfigurationSpacePassesInAnyWidth()
    {
        using var guest = new TestGuest(2);
        for (var i = 0; i < 16; i++)
        {
            guest.Device.Configuration[i] = (byte)(i + 1);
        }

        Assert.That(guest.Read(TestGuest.Slot0 + 0x101, 1), Is.EqualTo(2));
        Assert.That(guest.Read(TestGuest.Slot0 + 0x102, 2), Is.EqualTo(0x0403));
        Assert.That(guest.Read(TestGuest.Slot0 + 0x104, 4), Is.EqualTo(0x0807_0605));
        Assert.That(guest.Read(TestGuest.Slot0 + 0x108, 8), Is.EqualTo(0x100f_0e0d_0c0b_0a09));
        guest.Write(TestGuest.Slot0 + 0x120, 0x1122_3344_5566_7788, 8);
        Assert.That(guest.Device.Configuration[0x20..0x28], Is.EqualTo(new byte[] { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 }));
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->Read(ref host, 0, TestGuest.Slot0 + 0x101, 2, out _).Answered, Is.False);
        Assert.That(guest.Register(VirtioRegister.ConfigurationGeneration), Is.EqualTo(7));
    }

    [Test]
    public void AModernDriverThatTakesWhatWasNotOfferedIsRefused()
    {
        using var guest = new TestGuest(2);
        GuestDriver.Begin(guest, false, false, 1UL << 34);
        Assert.That(guest.Register(VirtioRegister.Status), Is.EqualTo(3));
        GuestDriver.Begin(guest, false, false, 1UL << 5);
        Assert.That(guest.Register(VirtioRegister.Status), Is.EqualTo(11));
        Assert.That(guest.Device.Taken & (1UL << 5), Is.Not.Zero);
    }

    [Test]
    public void TheHostIsNeverToldOfIndirectDescriptors([ValueSource(nameof(Versions))] uint version)
    {
        using var guest = new TestGuest(version);
        GuestDriver.Open(guest, true, false);
        Assert.That(guest.Device.Taken & VirtioFeature.IndirectDescriptors, Is.Zero);
        Assert.That(guest.Device.Events, Is.True, "Rvirt uses event indices with the host whatever the guest does");
    }

    [Test]
    public void AHostWithoutEventIndicesStillServesAGuestWithThem([ValueSource(nameof(Flags))] bool events)
    {
        using var guest = new TestGuest(withheld: MediatedFeature.Own);
        _ = new FakeDisk(guest);
        var driver = GuestDriver.Open(guest, events, events);
        Assert.That(guest.Device.Events, Is.False);
        for (ulong sector = 0; sector < 50; sector++)
        {
            Request(guest, driver, 1, sector, false);
        }

        Assert.That(driver.UsedIndex, Is.EqualTo(50));
    }

    [Test]
    public void InterruptsComeWithStatusAndGoWithAcknowledgement()
    {
        using var guest = new TestGuest();
        _ = new FakeDisk(guest);
        guest.Write(0x0c00_0004, 1);
        guest.Write(0x0c00_2080, 2);
        var driver = GuestDriver.Open(guest);
        driver.Add((Buffers, 16u, false), (Buffers + 0x2000, 1u, true));
        driver.Notify();
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.Zero, "nothing is delivered before the host interrupts");
        Assert.That(guest.ServeInterrupts(), Is.True);
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.True);
        Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(1));
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.EqualTo(1));
        guest.Register(VirtioRegister.InterruptAcknowledge, 1);
        guest.Write(0x0c20_1004, 1);
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.False);
        guest.Device.Interrupt(2);
        guest.ServeInterrupts();
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.EqualTo(2), "a changed configuration is told");
    }

    [Test]
    public void AGuestThatWantsNoInterruptGetsItsBuffersWithout()
    {
        using var guest = new TestGuest();
        _ = new FakeDisk(guest);
        var driver = GuestDriver.Open(guest);
        *(ushort*)guest.Ram(driver.Available) = 1;
        driver.Add((Buffers, 16u, false), (Buffers + 0x2000, 1u, true));
        driver.Notify();
        guest.ServeInterrupts();
        Assert.That(driver.UsedIndex, Is.EqualTo(1));
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.Zero);
    }

    [Test]
    public void AnEventIndexHoldsInterruptsBackUntilItIsPassed()
    {
        using var guest = new TestGuest();
        _ = new FakeDisk(guest);
        var driver = GuestDriver.Open(guest, false, true);
        driver.WantInterruptAt(2);
        for (var i = 0; i < 3; i++)
        {
            Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.Zero);
            driver.Add((Buffers, 16u, false), (Buffers + 0x2000, 1u, true));
            driver.Notify();
            guest.ServeInterrupts();
        }

        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.EqualTo(1));
    }

    [Test]
    public void WithEventIndicesADeviceThatIsBehindIsNotNotifiedAgain()
    {
        using var guest = new TestGuest();
        _ = new FakeDisk(guest);
        guest.Device.Immediate = false;
        var driver = GuestDriver.Open(guest);
        for (var i = 0; i < 5; i++)
        {
            driver.Add((Buffers, 16u, false), (Buffers + 0x2000, 1u, true));
            driver.Notify();
        }

        Assert.That(guest.Device.Notifications, Is.EqualTo(1));
        Assert.That(guest.Device.Run(0), Is.EqualTo(5));
    }

    [Test]
    public void PacketsGoOutAndComeIn([ValueSource(nameof(Versions))] uint version, [ValueSource(nameof(Flags))] bool events)
    {
        using var guest = new TestGuest(version, VirtioKind.Network);
        var sent = new List<byte[]>();
        var inbox = new Queue<byte[]>();
        guest.Device.Serve = (queue, readable, writable) =>
        {
            if (queue == 1)
            {
                sent.Add(readable);
                return 0;
            }

            if (!inbox.TryDequeue(out var packet))
            {
                return -1;
            }

            packet.CopyTo(new Span<byte>(guest.Machine.Dma(writable[0].Address, writable[0].Length), (int)writable[0].Length));
            return packet.Length;
        };
        GuestDriver.Begin(guest, false, events);
        var receive = new GuestDriver(guest, 0, 16, TestGuest.GuestRam + 0x1_0000, false, events);
        var transmit = new GuestDriver(guest, 1, 16, TestGuest.GuestRam + 0x5_0000, false, events);
        receive.Start();
        transmit.Start();
        GuestDriver.Finish(guest);
        var heads = new Dictionary<uint, ulong>();
        for (var i = 0u; i < 16; i++)
        {
            heads[(uint)receive.Add((Buffers + (i * 2048), 2048u, true))] = Buffers + (i * 2048);
        }

        receive.Notify();
        var transmitted = 0;
        for (var round = 0; round < 300; round++)
        {
            var text = BitConverter.GetBytes(round);
            inbox.Enqueue(text);
            guest.Device.Run(0);
            text.CopyTo(new Span<byte>(guest.Ram(Buffers + 0x1_0000 + ((ulong)(round % 16) * 64)), 4));
            var since = transmit.AvailableIndex;
            while (transmit.Add((Buffers + 0x1_0000 + ((ulong)(round % 16) * 64), 4u, false)) < 0)
            {
                // Out of descriptors: what came back is in the ring, or an interrupt will say so.
                var any = false;
                while (transmit.TryTake(out _, out _))
                {
                    transmitted++;
                    any = true;
                }

                Assert.That(any || guest.ServeInterrupts(), Is.True, "a transmit queue that is full must come back");
            }

            transmit.Kick(since);
            guest.ServeInterrupts();
            Assert.That(receive.TryTake(out var head, out var length), Is.True);
            Assert.That(length, Is.EqualTo(4));
            Assert.That(BitConverter.ToInt32(new ReadOnlySpan<byte>(guest.Ram(heads[head]), 4)), Is.EqualTo(round));
            heads[(uint)receive.Add((heads[head], 2048u, true))] = heads[head];
            receive.Notify();
        }

        Assert.That(sent.Select(p => BitConverter.ToInt32(p)), Is.EqualTo(Enumerable.Range(0, 300)));
        Assert.That(transmitted, Is.GreaterThan(250));
    }

    [Test]
    public void TransmitBuffersComeBackInBundles()
    {
        using var guest = new TestGuest(1, VirtioKind.Network);
        guest.Device.Immediate = false;
        GuestDriver.Begin(guest, false, true);
        var transmit = new GuestDriver(guest, 1, 64, TestGuest.GuestRam + 0x5_0000, false, true);
        transmit.Start();
        GuestDriver.Finish(guest);
        transmit.WantInterruptAt(0x7000);
        for (var i = 0; i < 8; i++)
        {
            transmit.Add((Buffers, 64u, false));
        }

        transmit.Notify();
        for (var i = 0; i < 7; i++)
        {
            guest.Device.Run(1, 1);
            Assert.That(guest.Device.Interrupts, Is.Zero);
        }

        guest.Device.Run(1, 1);
        Assert.That(guest.Device.Interrupts, Is.EqualTo(1), "the last one is told, or the others would never come back");
        guest.ServeInterrupts();
        Assert.That(transmit.UsedIndex, Is.EqualTo(8));
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.Zero, "the guest wanted none");
    }

    [Test]
    public void ChainsThatFindNoRoomWaitAndAreNotLost([ValueSource(nameof(Flags))] bool events)
    {
        using var guest = new TestGuest(queueSizeMax: 8);
        guest.Device.Immediate = false;
        var driver = GuestDriver.Open(guest, true, events, size: 8);
        for (var i = 0u; i < 6; i++)
        {
            driver.Add((Buffers, 8u, false), (Buffers + 64, 8u, false), (Buffers + 0x1000 + i, 1u, true));
        }

        driver.Notify();
        Assert.That(guest.Device.Run(0), Is.EqualTo(2), "three descriptors each fit a host queue of eight twice");
        for (var i = 0; i < 10; i++)
        {
            guest.ServeInterrupts();
            guest.Device.Run(0);
        }

        guest.ServeInterrupts();
        Assert.That(driver.UsedIndex, Is.EqualTo(6));
    }

    [Test]
    public void WhatTheGuestChangesAfterTheNotificationHasNoEffect()
    {
        using var guest = new TestGuest();
        guest.Device.Immediate = false;
        var writable = new List<(ulong Address, uint Length)>();
        guest.Device.Serve = (_, _, buffers) =>
        {
            writable.AddRange(buffers);
            return 0;
        };
        var driver = GuestDriver.Open(guest);
        var head = driver.Add((Buffers, 64u, true));
        driver.Notify();
        driver.Descriptor(driver.Descriptors, (uint)head, 0x1000, 0xffff_ffff, 2, 0);
        guest.Device.Run(0);
        Assert.That(writable, Is.EqualTo([(TestGuest.HostRam + 0x8_0000, 64u)]));
    }

    [Test]
    public void TwoChainsMayShareDescriptorsAndStayApart()
    {
        using var guest = new TestGuest();
        guest.Device.Immediate = false;
        var driver = GuestDriver.Open(guest);
        driver.Descriptor(driver.Descriptors, 0, Buffers, 64, 0, 0);
        driver.Publish(0);
        driver.Publish(0);
        driver.Notify();
        Assert.That(guest.Device.Run(0), Is.EqualTo(2));
        guest.ServeInterrupts();
        Assert.That(driver.UsedIndex, Is.EqualTo(2));
    }

    [Test]
    public void AResetInFlightStopsTheDeviceAndADriverCanStartOver([ValueSource(nameof(Versions))] uint version)
    {
        using var guest = new TestGuest(version);
        var disk = new FakeDisk(guest);
        guest.Device.Immediate = false;
        var driver = GuestDriver.Open(guest);
        for (var i = 0; i < 3; i++)
        {
            driver.Add((Buffers, 16u, false), (Buffers + 0x2000, 1u, true));
        }

        driver.Notify();
        guest.Device.Run(0, 1);
        guest.Register(VirtioRegister.Status, 0);
        Assert.That(guest.Device.Status, Is.Zero);
        Assert.That(guest.Device.Run(0), Is.Zero);
        // The host's PLIC keeps what the device asked before its reset.
        guest.ServeAll();

        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.Zero);
        Assert.That(driver.UsedIndex, Is.Zero);

        guest.Device.Immediate = true;
        new Span<byte>(guest.Ram(TestGuest.GuestRam), (int)TestGuest.RamBytes).Clear();
        var again = GuestDriver.Open(guest, true, true);
        Request(guest, again, 1, 5, false);
        Assert.That(disk.Sectors.ContainsKey(5), Is.True);
        Assert.That(again.UsedIndex, Is.EqualTo(1));
    }

    [Test]
    public void WhenAGuestEndsItsDevicesAreStill()
    {
        using var guest = new TestGuest();
        guest.Device.Immediate = false;
        var driver = GuestDriver.Open(guest);
        driver.Add((Buffers, 64u, true));
        driver.Notify();
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->ResetAll(ref host), Is.True);
        Assert.That(guest.Device.Run(0), Is.Zero);
        Assert.That(guest.Device.Status, Is.Zero);
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.False);
    }

    [Test]
    public void ALegacyPageNumberOfZeroTakesTheQueueAway()
    {
        using var guest = new TestGuest();
        var driver = GuestDriver.Open(guest);
        Assert.That(guest.Register(VirtioRegister.QueuePageNumber), Is.EqualTo(driver.Descriptors / 4096));
        guest.Register(VirtioRegister.QueuePageNumber, 0);
        Assert.That(guest.Register(VirtioRegister.QueuePageNumber), Is.Zero);
        Assert.That(guest.Device.Status, Is.Zero);
    }

    [Test]
    public void AModernQueueCanBeStoppedAndStarted()
    {
        using var guest = new TestGuest(2);
        _ = new FakeDisk(guest);
        var driver = GuestDriver.Open(guest);
        Request(guest, driver, 1, 1, false);
        Assert.That(guest.Register(VirtioRegister.QueueReady), Is.EqualTo(1));
        guest.Register(VirtioRegister.QueueReady, 0);
        Assert.That(guest.Register(VirtioRegister.QueueReady), Is.Zero);
        new Span<byte>(guest.Ram(driver.Descriptors), 0x4000).Clear();
        var again = new GuestDriver(guest, 0, 16, driver.Descriptors, false, false);
        again.Start();
        Assert.That(guest.Register(VirtioRegister.QueueReady), Is.EqualTo(1));
    }

    [Test]
    public void AModernQueueThatStartsAgainWithBuffersInFlightAsksForAResetAndSaysSo()
    {
        using var guest = new TestGuest(2);
        _ = new FakeDisk(guest);
        guest.Device.Immediate = false;
        var driver = GuestDriver.Open(guest);
        driver.Add((Buffers, 16u, false), (Buffers + 0x2000, 1u, true));
        driver.Notify();
        guest.Register(VirtioRegister.QueueReady, 0);
        Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Zero);
        guest.Register(VirtioRegister.QueueReady, 1);
        Assert.That(guest.Register(VirtioRegister.QueueReady), Is.Zero);
        Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero);
        Assert.That(guest.Output, Does.Contain("guest 0 broke queue 0 of virtio slot 0: it is made ready again while the device has its buffers"));
        guest.Device.Immediate = true;
        new Span<byte>(guest.Ram(TestGuest.GuestRam), (int)TestGuest.RamBytes).Clear();
        Request(guest, GuestDriver.Open(guest), 1, 1, false);
    }

    [TestCase(0u)]
    [TestCase(3u)]
    [TestCase(0xfffu)]
    [TestCase(0xc000_0000u)]
    public void ALegacyQueueWhoseAlignmentIsNoPowerOfTwoAsksForAResetAndSaysSo(uint alignment)
    {
        using var guest = new TestGuest(1);
        _ = new FakeDisk(guest);
        guest.Register(VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver);
        guest.Register(VirtioRegister.QueueSize, 8);
        guest.Register(VirtioRegister.QueueAlign, alignment);
        guest.Register(VirtioRegister.QueuePageNumber, (uint)(Buffers >> 12));
        Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero);
        Assert.That(guest.Output, Does.Contain("guest 0 broke queue 0 of virtio slot 0: its rings are misplaced"));
        Request(guest, GuestDriver.Open(guest), 1, 1, false);
    }

    [TestCase(VirtioKind.Block, true)]
    [TestCase(VirtioKind.Entropy, true)]
    [TestCase(VirtioKind.Network, false)]
    [TestCase(VirtioKind.Console, false)]
    public void ADriverWithoutVERSION1GetsModernDevicesWhoseRequestsLookTheSame(uint kind, bool accepted)
    {
        using var guest = new TestGuest(2, kind);
        guest.Register(VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver);
        guest.Register(VirtioRegister.DriverFeatures, 0);
        guest.Register(VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.FeaturesOk);
        Assert.That((guest.Register(VirtioRegister.Status) & VirtioStatus.FeaturesOk) != 0, Is.EqualTo(accepted));
        Assert.That((guest.Device.Taken & VirtioFeature.Version1) != 0, Is.EqualTo(accepted), "the host's device hears the version it has");
        if (kind == VirtioKind.Block)
        {
            _ = new FakeDisk(guest);
            var driver = new GuestDriver(guest, 0, 8, TestGuest.GuestRam + 0x1_0000, false, false);
            driver.Start();
            GuestDriver.Finish(guest);
            Request(guest, driver, 1, 1, false);
        }
    }

    [TestCase(0u, 1u)]
    [TestCase(null, 1u)]
    [TestCase(4096u, 4096u)]
    [TestCase(0x3000u, 4096u)]
    public void ALegacyDriverFindsTheBoardsPageSizeUntilItWritesOne(uint? written, uint unit)
    {
        using var guest = new TestGuest();
        _ = new FakeDisk(guest);
        guest.Register(VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver);
        guest.Register(VirtioRegister.DriverFeatures, 0);
        if (written is { } size)
        {
            guest.Register(VirtioRegister.GuestPageSize, size);
        }

        var driver = new GuestDriver(guest, 0, 16, TestGuest.GuestRam + 0x1_0000, false, false);
        guest.Register(VirtioRegister.QueueSize, 16);
        guest.Register(VirtioRegister.QueuePageNumber, (uint)(driver.Descriptors / unit));
        GuestDriver.Finish(guest);
        Request(guest, driver, 1, 1, false);
    }

    [Test]
    public void ADriversResetKeepsThePageSizeAndTheMachinesDoesNot()
    {
        using var guest = new TestGuest();
        _ = new FakeDisk(guest);
        guest.Register(VirtioRegister.GuestPageSize, 4096);
        guest.Register(VirtioRegister.Status, 0);
        guest.Register(VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver);
        guest.Register(VirtioRegister.QueueSize, 16);
        var driver = new GuestDriver(guest, 0, 16, TestGuest.GuestRam + 0x1_0000, false, false);
        guest.Register(VirtioRegister.QueuePageNumber, (uint)(driver.Descriptors / 4096));
        GuestDriver.Finish(guest);
        Request(guest, driver, 1, 1, false);
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->ResetAll(ref host), Is.True);
        guest.Register(VirtioRegister.QueueSize, 16);
        guest.Register(VirtioRegister.QueuePageNumber, (uint)(driver.Descriptors / 4096));
        Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero, "a byte address that is no RAM");
    }

    // The sizes that QEMU's devices have: ResetValueTests asks QEMU for them, but for a socket's, whose size is from QEMU's source.
    [TestCase(VirtioKind.Block, 0u, 256u)]
    [TestCase(VirtioKind.Network, 0u, 256u)]
    [TestCase(VirtioKind.Network, 1u, 256u)]
    [TestCase(VirtioKind.Network, 2u, 64u)]
    [TestCase(VirtioKind.Entropy, 0u, 8u)]
    [TestCase(VirtioKind.Console, 1u, 128u)]
    [TestCase(VirtioKind.Console, 2u, 32u)]
    [TestCase(VirtioKind.Scsi, 0u, 256u)]
    [TestCase(VirtioKind.Scsi, 2u, 256u)]
    [TestCase(VirtioKind.FileSystem9P, 0u, 128u)]
    [TestCase(VirtioKind.Input, 0u, 64u)]
    [TestCase(VirtioKind.Input, 1u, 64u)]
    [TestCase(VirtioKind.Socket, 2u, 128u)]
    public void ADriverThatWritesNoQueueSizeGetsTheBoards(uint kind, uint queue, uint size)
    {
        foreach (var version in Versions)
        {
            using var guest = new TestGuest(version, kind);
            GuestDriver.Begin(guest, false, false);
            var driver = new GuestDriver(guest, queue, size, TestGuest.GuestRam + 0x1_0000, false, false);
            guest.Register(VirtioRegister.QueueSelect, queue);
            guest.Register(VirtioRegister.QueuePageNumber, (uint)(driver.Descriptors / 4096));
            guest.Register(VirtioRegister.QueueDescriptorsLow, (uint)driver.Descriptors);
            guest.Register(VirtioRegister.QueueAvailableLow, (uint)driver.Available);
            guest.Register(VirtioRegister.QueueUsedLow, (uint)driver.Used);
            guest.Register(VirtioRegister.QueueReady, 1);
            GuestDriver.Finish(guest);
            Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Zero, "the rings of that size are RAM");

            // The ring comes round: entry 0 again after as many as its size.
            for (var i = 0u; i <= size; i++)
            {
                driver.Publish((ushort)(i % size));
                driver.Descriptor(driver.Descriptors, i % size, Buffers, 16, 2, 0);
                driver.Notify();
                guest.ServeInterrupts();
                Assert.That(driver.UsedIndex, Is.EqualTo(i + 1));
            }
        }
    }

    [Test]
    public void AnIndirectTableMayLieAnywhere([Values(0u, 4u, 8u, 1u, 15u)] uint offset, [ValueSource(nameof(Versions))] uint version)
    {
        using var guest = new TestGuest(version);
        var disk = new FakeDisk(guest);
        var driver = GuestDriver.Open(guest, indirect: true);
        var table = Buffers + 0x3000 + offset;
        *(uint*)guest.Ram(Buffers) = 1;
        *(ulong*)guest.Ram(Buffers + 8) = 7;
        *guest.Ram(Buffers + 0x1000) = 0x5a;
        driver.Descriptor(table, 0, Buffers, 16, 1, 1);
        driver.Descriptor(table, 1, Buffers + 0x1000, 512, 1, 2);
        driver.Descriptor(table, 2, Buffers + 0x2000, 1, 2, 0);
        driver.Descriptor(driver.Descriptors, 0, table, 48, 4, 0);
        driver.Publish(0);
        driver.Notify();
        guest.ServeInterrupts();
        Assert.That(driver.UsedIndex, Is.EqualTo(1));
        Assert.That(disk.Sectors[7][0], Is.EqualTo(0x5a));
    }

    [Test]
    public void AHostDeviceThatReturnsWhatItWasNotGivenBreaksTheQueueOnly()
    {
        using var guest = new TestGuest();
        guest.Device.Immediate = false;
        var driver = GuestDriver.Open(guest);
        driver.Add((Buffers, 64u, true));
        driver.Notify();
        guest.Device.ReturnBogus(0, 77);
        guest.ServeInterrupts();
        Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero);
        Assert.That(driver.UsedIndex, Is.Zero);
        Assert.That(guest.Output, Does.Contain("rvirt: guest 0 broke queue 0 of virtio slot 0"));
    }

    private static void Request(TestGuest guest, GuestDriver driver, uint kind, ulong sector, bool read)
    {
        *(uint*)guest.Ram(Buffers) = kind;
        *(ulong*)guest.Ram(Buffers + 8) = sector;
        *guest.Ram(Buffers + 0x2000) = 0xff;
        var since = driver.AvailableIndex;
        var head = driver.Add((Buffers, 16u, false), (Buffers + 0x1000, 512u, read), (Buffers + 0x2000, 1u, true));
        Assert.That(head, Is.GreaterThanOrEqualTo(0));
        driver.Kick(since);
        Assert.That(guest.ServeInterrupts(), Is.True, "a served request must interrupt");
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.EqualTo(1));
        guest.Register(VirtioRegister.InterruptAcknowledge, 1);
        Assert.That(driver.TryTake(out var used, out var length), Is.True);
        Assert.That((used, length), Is.EqualTo(((uint)head, read ? 513u : 1u)));
        Assert.That(*guest.Ram(Buffers + 0x2000), Is.Zero);
    }
}
