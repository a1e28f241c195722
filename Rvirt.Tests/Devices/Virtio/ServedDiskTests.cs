using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using CsCheck;
using NUnit.Framework;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Served;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Virtio;

/// <summary>A second back end behind the same transport and chain reader: a disk that has no device of the host.</summary>
public sealed unsafe class ServedDiskTests
{
    private const int Sectors = 100;
    private const ulong Rings = QueueRam.Base + 0x2000;
    private const ulong Buffers = QueueRam.Base + 0x8000;
    private static readonly uint[] Versions = [1, 2];
    private static readonly bool[] Flags = [false, true];

    [Test]
    public void ADiskIsWrittenAndReadBack(
        [ValueSource(nameof(Versions))] uint version, [ValueSource(nameof(Flags))] bool indirect, [ValueSource(nameof(Flags))] bool events)
    {
        using var disk = new Disk(version);
        var driver = disk.Open(indirect, events);
        var random = new Random(1);
        for (ulong sector = 0; sector < Sectors; sector++)
        {
            var data = new byte[512];
            random.NextBytes(data);
            Assert.That(disk.Request(driver, 1, sector, data, [16, 512], [1]), Is.EqualTo((0, 1)));
            Assert.That(disk.Contents.AsSpan((int)sector * 512, 512).ToArray(), Is.EqualTo(data));
            var read = new byte[512];
            Assert.That(disk.Request(driver, 0, sector, read, [16], [512, 1]), Is.EqualTo((0, 513)));
            Assert.That(read, Is.EqualTo(data));
        }

        Assert.That(driver.UsedIndex, Is.EqualTo((ushort)(2 * Sectors)));
    }

    [Test]
    public void RequestsMayBeCutAnywhere()
    {
        var cuts = Gen.UInt[1, 400].Array[0, 6];
        Gen.Select(Gen.Bool, Gen.ULong[0, Sectors - 3], Gen.Int[1, 3], cuts, cuts, Gen.Bool).ForAll(
            (write, sector, count, readableCuts, writableCuts, indirect) =>
            {
                using var disk = new Disk(2);
                var driver = disk.Open(indirect, true);
                var data = new byte[512 * count];
                new Random(count).NextBytes(write ? data : disk.Contents);
                var readable = Cut((uint)(16 + (write ? data.Length : 0)), readableCuts);
                var writable = Cut((uint)(1 + (write ? 0 : data.Length)), writableCuts);
                Assert.That(disk.Request(driver, write ? 1u : 0, sector, data, readable, writable), Is.EqualTo((0, write ? 1 : data.Length + 1)));
                Assert.That(disk.Contents.AsSpan((int)sector * 512, data.Length).ToArray(), Is.EqualTo(data));
            },
            iter: 1_000);
    }

    [TestCase(0u, 100UL, 512, 1)]
    [TestCase(0u, 99UL, 1024, 1)]
    [TestCase(0u, ulong.MaxValue, 512, 1)]
    [TestCase(0u, 0x80_0000_0000_0000UL, 512, 1)]
    [TestCase(0u, 0UL, 100, 1)]
    [TestCase(0u, 99UL, 512, 0)]
    [TestCase(0u, 100UL, 0, 0)]
    [TestCase(4u, 0UL, 0, 0)]
    [TestCase(8u, 0UL, 20, 2)]
    public void ARequestIsAnsweredWithItsStatus(uint type, ulong sector, int length, int status)
    {
        using var disk = new Disk(2);
        var driver = disk.Open(false, false);
        disk.Contents.AsSpan().Fill(0x11);
        var data = new byte[length];
        uint[] writable = length == 0 ? [1] : [(uint)length, 1];
        Assert.That(disk.Request(driver, type, sector, data, [16], writable).Status, Is.EqualTo(status));
        Assert.That(data, Is.All.EqualTo(status == 0 ? 0x11 : 0xee), "where it fails the buffer stays as it was");
        Assert.That(disk.Contents, Is.All.EqualTo(0x11));
        Assert.That(disk.Slot.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Zero);
    }

    [Test]
    public void TheConfigurationSpaceHasTheCapacityInAnyWidth()
    {
        using var disk = new Disk(2);
        var expected = new byte[0x100];
        expected[0] = Sectors;
        foreach (var size in new[] { 1, 2, 4, 8 })
        {
            for (var offset = 0; offset < 0x100; offset += size)
            {
                disk.Slot.Write(0x100 + (uint)offset, size, ulong.MaxValue);
                var value = disk.Slot.Read(0x100 + (uint)offset, size);
                Assert.That(BitConverter.GetBytes(value)[..size], Is.EqualTo(expected[offset..(offset + size)]));
                Assert.That(size == 8 || value >> (8 * size) == 0);
            }
        }
    }

    [Test]
    public void AnEventIndexHoldsInterruptsBackUntilItIsPassed()
    {
        using var disk = new Disk(2);
        var driver = disk.Open(false, true);
        driver.WantInterruptAt(2);
        for (var i = 0; i < 3; i++)
        {
            Assert.That(disk.Slot.Transport.InterruptLine, Is.False);
            driver.Add((Buffers, 16u, false), (Buffers + 64, 1u, true));
            driver.Notify();
        }

        Assert.That(disk.Slot.Register(VirtioRegister.InterruptStatus), Is.EqualTo(1));
    }

    [Test]
    public void WhatIsMadeAvailableBeforeTheNotificationIsServedInOrder()
    {
        using var disk = new Disk(2);
        var driver = disk.Open(false, true);
        var heads = new List<uint>();
        for (var i = 0u; i < 16 / 2; i++)
        {
            heads.Add((uint)driver.Add((Buffers, 16u, false), (Buffers + 64 + i, 1u, true)));
        }

        driver.Notify();
        foreach (var head in heads)
        {
            Assert.That((driver.TryTake(out var used, out _), used), Is.EqualTo((true, head)));
        }
    }

    /// <summary>The first rule broken stops the queue before anything is done; a reset mends it.</summary>
    [Test]
    public void RandomQueuesDoNoHarm([ValueSource(nameof(Versions))] uint version)
    {
        var descriptor = Gen.Frequency(
            (3, Gen.Select(Gen.ULong[Buffers, Buffers + 0x4000], Gen.UInt[1, 600], Gen.UInt[0, 3], Gen.UInt[0, 15])),
            (1, Gen.Select(Gen.ULong[QueueRam.End - 600, QueueRam.End + 16], Gen.UInt[0, 600], Gen.UInt[0, 7], Gen.UInt[0, 16])),
            (1, Gen.Select(Gen.ULong, Gen.UInt, Gen.UInt[0, 0xffff], Gen.UInt[0, 0xffff])),
            (1, Gen.Select(Gen.ULong[Rings, Rings + 0x2000], Gen.UInt[1, 20].Select(n => 16 * n), Gen.Bool.Select(table => table ? 4u : 2u), Gen.UInt[0, 15])));
        Gen.Select(descriptor.Array[32], Gen.UInt[0, 16].Array[1, 16], Gen.UShort[0, 18], Gen.Bool).ForAll(
            (table, heads, index, events) =>
            {
                using var disk = new Disk(version);
                var driver = disk.Open(true, events);
                for (var i = 0u; i < 32; i++)
                {
                    var (address, length, flags, next) = table[i];
                    driver.Descriptor(i < 16 ? driver.Descriptors : Rings + 0x1800, i % 16, address, length, flags, next);
                }

                for (var i = 0; i < heads.Length; i++)
                {
                    disk.Slot.Memory.Half(driver.Available + 4 + (2 * (ulong)i)) = (ushort)heads[i];
                }

                driver.AvailableIndex = index;
                driver.Notify();
                driver.Notify();
                Assert.That(driver.UsedIndex, Is.LessThanOrEqualTo(2 * 16));
                var broken = (disk.Slot.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset) != 0;
                Assert.That(disk.Slot.Transport.TakeReport(out _) != QueueFault.None, Is.EqualTo(broken));

                disk.Slot.Memory.Span.Clear();
                disk.Slot.Register(VirtioRegister.Status, 0);
                driver = disk.Open(true, events);
                var read = new byte[512];
                Assert.That(disk.Request(driver, 0, 5, read, [16], [512, 1]), Is.EqualTo((0, 513)));
                Assert.That(read, Is.EqualTo(disk.Contents[(5 * 512)..(6 * 512)]));
            },
            iter: 1_500);
    }

    private static uint[] Cut(uint length, uint[] cuts)
    {
        var pieces = new List<uint>();
        foreach (var cut in cuts)
        {
            if (cut < length)
            {
                pieces.Add(cut);
                length -= cut;
            }
        }

        pieces.Add(length);
        return [.. pieces];
    }

    private sealed class Disk : IDisposable
    {
        private readonly GCHandle _pin;

        public Disk(uint version)
        {
            _pin = GCHandle.Alloc(Contents, GCHandleType.Pinned);
            var backend = default(SlotBackend);
            backend.Use(new RamDisk(version, (byte*)_pin.AddrOfPinnedObject(), (ulong)Contents.Length));
            Slot = new(backend);
        }

        public byte[] Contents { get; } = new byte[Sectors * 512];

        public ServedSlot<SlotBackend> Slot { get; }

        public GuestDriver Open(bool indirect, bool events)
        {
            GuestDriver.Begin(Slot, indirect, events);
            var driver = new GuestDriver(Slot, 0, 16, Rings, indirect, events);
            driver.Start();
            GuestDriver.Finish(Slot);
            return driver;
        }

        /// <summary>Makes a request, in buffers of these lengths: the header and what is written; what is read, and the status.</summary>
        public (int Status, int Written) Request(GuestDriver driver, uint type, ulong sector, byte[] data, uint[] readable, uint[] writable)
        {
            var ram = Slot.Memory.Span[(int)(Buffers - QueueRam.Base)..];
            ram[..0x3000].Fill(0xee);
            BitConverter.TryWriteBytes(ram, type);
            BitConverter.TryWriteBytes(ram[8..], sector);
            if (type == 1)
            {
                data.CopyTo(ram[16..]);
            }

            var buffers = new List<(ulong, uint, bool)>();
            var at = Buffers;
            foreach (var length in readable)
            {
                buffers.Add((at, length, false));
                at += length;
            }

            var answer = at;
            foreach (var length in writable)
            {
                buffers.Add((at, length, true));
                at += length;
            }

            var head = driver.Add(buffers.ToArray());
            Assert.That(head, Is.GreaterThanOrEqualTo(0));
            driver.Notify();
            Assert.That(driver.TryTake(out var used, out var written));
            Assert.That(used, Is.EqualTo((uint)head));
            if (type != 1)
            {
                new Span<byte>(Slot.Ram(answer), data.Length).CopyTo(data);
            }

            Slot.Register(VirtioRegister.InterruptAcknowledge, 3);
            return (*Slot.Ram(at - 1), (int)written);
        }

        public void Dispose()
        {
            Slot.Dispose();
            _pin.Free();
        }
    }
}
