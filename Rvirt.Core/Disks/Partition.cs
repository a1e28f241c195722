namespace Rvirt.Core.Disks;

/// <summary>A partition of a disk: as many sectors in one piece, inside of the disk, and in no other partition of it.</summary>
public readonly struct Partition
{
    internal Partition(ulong first, ulong count)
    {
        First = first;
        Count = count;
    }

    /// <summary>Its first sector.</summary>
    public ulong First { get; }

    /// <summary>How many sectors it has, one at least.</summary>
    public ulong Count { get; }
}
