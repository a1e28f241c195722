namespace Rvirt.Devices.Virtio.Served;

/// <summary>A request of a guest's to its partition, while the host's disk has a piece of it.</summary>
internal struct PartitionRequest
{
    /// <summary>Whether the host's disk has a piece of it.</summary>
    public bool IsUnderWay;

    /// <summary>Whether the guest was reset meanwhile: what comes of it is nobody's.</summary>
    public bool IsAbandoned;

    /// <summary>Whether it was under way already when the disk was watched last.</summary>
    public bool IsOld;

    /// <summary>Whether it was given up: it has failed, and what it has here stays the disk's until that answers after all.</summary>
    public bool IsLost;

    /// <summary>A <see cref="BlockRequest"/>.</summary>
    public uint Type;

    /// <summary>Bytes of the piece.</summary>
    public uint Piece;

    /// <summary>The first sector of the piece on the host's disk.</summary>
    public ulong Sector;

    /// <summary>Bytes that were moved before it.</summary>
    public ulong Moved;

    /// <summary>Bytes of the whole request.</summary>
    public ulong Bytes;

    /// <summary>The guest's chain.</summary>
    public RequestChain Chain;
}
