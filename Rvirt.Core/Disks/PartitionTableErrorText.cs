using System;

namespace Rvirt.Core.Disks;

/// <summary>What is wrong with a disk's table, and what to do.</summary>
public static class PartitionTableErrorText
{
    /// <summary>The text of an error.</summary>
    public static ReadOnlySpan<byte> Of(PartitionTableError error) => error switch
    {
        PartitionTableError.None => "no error"u8,
        PartitionTableError.Unreadable => "its sectors cannot be read: use a disk that answers"u8,
        PartitionTableError.NotProtected => "it has no GUID partition table: make one, with a label for each guest's partition"u8,
        PartitionTableError.NoSignature => "its GUID partition table has no header: make the table again"u8,
        PartitionTableError.WrongHeader => "its GUID partition table is of an unknown form: make the table again"u8,
        PartitionTableError.WrongHeaderSum => "its GUID partition table has a header with a wrong check sum: repair the table"u8,
        PartitionTableError.WrongPlace => "its GUID partition table is not where it says: repair the table"u8,
        PartitionTableError.WrongUsable => "its GUID partition table is of a disk of another size: repair the table"u8,
        PartitionTableError.WrongEntries => "its list of partitions lies where it cannot: make the table again"u8,
        PartitionTableError.TooManyEntries => "its list of partitions is longer than 16 KiB: make the table with 128 entries or fewer"u8,
        PartitionTableError.WrongEntriesSum => "its list of partitions has a wrong check sum: repair the table"u8,
        PartitionTableError.PartitionOutside => "a partition of it lies outside of what is for partitions: repair the table"u8,
        PartitionTableError.PartitionsOverlap => "two partitions of it have sectors in common: repair the table"u8,
        _ => "unknown error"u8,
    };
}
