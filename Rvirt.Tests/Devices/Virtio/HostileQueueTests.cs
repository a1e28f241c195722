using System;
using CsCheck;
using NUnit.Framework;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Virtio;

/// <summary>Guests that mean harm. The fake host device fails the test when it is told to touch what is not the guest's.</summary>
public unsafe class HostileQueueTests
{
    private const ulong Buffers = TestGuest.GuestRam + 0x8_0000;
    private const ulong End = TestGuest.GuestRam + TestGuest.RamBytes;
    private const uint Size = 16;

    private static readonly object[] BadDescriptors =
    [
        new object[] { 0UL, 64u, 0u, 0u },
        new object[] { End, 1u, 0u, 0u },
        new object[] { End - 1, 2u, 0u, 0u },
        new object[] { TestGuest.GuestRam - 1, 2u, 0u, 0u },
        new object[] { ulong.MaxValue, 2u, 0u, 0u },
        new object[] { ulong.MaxValue - 3, 8u, 2u, 0u },
        new object[] { Buffers, uint.MaxValue, 2u, 0u },
        new object[] { Buffers, 0u, 0u, 0u },
        new object[] { Buffers, 64u, 1u, 0u },
        new object[] { Buffers, 64u, 1u, Size },
        new object[] { Buffers, 64u, 1u, 0xffffu },
        new object[] { Buffers, 0u, 4u, 0u },
        new object[] { Buffers, 24u, 4u, 0u },
        new object[] { Buffers + 4, 32u, 4u, 0u },
        new object[] { Buffers, 32u, 5u, 0u },
        new object[] { End - 16, 32u, 4u, 0u },
        new object[] { End - 32, 32u, 4u, 0u },
        new object[] { ulong.MaxValue - 15, 32u, 4u, 0u },
        new object[] { Buffers, 0x8000_0000u, 4u, 0u },
    ];

    [TestCaseSource(nameof(BadDescriptors))]
    public void ABadDescriptorStopsTheQueue(ulong address, uint length, uint flags, uint next)
    {
        using var guest = new TestGuest();
        var driver = GuestDriver.Open(guest, true);
        driver.Descriptor(driver.Descriptors, 0, address, length, flags, next);
        driver.Publish(0);
        driver.Notify();
        Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero);
        Assert.That(guest.Register(VirtioRegister.InterruptStatus) & 2, Is.Not.Zero);
        Assert.That(guest.Device.Notifications, Is.Zero);
        Assert.That(driver.UsedIndex, Is.Zero);
        Works(guest);
    }

    [Test]
    public void AnIndirectTableInAnIndirectTableIsRefused()
    {
        using var guest = new TestGuest();
        var driver = GuestDriver.Open(guest, true);
        driver.Descriptor(driver.Descriptors, 0, Buffers, 32, 4, 0);
        driver.Descriptor(Buffers, 0, Buffers + 64, 16, 4, 0);
        driver.Publish(0);
        driver.Notify();
        Assert.That(guest.Device.Notifications, Is.Zero);
        Works(guest);
    }

    [Test]
    public void ATableThatLeavesRAMIsRefusedWhateverLiesBehind()
    {
        using var guest = new TestGuest();
        var driver = GuestDriver.Open(guest, true);
        driver.Descriptor(driver.Descriptors, 0, End - 16, 32, 4, 0);
        driver.Descriptor(End - 16, 0, Buffers, 16, 1, 1);
        // Not the guest's memory, and by chance what the second entry should be.
        driver.Descriptor(End, 0, Buffers, 16, 2, 0);
        driver.Publish(0);
        driver.Notify();
        Assert.That(guest.Device.Notifications, Is.Zero);
        Works(guest);
    }

    [Test]
    public void IndirectDescriptorsThatWereNotAgreedOnAreRefused()
    {
        using var guest = new TestGuest();
        var driver = GuestDriver.Open(guest);
        driver.Descriptor(driver.Descriptors, 0, Buffers, 16, 4, 0);
        driver.Descriptor(Buffers, 0, Buffers + 64, 16, 0, 0);
        driver.Publish(0);
        driver.Notify();
        Assert.That(guest.Device.Notifications, Is.Zero);
    }

    [Test]
    public void ATableAfterPlainDescriptorsIsPartOfTheChain()
    {
        using var guest = new TestGuest();
        guest.Device.Serve = (_, readable, writable) =>
        {
            Assert.That((readable.Length, writable.Count), Is.EqualTo((24, 1)));
            return 1;
        };
        var driver = GuestDriver.Open(guest, true);
        driver.Descriptor(driver.Descriptors, 0, Buffers, 8, 1, 1);
        driver.Descriptor(driver.Descriptors, 1, Buffers + 256, 32, 4, 0);
        driver.Descriptor(Buffers + 256, 0, Buffers, 16, 1, 1);
        driver.Descriptor(Buffers + 256, 1, Buffers, 16, 2, 0);
        driver.Publish(0);
        driver.Notify();
        guest.ServeInterrupts();
        Assert.That(driver.UsedIndex, Is.EqualTo(1));
    }

    [Test]
    public void ABufferToReadAfterOneToWriteIsRefused()
    {
        using var guest = new TestGuest();
        var driver = GuestDriver.Open(guest);
        driver.Add((Buffers, 16u, true), (Buffers, 16u, false));
        driver.Notify();
        Assert.That(guest.Device.Notifications, Is.Zero);
    }

    [Test]
    public void AnAvailableIndexThatJumpsStopsTheQueue()
    {
        using var guest = new TestGuest();
        var driver = GuestDriver.Open(guest);
        driver.AvailableIndex = (ushort)(Size + 1);
        driver.Notify();
        Assert.That(guest.Device.Notifications, Is.Zero);
        Works(guest);
    }

    [Test]
    public void FaultsAreReportedAFewTimesOnly()
    {
        using var guest = new TestGuest();
        for (var i = 0; i < 50; i++)
        {
            var driver = GuestDriver.Open(guest);
            driver.AvailableIndex = 1000;
            driver.Notify();
            driver.AvailableIndex = 0;
        }

        Assert.That(guest.Output.Split("broke queue").Length - 1, Is.EqualTo(8));
        Assert.That(guest.Bus->SlotCounters(0).Faults, Is.EqualTo(50));
    }

    [TestCase(0u)]
    [TestCase(3u)]
    [TestCase(512u)]
    [TestCase(uint.MaxValue)]
    public void AQueueOfABadSizeDoesNotStart(uint size)
    {
        foreach (var version in new[] { 1u, 2u })
        {
            using var guest = new TestGuest(version);
            GuestDriver.Begin(guest, false, false);
            var driver = new GuestDriver(guest, 0, Size, TestGuest.GuestRam + 0x1_0000, false, false);
            guest.Register(VirtioRegister.QueueSize, size);
            guest.Register(VirtioRegister.QueueAlign, 4096);
            guest.Register(VirtioRegister.QueuePageNumber, (uint)(driver.Descriptors / 4096));
            guest.Register(VirtioRegister.QueueReady, 1);
            driver.Notify();
            Assert.That(guest.Device.Run(0), Is.Zero);
            Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero);
        }
    }

    [Test]
    public void AQueueThatIsMisplacedOrNotAllRAMDoesNotStart([Range(0, 2)] int ring)
    {
        using var guest = new TestGuest(2);
        foreach (var address in new ulong[] { End - 0x20, 0, Buffers + 0x4001, TestGuest.GuestRam - 16, 0xffff_ffff_ffff_fff0 })
        {
            GuestDriver.Begin(guest, false, false);
            ulong[] places = [Buffers, Buffers + 0x1000, Buffers + 0x2000];
            places[ring] = address;
            guest.Register(VirtioRegister.QueueSize, Size);
            for (var i = 0u; i < 3; i++)
            {
                guest.Register(VirtioRegister.QueueDescriptorsLow + (i * 0x10), (uint)places[i]);
                guest.Register(VirtioRegister.QueueDescriptorsHigh + (i * 0x10), (uint)(places[i] >> 32));
            }

            guest.Register(VirtioRegister.QueueReady, 1);
            Assert.That(guest.Register(VirtioRegister.QueueReady), Is.Zero, $"0x{address:x}");
            Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero);
        }
    }

    [Test]
    public void RandomQueuesNeverReachForeignMemory()
    {
        var address = Gen.Frequency(
            (6, Gen.ULong[TestGuest.GuestRam, End]),
            (2, Gen.ULong[End - 64, End + 64]),
            (1, Gen.ULong[TestGuest.GuestRam - 64, TestGuest.GuestRam + 64]),
            (1, Gen.ULong));
        var length = Gen.Frequency((6, Gen.UInt[0, 600]), (1, Gen.UInt), (1, Gen.UInt[0, 64].Select(n => n * 16)));
        var descriptor = Gen.Select(address, length, Gen.UInt[0, 7], Gen.UInt[0, Size]);
        var plain = Gen.Select(Gen.ULong[Buffers, Buffers + 0x1_0000], Gen.UInt[1, 600], Gen.UInt[0, 1], Gen.UInt[0, Size - 1]);
        var tables = Gen.Frequency((1, descriptor.Array[64]), (2, plain.Array[64]), (2, Gen.Frequency((1, descriptor), (8, plain)).Array[64]));
        var heads = Gen.UInt[0, Size].Array[1, 20];
        Gen.Select(tables, heads, Gen.UShort[0, 20], Gen.Bool, Gen.Bool, Gen.UInt[1, 2]).ForAll(
            (table, available, index, indirect, events, version) =>
            {
                using var guest = new TestGuest(version, queueSizeMax: 64);
                guest.Device.Serve = (_, _, writable) =>
                {
                    foreach (var (at, bytes) in writable)
                    {
                        new Span<byte>(guest.Machine.Dma(at, bytes), (int)Math.Min(bytes, 4096)).Fill(0xa5);
                    }

                    return writable.Count == 0 ? 0 : 1;
                };
                var driver = GuestDriver.Open(guest, indirect, events);
                for (var round = 0; round < 3; round++)
                {
                    for (var i = 0u; i < 64; i++)
                    {
                        var (at, bytes, flags, next) = table[i];
                        driver.Descriptor(i < 16 ? driver.Descriptors : Buffers, i % 48, at, bytes, flags, next);
                    }

                    for (var i = 0; i < available.Length; i++)
                    {
                        *(ushort*)guest.Ram(driver.Available + 4 + (2 * (((uint)i + (uint)(round * 5)) % Size))) = (ushort)available[i];
                    }

                    driver.AvailableIndex += index;
                    driver.Notify();
                    guest.ServeInterrupts();
                }

                Works(guest);
            },
            iter: 400);
    }

    [Test]
    public void RandomRegistersNeverReachForeignMemory()
    {
        var offset = Gen.Frequency(
            (8, Pick(0x14u, 0x20u, 0x24u, 0x28u, 0x30u, 0x38u, 0x3cu, 0x40u, 0x44u, 0x50u, 0x64u, 0x70u, 0x80u, 0x84u, 0x90u, 0x94u, 0xa0u, 0xa4u)),
            (1, Gen.UInt[0, 0x1ff]));
        var value = Gen.Frequency(
            (3, Gen.UInt[0, 16]),
            (3, Gen.UInt[(uint)(TestGuest.GuestRam / 4096), (uint)(End / 4096)]),
            (3, Gen.UInt[(uint)TestGuest.GuestRam, (uint)End].Select(a => a & ~63u)),
            (1, Gen.UInt));
        Gen.Select(Gen.UInt[1, 2], Gen.Select(offset, value, Pick(1, 2, 4, 4, 4, 4, 8)).Array[1, 80]).ForAll(
            (version, writes) =>
            {
                using var guest = new TestGuest(version, queueSizeMax: 64);
                var host = guest.Machine.Host;
                foreach (var (at, what, size) in writes)
                {
                    guest.Bus->Write(ref host, 0, TestGuest.Slot0 + at, size, what);
                    guest.Bus->Read(ref host, 0, TestGuest.Slot0 + at, size, out _);
                    guest.ServeInterrupts();
                }

                Works(guest);
            },
            iter: 400);
    }

    private static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    // After a reset the device is as good as new.
    private static void Works(TestGuest guest)
    {
        guest.Register(VirtioRegister.Status, 0);
        new Span<byte>(guest.Ram(TestGuest.GuestRam), (int)TestGuest.RamBytes).Clear();
        guest.Device.Serve = (_, _, _) => 1;
        guest.Register(VirtioRegister.QueueSelect, 0);
        var driver = GuestDriver.Open(guest, true, true);
        driver.Add((Buffers, 16u, false), (Buffers + 64, 16u, true));
        driver.Notify();
        guest.ServeInterrupts();
        Assert.That(driver.UsedIndex, Is.EqualTo(1));
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.EqualTo(1));
    }
}
