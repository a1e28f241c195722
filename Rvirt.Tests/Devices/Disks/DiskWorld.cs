using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Disks;
using Rvirt.Devices.Disks;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Virtio;
using Rvirt.Devices.Virtio.Served;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Disks;

/// <summary>A disk of the host, and guests that have partitions of it. The disk may touch the memory that it was given and nothing else, no guest's RAM above all.</summary>
internal sealed unsafe class DiskWorld : IDisposable
{
    public const int Sectors = 4096;

    private const ulong DiskMemory = FakeMachine.RamBase + 0x1_0000, PortMemory = FakeMachine.RamBase + 0x10_0000, PortRoom = 0x8_0000;

    private readonly SharedDisk* _disk = (SharedDisk*)NativeMemory.AllocZeroed((nuint)sizeof(SharedDisk));
    private readonly List<DiskSlot> _slots = [];
    private readonly uint _version;

    public DiskWorld(uint version = 2, ulong features = BlockRequest.FlushFeature, uint queueSizeMax = 256, bool starts = true)
    {
        _version = version;
        Machine = new FakeMachine(0x60_0000);
        Device = new FakeVirtioDevice(Machine, 0x1000_8000, 8, version, VirtioKind.Block, queueSizeMax, 1) { Serve = Serve };
        Device.Offered = (Device.Offered & ~BlockRequest.ReadOnlyFeature) | features;
        BitConverter.TryWriteBytes(Device.Configuration, (ulong)Sectors);
        Machine.Add(Device);
        Machine.AllowDma(DiskMemory, HostVirtioDisk.BytesNeeded);
        new Random(1).NextBytes(Contents);
        if (starts)
        {
            Assert.That(Start());
        }
    }

    public FakeMachine Machine { get; }

    public FakeVirtioDevice Device { get; }

    public SharedDisk* Disk => _disk;

    public byte[] Contents { get; } = new byte[Sectors * 512];

    /// <summary>Type, sector and bytes of each request that the disk has done.</summary>
    public List<(uint Type, ulong Sector, int Bytes)> Done { get; } = [];

    /// <summary>What the disk answers: the status, and how much less than it has written it says.</summary>
    public (byte Status, int Short) Answer { get; set; }

    /// <summary>Sectors of whose requests the disk says nothing, until <see cref="AnswerAll"/>.</summary>
    public Func<ulong, bool> IsSilent { get; set; } = _ => false;

    public bool Start()
    {
        var host = Machine.Host;
        return _disk->TryFind(ref host, Device.Base)
            && _disk->TryStart(ref host, new HostDevice { Base = Device.Base }, FakeMachine.Timebase, Machine.Pointer(DiskMemory), Machine.Window);
    }

    /// <summary>A guest with a partition.</summary>
    public DiskSlot Add(ulong first, ulong count, bool readOnly = false)
    {
        Assert.That(_disk->TryOpen(out var number));
        var memory = PortMemory + ((ulong)number * PortRoom);
        Machine.AllowDma(memory, DiskPort.BytesNeeded);
        var slot = new DiskSlot(this, new DiskPort
        {
            Disk = _disk,
            Port = number,
            Partition = new Partition(first, count),
            IsReadOnly = readOnly,
            Memory = Machine.Pointer(memory),
            MemoryAddress = memory,
        });
        _slots.Add(slot);
        return slot;
    }

    /// <summary>Serves the disk's interrupt, and those whose requests are over.</summary>
    public uint Serve()
    {
        var host = Machine.Host;
        var ports = _disk->Serve(ref host);
        for (var i = 0; i < _slots.Count; i++)
        {
            if (((ports >> i) & 1) != 0)
            {
                _slots[i].Service();
            }
        }

        return ports;
    }

    /// <summary>Has the disk do all that it was given, and what follows from that.</summary>
    public void RunAll()
    {
        do
        {
            Device.Run(0);
        }
        while (Serve() != 0);
    }

    /// <summary>The disk does, late, all that it said nothing of.</summary>
    public void AnswerAll()
    {
        IsSilent = _ => false;
        Device.AnswerKept();
        RunAll();
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.Dispose();
        }

        NativeMemory.Free(_disk);
        Machine.Dispose();
    }

    private int Serve(uint queue, byte[] readable, List<(ulong Address, uint Length)> writable)
    {
        Assert.That(readable, Has.Length.GreaterThanOrEqualTo(16));
        var (type, sector) = (BitConverter.ToUInt32(readable), BitConverter.ToUInt64(readable, 8));
        if (IsSilent(sector))
        {
            return FakeVirtioDevice.Keep;
        }

        var at = (int)sector * 512;
        var written = 0;
        if (type == 1)
        {
            Assert.That(at + readable.Length - 16, Is.LessThanOrEqualTo(Contents.Length), "never beyond the disk");
            readable.AsSpan(16).CopyTo(Contents.AsSpan(at));
        }
        else if (type == 0)
        {
            foreach (var (address, length) in writable.SkipLast(1))
            {
                Contents.AsSpan(at + written, (int)length).CopyTo(new Span<byte>(Machine.Dma(address, length), (int)length));
                written += (int)length;
            }
        }

        Assert.That(writable[^1].Length, Is.EqualTo(1));
        *Machine.Dma(writable[^1].Address, 1) = Answer.Status;
        Done.Add((type, sector, type == 1 ? readable.Length - 16 : written));
        return written + 1 - Answer.Short;
    }
}
