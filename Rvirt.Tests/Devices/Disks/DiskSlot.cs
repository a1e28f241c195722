using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Served;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Disks;

/// <summary>A guest's slot with a partition behind it, and a plain driver of its own.</summary>
internal sealed unsafe class DiskSlot : IGuestSlot, IDisposable
{
    public const ulong Rings = QueueRam.Base + 0x2000, Header = QueueRam.Base + 0x7000, Status = QueueRam.Base + 0x7800, Data = QueueRam.Base + 0x8000;

    private readonly DiskWorld _world;
    private VirtioTransport<SlotBackend> _transport;

    public DiskSlot(DiskWorld world, in DiskPort port)
    {
        _world = world;
        _transport.Backend.Use(new PartitionDisk(port));
        _transport.Initialize();
        Driver = Open();
    }

    public QueueRam Memory { get; } = new();

    public GuestDriver Driver { get; private set; }

    public SnapshotObstacle Obstacle => _transport.Backend.Obstacle;

    public bool IsBroken => (Register(VirtioRegister.Status) & VirtioStatus.NeedsReset) != 0;

    public uint Register(uint offset) => (uint)Read(offset, 4);

    public void Register(uint offset, uint value)
    {
        var host = _world.Machine.Host;
        var memory = Memory.Memory;
        Assert.That(_transport.TryWrite(ref host, memory, offset, 4, value));
    }

    public ulong Read(uint offset, int size)
    {
        var host = _world.Machine.Host;
        Assert.That(_transport.TryRead(ref host, offset, size, out var value));
        return value;
    }

    public byte* Ram(ulong guestAddress) => Memory.Pointer(guestAddress);

    public void Service()
    {
        var host = _world.Machine.Host;
        var memory = Memory.Memory;
        _transport.ServiceInterrupt(ref host, memory);
    }

    /// <summary>The time has come to watch the disk, as the guest's bus does.</summary>
    /// <returns>Whether something was given up.</returns>
    public bool Watch()
    {
        var lost = _transport.Backend.Watch();
        Service();
        return lost;
    }

    public bool IsWaiting => _transport.Backend.IsWaiting;

    /// <summary>Resets the device as the guest's restart does, with the RAM as it is.</summary>
    public void Reset()
    {
        var host = _world.Machine.Host;
        Assert.That(_transport.Reset(ref host));
    }

    /// <summary>A driver that begins.</summary>
    public GuestDriver Open(bool indirect = false, bool events = true)
    {
        Memory.Span.Clear();
        GuestDriver.Begin(this, indirect, events);
        Driver = new GuestDriver(this, 0, 64, Rings, indirect, events);
        Driver.Start();
        GuestDriver.Finish(this);
        return Driver;
    }

    /// <summary>Makes a request available, in buffers of that many bytes, one behind the other or all in one place; the device is told.</summary>
    public void Ask(uint type, ulong sector, uint[] lengths, bool onePlace = false, uint number = 0)
    {
        var header = Header + (16 * number);
        *(uint*)Ram(header) = type;
        *(ulong*)Ram(header + 8) = sector;
        *Ram(Status + number) = 0xee;
        var at = Data;
        var buffers = lengths.Select(length =>
        {
            var buffer = (at, length, type != 1);
            at += onePlace ? 0 : length;
            return buffer;
        }).Prepend((header, 16u, false)).Append((Status + number, 1u, true)).ToArray();
        Assert.That(Driver.Add(buffers), Is.GreaterThanOrEqualTo(0));
        Driver.Notify();
    }

    /// <summary>A request from its start to its end.</summary>
    public byte Request(uint type, ulong sector, params uint[] lengths)
    {
        Ask(type, sector, lengths);
        _world.RunAll();
        Assert.That(Driver.TryTake(out _, out _));
        return *Ram(Status);
    }

    public Span<byte> Bytes(int length) => Memory.Span.Slice((int)(Data - QueueRam.Base), length);

    public void Dispose() => Memory.Dispose();
}
