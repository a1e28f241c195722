using Rvirt.Core.Disks;
using Rvirt.Devices.Disks;

namespace Rvirt.Devices.Virtio.Served;

/// <summary>What a guest has of a shared disk.</summary>
// SAFETY: who makes one owns what the pointers name, for as long as the guest exists.
public unsafe struct DiskPort
{
    /// <summary>The most that is moved at once.</summary>
    internal const uint PieceBytes = 64 << 10;

    /// <summary>The disk; null: nothing of any.</summary>
    public SharedDisk* Disk;

    /// <summary>The guest's port there.</summary>
    public int Port;

    /// <summary>The part of the disk that is the guest's.</summary>
    public Partition Partition;

    /// <summary>Whether the guest may not write.</summary>
    public bool IsReadOnly;

    /// <summary>What a request may take at the least, in <c>time</c>; one that takes twice as long was given up.</summary>
    public ulong Patience;

    /// <summary>How long a disk that is polled is left alone before it is asked again, in <c>time</c>: what the guest's own code has of its hart meanwhile.</summary>
    public ulong PollAfter;

    /// <summary>Zeroed, page-aligned memory of <see cref="BytesNeeded"/> bytes.</summary>
    public byte* Memory;

    /// <summary>Its physical address.</summary>
    public ulong MemoryAddress;

    /// <summary>Bytes of memory that a port needs: what passes through it, then what it keeps of each request.</summary>
    public static ulong BytesNeeded => (SharedDisk.RequestsPerPort * (ulong)PieceBytes) + ((SharedDisk.RequestsPerPort + 1) * (ulong)sizeof(PartitionRequest));
}
