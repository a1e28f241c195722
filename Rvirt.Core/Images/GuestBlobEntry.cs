using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Core.Images;

/// <summary>One guest of a <see cref="GuestBlob"/>. The values lie in the blob.</summary>
public struct GuestBlobEntry
{
    internal FdtProperty NameProperty;
    internal FdtProperty BootArgumentsProperty;

    /// <summary>The kernel.</summary>
    public FdtProperty Kernel;

    /// <summary>The initial RAM disk; of length 0 where there is none.</summary>
    public FdtProperty Initrd;

    /// <summary>What a disk in memory holds at each start, a whole number of sectors; of length 0 where the guest has no such disk.</summary>
    public FdtProperty RamDisk;

    /// <summary>The label of a partition of the host's that is the guest's disk; of length 0 where it has none.</summary>
    internal FdtProperty DiskProperty;

    /// <summary>Whether the guest may only read that disk.</summary>
    public bool DiskIsReadOnly;

    /// <summary>Virtual harts.</summary>
    public int HartCount;

    /// <summary>What the guest gets of the host's harts compared with others, where guests share them: 1 to <see cref="GuestBlob.MaximumShare"/>.</summary>
    public uint Share;

    /// <summary>Whether each of its harts has one of the host's to itself, even where guests share the others.</summary>
    public bool Pinned;

    /// <summary>Whether it starts with the machine.</summary>
    public bool Autostart;

    /// <summary>Whether RAM is kept for a snapshot of it.</summary>
    public bool Snapshot;

    /// <summary>Bytes of RAM, or 0 to leave it to the hypervisor.</summary>
    public ulong MemorySize;

    /// <summary>Where its network card leads.</summary>
    public GuestNetworkKind Network;

    /// <summary>The address of a network card that the guest has or could have; the first byte is the lowest.</summary>
    public ulong Mac;

    /// <summary>Whether the description says which devices the guest gets, be it a disk or a network card; else it is left to the hypervisor.</summary>
    public bool HasDevices;

    /// <summary>The host's virtio-mmio slots given to the guest: bit n is the n-th by ascending address.</summary>
    public byte Devices;

    /// <summary>The same slots in the order in which the guest sees them, as its slots 0, 1, 2, ...</summary>
    public SlotList DeviceOrder;

    /// <summary>Entries of <see cref="DeviceOrder"/>.</summary>
    public int DeviceCount;

    /// <summary>Numbers of slots.</summary>
    [InlineArray(HostDescription.MaximumVirtioSlots)]
    public struct SlotList
    {
        private byte _first;
    }

    /// <summary>The guest's name: its <c>label</c>, else the name of its node; empty for a kernel handed over alone.</summary>
    public readonly ReadOnlySpan<byte> Label => NameProperty.TryString(out var text) ? text : NameProperty.Bytes;

    /// <summary>The label of the partition that is its disk; empty where it has none.</summary>
    public readonly ReadOnlySpan<byte> Disk => DiskProperty.TryString(out var text) ? text : default;

    /// <summary>The guest's command line without a NUL; empty where there is none.</summary>
    public readonly ReadOnlySpan<byte> BootArguments => BootArgumentsProperty.TryString(out var text) ? text : default;
}
