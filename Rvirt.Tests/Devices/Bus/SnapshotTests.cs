using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Bus;

/// <summary>Devices of a guest that stands still are copied, and go on where they stood: in the same guest, and in another.</summary>
internal sealed unsafe class SnapshotTests
{
    private const ulong Buffers = TestGuest.GuestRam + 0x8_0000;

    // A copy of a guest's RAM and devices.
    private sealed class Kept : IDisposable
    {
        private const int StorageBytes = 0x10_0000;

        private readonly byte[] _ram;
        private readonly byte* _storage = (byte*)NativeMemory.AlignedAlloc(StorageBytes, 4096);
        private readonly GuestBus<DeviceHost>* _bus = (GuestBus<DeviceHost>*)NativeMemory.AllocZeroed((nuint)sizeof(GuestBus<DeviceHost>));

        public Kept(TestGuest guest)
        {
            guest.Bus->Hold();
            guest.Bus->CopyTo(_bus, _storage);
            _ram = new Span<byte>(guest.Memory.Pointer, (int)TestGuest.RamBytes).ToArray();
            var host = guest.Machine.Host;
            guest.Bus->LetGo(ref host);
        }

        public void PutInto(TestGuest guest)
        {
            var host = guest.Machine.Host;
            guest.Bus->Hold();
            Assert.That(guest.Bus->IsLike(*_bus, out _));
            Assert.That(guest.Bus->TryRelease(ref host));
            _ram.CopyTo(new Span<byte>(guest.Memory.Pointer, (int)TestGuest.RamBytes));
            guest.Bus->Continue(ref host, *_bus);
            guest.Bus->LetGo(ref host);
        }

        public void Dispose()
        {
            NativeMemory.AlignedFree(_storage);
            NativeMemory.Free(_bus);
        }
    }

    // A driver that gives a buffer for each number, and a device that keeps them until it is told to answer with what it read, plus one.
    private static GuestDriver Open(TestGuest guest, bool indirect, bool events, List<byte> served)
    {
        guest.Device.Immediate = false;
        guest.Device.Serve = (queue, readable, writable) =>
        {
            served.Add(readable[0]);
            guest.Machine.Pointer(writable[0].Address)[0] = (byte)(readable[0] + 1);
            return 1;
        };
        return GuestDriver.Open(guest, indirect, events, size: 16);
    }

    private static int Give(GuestDriver driver, TestGuest guest, byte number)
    {
        *guest.Ram(Buffers + (16u * number)) = number;
        *guest.Ram(Buffers + (16u * number) + 8) = 0;
        return driver.Add((Buffers + (16u * number), 1u, false), (Buffers + (16u * number) + 8, 1u, true));
    }

    private static byte Answer(TestGuest guest, int number) => *guest.Ram(Buffers + (16u * (uint)number) + 8);

    [Test]
    public void WhatWasWithTheDeviceIsGivenToItAgainInTheSameOrder([Values(1u, 2u)] uint version, [Values] bool indirect, [Values] bool events)
    {
        using var guest = new TestGuest(version, VirtioKind.Entropy);
        var served = new List<byte>();
        var driver = Open(guest, indirect, events, served);
        for (byte i = 0; i < 6; i++)
        {
            Give(driver, guest, i);
            driver.Notify();
        }

        Assert.That(guest.Device.Run(0, 2), Is.EqualTo(2));
        guest.ServeInterrupts();
        Assert.That(driver.UsedIndex, Is.EqualTo(2));
        using var kept = new Kept(guest);
        var resets = guest.Device.Resets;

        // What follows is to be undone.
        Assert.That(guest.Device.Run(0), Is.EqualTo(4));
        guest.ServeInterrupts();
        Give(driver, guest, 7);
        driver.Notify();
        Assert.That(driver.UsedIndex, Is.EqualTo(6));

        served.Clear();
        kept.PutInto(guest);
        Assert.That(guest.Device.Resets, Is.EqualTo(resets + 1));
        Assert.That(driver.UsedIndex, Is.EqualTo(2));
        Assert.That(Enumerable.Range(0, 6).Select(i => (int)Answer(guest, i)), Is.EqualTo([1, 2, 0, 0, 0, 0]));
        Assert.That(guest.Device.Run(0), Is.EqualTo(4));
        Assert.That(served, Is.EqualTo(new byte[] { 2, 3, 4, 5 }));
        Assert.That(guest.ServeInterrupts());
        Assert.That(driver.UsedIndex, Is.EqualTo(6));
        Assert.That(Enumerable.Range(0, 6).Select(i => (int)Answer(guest, i)), Is.EqualTo([1, 2, 3, 4, 5, 6]));

        // And it goes on.
        for (var i = 0; i < 6; i++)
        {
            Assert.That(driver.TryTake(out _, out var length) && length == 1);
        }

        Give(driver, guest, 9);
        driver.Notify();
        Assert.That(guest.Device.Run(0), Is.EqualTo(1));
        Assert.That(Answer(guest, 9), Is.EqualTo(10));
    }

    [Test]
    public void AChainThatOthersOvertookIsGivenFirst()
    {
        using var guest = new TestGuest(2, VirtioKind.Entropy, queueSizeMax: 16);
        var served = new List<byte>();
        var driver = Open(guest, false, false, served);
        var slow = true;
        guest.Device.Serve = (_, readable, _) =>
        {
            if (slow)
            {
                return -1;
            }

            served.Add(readable[0]);
            return 1;
        };

        // More go by the first than the host's ring has entries, so that it is named there no more. Each has two descriptors, and takes those that were freed last.
        Give(driver, guest, 0);
        driver.Notify();
        for (byte i = 1; i < 40; i++)
        {
            Give(driver, guest, i);
            driver.Notify();
            if (i < 38)
            {
                guest.Device.ReturnBogus(0, 2);
                guest.ServeInterrupts();
                Assert.That(driver.TryTake(out _, out _));
            }
        }

        using var kept = new Kept(guest);
        slow = false;
        kept.PutInto(guest);
        guest.Device.Run(0);
        Assert.That(served, Is.EqualTo(new byte[] { 0, 38, 39 }));
    }

    [Test]
    public void AnotherGuestGoesOnWithADeviceOfItsOwn([Values(1u, 2u)] uint version)
    {
        using var guest = new TestGuest(version, VirtioKind.Network);
        using var other = new TestGuest(version, VirtioKind.Network);
        var served = new List<byte>();
        var driver = Open(guest, true, true, []);
        for (byte i = 0; i < 3; i++)
        {
            Give(driver, guest, i);
            driver.Notify();
        }

        other.Device.Immediate = false;
        other.Device.Serve = (_, readable, writable) =>
        {
            served.Add(readable[0]);
            other.Machine.Pointer(writable[0].Address)[0] = (byte)(readable[0] + 100);
            return 1;
        };
        using var kept = new Kept(guest);
        kept.PutInto(other);
        Assert.That((other.Device.Taken, other.Device.Status), Is.EqualTo((guest.Device.Taken, guest.Device.Status)));
        Assert.That(other.Device.Run(0), Is.EqualTo(3));
        other.ServeInterrupts();
        Assert.That(served, Is.EqualTo(new byte[] { 0, 1, 2 }));
        Assert.That(Enumerable.Range(0, 3).Select(i => (int)Answer(other, i)), Is.EqualTo([100, 101, 102]));
        Assert.That(Enumerable.Range(0, 3).Select(i => (int)Answer(guest, i)), Is.EqualTo([0, 0, 0]), "the other's device has nothing of this guest's");
        Assert.That(other.Register(VirtioRegister.InterruptStatus), Is.EqualTo(1));
        Assert.That(guest.Register(VirtioRegister.InterruptStatus), Is.Zero);
    }

    [Test]
    public void NothingComesToAGuestWhoseDevicesAreHeldAndAllOfItAfterwards()
    {
        using var guest = new TestGuest(2, VirtioKind.Entropy);
        var driver = Open(guest, false, false, []);
        Give(driver, guest, 1);
        driver.Notify();
        guest.Bus->Hold();
        guest.Device.Run(0);
        guest.Machine.Type("x");
        Assert.That(guest.ServeInterrupts());
        Assert.That(guest.ServeInterrupts(), Is.False, "the device has heard that it was heard");
        Assert.That((driver.UsedIndex, guest.Register(VirtioRegister.InterruptStatus), guest.Read(0x1000_0005, 1) & 1), Is.EqualTo(((ushort)0, 0u, 0UL)));
        var host = guest.Machine.Host;
        guest.Bus->LetGo(ref host);
        Assert.That((driver.UsedIndex, guest.Register(VirtioRegister.InterruptStatus), guest.Read(0x1000_0005, 1) & 1), Is.EqualTo(((ushort)1, 1u, 1UL)));
    }

    [Test]
    public void AChainThatWasMadeLongerMeanwhileIsTheGuestsFault()
    {
        using var guest = new TestGuest(2, VirtioKind.Entropy, queueSizeMax: 4);
        var driver = Open(guest, true, false, []);
        guest.Device.Immediate = false;
        var head = driver.Add((Buffers, 1u, true));
        driver.Notify();
        // The table has room for more: five descriptors do not fit the host's queue.
        var table = *(ulong*)guest.Ram(driver.Descriptors + (16u * (uint)head));
        *(uint*)guest.Ram(driver.Descriptors + (16u * (uint)head) + 8) = 16 * 5;
        for (var i = 0u; i < 5; i++)
        {
            driver.Descriptor(table, i, Buffers + i, 1, 2 | (i < 4 ? 1u : 0), i + 1);
        }

        using var kept = new Kept(guest);
        kept.PutInto(guest);
        Assert.That((guest.Bus->SlotCounters(0).Faults, guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset), Is.EqualTo((1UL, (uint)VirtioStatus.NeedsReset)));
        Assert.That(guest.Device.Run(0), Is.Zero);
    }

    [Test]
    public void LineAndInterruptControllerGoBack()
    {
        using var guest = new TestGuest(2, VirtioKind.Entropy);
        // The UART's source enabled for S-mode, its priority 3, and a byte received.
        guest.Write(0x0c00_0000 + (4 * 10), 3);
        guest.Write(0x0c00_2080, 1 << 10);
        guest.Write(0x1000_0001, 1, 1);
        guest.Write(0x1000_0007, 0x5a, 1);
        guest.Machine.Type("k");
        guest.ServeInterrupts();
        Assert.That(guest.Bus->ExternalInterruptPending(0));
        using var kept = new Kept(guest);
        Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(10UL));
        Assert.That(guest.Read(0x1000_0000, 1), Is.EqualTo((ulong)'k'));
        guest.Write(0x0c20_1004, 10);
        guest.Write(0x0c00_0000 + (4 * 10), 0);
        guest.Write(0x1000_0007, 0, 1);
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.False);
        kept.PutInto(guest);
        Assert.That(guest.Bus->ExternalInterruptPending(0));
        Assert.That((guest.Read(0x1000_0007, 1), guest.Read(0x0c00_0000 + (4 * 10))), Is.EqualTo((0x5aUL, 3UL)));
        Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(10UL));
        Assert.That(guest.Read(0x1000_0000, 1), Is.EqualTo((ulong)'k'));
    }

    [TestCase(VirtioKind.Network, 0UL, SnapshotObstacle.None)]
    [TestCase(VirtioKind.Console, 0UL, SnapshotObstacle.None)]
    [TestCase(VirtioKind.Entropy, 0UL, SnapshotObstacle.None)]
    [TestCase(VirtioKind.Block, 0UL, SnapshotObstacle.Disk)]
    [TestCase(VirtioKind.Block, 1UL << 5, SnapshotObstacle.None)]
    [TestCase(9u, 0UL, SnapshotObstacle.Device)]
    [TestCase(8u, 0UL, SnapshotObstacle.Device)]
    [TestCase(18u, 0UL, SnapshotObstacle.Device)]
    [TestCase(19u, 0UL, SnapshotObstacle.Device)]
    public void WhatKeepsStateOfItsOwnStandsInTheWay(uint kind, ulong has, SnapshotObstacle expected)
    {
        using var guest = new TestGuest(2, kind, withheld: (1UL << 5) & ~has);
        Assert.That(guest.Device.Offered & (1UL << 5), Is.EqualTo(has).Or.Zero);
        Assert.That(guest.Bus->FindObstacle(out var slot), Is.EqualTo(expected));
        Assert.That(slot, expected == SnapshotObstacle.None ? Is.GreaterThan(0) : Is.Zero);
    }

    [Test]
    public void ADiskInMemoryStandsInTheWay()
    {
        using var guest = new TestGuest(2, VirtioKind.Entropy, ramDisk: 0x1000);
        Assert.That((guest.Bus->FindObstacle(out var slot), slot), Is.EqualTo((SnapshotObstacle.Disk, 1)));
    }

    [Test]
    public void DevicesThatDifferAreNotAlike()
    {
        using var guest = new TestGuest(2, VirtioKind.Network);
        using var kind = new TestGuest(2, VirtioKind.Entropy);
        using var version = new TestGuest(1, VirtioKind.Network);
        using var less = new TestGuest(2, VirtioKind.Network, withheld: 1UL << 5);
        using var small = new TestGuest(2, VirtioKind.Network, queueSizeMax: 64);
        foreach (var other in new[] { kind, version, small, less })
        {
            Assert.That(other.Bus->IsLike(*guest.Bus, out var slot), Is.False);
            Assert.That(slot, Is.Zero);
        }
    }
}
