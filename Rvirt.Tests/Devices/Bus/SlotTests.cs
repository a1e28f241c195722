using System;
using NUnit.Framework;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Bus;

/// <summary>Slots of one bus with different back ends: a mediated device of the host, a disk in memory, nothing.</summary>
public sealed unsafe class SlotTests
{
    private const ulong DiskBytes = 64 * 512;
    private const ulong Slot1 = TestGuest.Slot0 + 0x1000;
    private const ulong Buffers = TestGuest.GuestRam + 0x8000;
    private const ulong DiskRings = TestGuest.GuestRam + 0x9_0000;

    private sealed class Slot(TestGuest guest, ulong address) : IGuestSlot
    {
        public uint Register(uint offset) => (uint)guest.Read(address + offset);

        public void Register(uint offset, uint value) => guest.Write(address + offset, value);

        public byte* Ram(ulong guestAddress) => guest.Ram(guestAddress);
    }

    private static GuestDriver OpenDisk(IGuestSlot slot)
    {
        new Span<byte>(slot.Ram(DiskRings), 0x4000).Clear();
        GuestDriver.Begin(slot, true, true);
        var driver = new GuestDriver(slot, 0, 16, DiskRings, true, true);
        driver.Start();
        GuestDriver.Finish(slot);
        return driver;
    }

    // A request of a disk: its header, 512 bytes, a status.
    private static uint Request(TestGuest guest, GuestDriver driver, uint type, ulong sector)
    {
        *(uint*)guest.Ram(Buffers) = type;
        *(ulong*)guest.Ram(Buffers + 8) = sector;
        *guest.Ram(Buffers + 0x400) = 0xff;
        var head = driver.Add((Buffers, 16u, false), (Buffers + 0x100, 512u, type == 0), (Buffers + 0x400, 1u, true));
        Assert.That(head, Is.GreaterThanOrEqualTo(0));
        driver.Notify();
        guest.ServeInterrupts();
        Assert.That(driver.TryTake(out var used, out _) && used == (uint)head);
        return *guest.Ram(Buffers + 0x400);
    }

    [Test]
    public void TwoBackEndsServeDriversBesideEachOther([Values(1u, 2u)] uint version)
    {
        using var guest = new TestGuest(version, ramDisk: DiskBytes);
        var served = 0;
        guest.Device.Serve = (_, readable, writable) =>
        {
            served++;
            *guest.Machine.Pointer(writable[^1].Address) = 0x5a;
            return 1;
        };
        var slot = new Slot(guest, Slot1);
        Assert.That((guest.Register(VirtioRegister.DeviceId), slot.Register(VirtioRegister.DeviceId)), Is.EqualTo((VirtioKind.Block, VirtioKind.Block)));
        Assert.That(slot.Register(VirtioRegister.Version), Is.EqualTo(2));
        Assert.That(slot.Register(VirtioRegister.Configuration), Is.EqualTo(64));
        var host = GuestDriver.Open(guest);
        var disk = OpenDisk(slot);
        var random = new Random(3);
        var data = new byte[512];
        for (ulong sector = 0; sector < 64; sector++)
        {
            random.NextBytes(data);
            data.CopyTo(new Span<byte>(guest.Ram(Buffers + 0x100), 512));
            Assert.That(Request(guest, disk, 1, sector), Is.Zero);
            Assert.That(new Span<byte>(guest.RamDisk + (sector * 512), 512).SequenceEqual(data));
            Assert.That(Request(guest, host, 1, sector), Is.EqualTo(0x5a), "the host's device says so");
            new Span<byte>(guest.Ram(Buffers + 0x100), 512).Clear();
            Assert.That(Request(guest, disk, 0, sector), Is.Zero);
            Assert.That(new Span<byte>(guest.Ram(Buffers + 0x100), 512).SequenceEqual(data));
        }

        Assert.That((served, guest.Device.Notifications > 0), Is.EqualTo((64, true)));
        Assert.That((guest.Bus->SlotCounters(0).Faults, guest.Bus->SlotCounters(1).Faults), Is.EqualTo((0UL, 0UL)));
    }

    [Test]
    public void EachSlotInterruptsWithItsOwnSource()
    {
        using var guest = new TestGuest(ramDisk: DiskBytes);
        guest.Write(0x0c00_0004, 1);
        guest.Write(0x0c00_0008, 1);
        guest.Write(0x0c00_2080, 6);
        var slot = new Slot(guest, Slot1);
        var driver = OpenDisk(slot);
        Request(guest, driver, 1, 0);
        Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(2));
        Assert.That((guest.Register(VirtioRegister.InterruptStatus), slot.Register(VirtioRegister.InterruptStatus)), Is.EqualTo((0u, 1u)));
    }

    [Test]
    public void AFaultInOneSlotLeavesTheOtherAlone()
    {
        using var guest = new TestGuest(ramDisk: DiskBytes);
        guest.Device.Serve = (_, _, _) => 0;
        var slot = new Slot(guest, Slot1);
        var disk = OpenDisk(slot);
        var host = GuestDriver.Open(guest);
        disk.AvailableIndex = 1000;
        slot.Register(VirtioRegister.QueueNotify, 0);
        Assert.That(slot.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Not.Zero);
        Assert.That(guest.Output, Does.Contain("guest 0 broke queue 0 of virtio slot 1: its available index jumped"));
        Assert.That(guest.Register(VirtioRegister.Status) & VirtioStatus.NeedsReset, Is.Zero);
        host.Add((Buffers, 16u, false), (Buffers + 0x400, 1u, true));
        host.Notify();
        guest.ServeInterrupts();
        Assert.That(host.TryTake(out _, out _));
        Request(guest, OpenDisk(slot), 1, 1);
    }

    [Test]
    public void ARestartResetsBothAndKeepsTheDisk()
    {
        using var guest = new TestGuest(ramDisk: DiskBytes);
        var slot = new Slot(guest, Slot1);
        new Span<byte>(guest.Ram(Buffers + 0x100), 512).Fill(7);
        Request(guest, OpenDisk(slot), 1, 5);
        GuestDriver.Open(guest);
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->ResetAll(ref host));
        Assert.That((guest.Register(VirtioRegister.Status), slot.Register(VirtioRegister.Status)), Is.EqualTo((0u, 0u)));
        Request(guest, OpenDisk(slot), 0, 5);
        Assert.That(*guest.Ram(Buffers + 0x100), Is.EqualTo(7));
    }

    [TestCase(-1, 512UL)]
    [TestCase(8, 512UL)]
    [TestCase(1, 511UL)]
    public void WhatIsNoSlotOrNoDiskIsNotTaken(int slot, ulong bytes)
    {
        var devices = GuestDevices.Standard(1);
        Assert.That(devices.AttachRamDisk(slot, null, bytes), Is.False);
        Assert.That(devices.KindOf(slot), Is.EqualTo(SlotBackendKind.None));
        Assert.That(devices.AttachRamDisk(1, null, 512));
        Assert.That(devices.KindOf(1), Is.EqualTo(SlotBackendKind.RamDisk));
        Assert.That(devices.Attach(1, 0x1000, 3));
        Assert.That(devices.KindOf(1), Is.EqualTo(SlotBackendKind.Mediated), "the last one counts");
        Assert.That(devices.AttachRamDisk(1, null, 512));
        Assert.That((devices.HostBase(1), devices.HostSource(1)), Is.EqualTo((0UL, 0u)), "and nothing is left of the one before, which nobody may reset as a guest's");
    }
}
