namespace Rvirt.Core.Disks;

/// <summary>Why a disk has no partitions that can be given out.</summary>
public enum PartitionTableError : byte
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The disk is too small for a table, or does not let its sectors be read.</summary>
    Unreadable,

    /// <summary>Its first sector does not say that a GUID partition table follows.</summary>
    NotProtected,

    /// <summary>There is no header where one has to be.</summary>
    NoSignature,

    /// <summary>The header is of another revision, of a length that none has, or has something in what is reserved.</summary>
    WrongHeader,

    /// <summary>The header's check sum is wrong.</summary>
    WrongHeaderSum,

    /// <summary>The header is one of another sector, or names a backup where none can be.</summary>
    WrongPlace,

    /// <summary>The sectors for partitions, as the header has them, cannot be.</summary>
    WrongUsable,

    /// <summary>The list of partitions has entries of a size that there is not, or lies where it cannot.</summary>
    WrongEntries,

    /// <summary>The list of partitions is longer than 16 KiB.</summary>
    TooManyEntries,

    /// <summary>The check sum of the list of partitions is wrong.</summary>
    WrongEntriesSum,

    /// <summary>A partition has no sector, or one that is not for partitions.</summary>
    PartitionOutside,

    /// <summary>Two partitions have a sector in common.</summary>
    PartitionsOverlap,
}
