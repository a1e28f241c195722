using System;
using System.Buffers.Binary;

namespace Rvirt.Core.Disks;

/// <summary>A disk's GUID partition table (UEFI 2.10 §5.3), checked as a whole.</summary>
/// <remarks>It lies in memory of the caller's, which stays as it is while the table is used.</remarks>
public readonly ref struct PartitionTable
{
    /// <summary>Bytes of a sector.</summary>
    public const int SectorBytes = 512;

    /// <summary>The most that is read at once.</summary>
    public const int ReadBytes = 16 << 10;

    /// <summary>Bytes of memory that a table needs.</summary>
    public const int BytesNeeded = ReadBytes;

    /// <summary>The longest label, in characters (§5.3.3).</summary>
    internal const int MaximumLabelLength = 36;

    // §5.3.2, table 5.5.
    private const ulong Signature = 0x5452_4150_2049_4645;
    private const uint Revision = 0x0001_0000;
    private const int RevisionAt = 8, HeaderBytesAt = 12, SumAt = 16, ReservedAt = 20, OwnSectorAt = 24, OtherSectorAt = 32;
    private const int FirstUsableAt = 40, LastUsableAt = 48, EntriesAt = 72, CountAt = 80, EntryBytesAt = 84, EntriesSumAt = 88;
    private const int LeastHeader = 92;

    // §5.3.3, table 5.6.
    private const int LeastEntry = 128, FirstAt = 32, LastAt = 40, LabelAt = 56;

    // §5.2.3: the first sector as other systems read it.
    private const int RecordsAt = 446, RecordBytes = 16, Records = 4, TypeAt = 4, BootSignatureAt = 510;
    private const byte Protective = 0xee;
    private const ushort BootSignature = 0xaa55;

    private const ulong Primary = 1;

    private readonly ReadOnlySpan<byte> _entries;
    private readonly int _entryBytes;

    private PartitionTable(ReadOnlySpan<byte> entries, int entryBytes, PartitionTableError damage)
    {
        _entries = entries;
        _entryBytes = entryBytes;
        Damage = damage;
    }

    /// <summary>What is wrong with the table's other copy, of which there are two: this one is sound.</summary>
    public PartitionTableError Damage { get; }

    /// <summary>Reads a disk's table: the primary one, or its backup where that is bad.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="memory"><see cref="BytesNeeded"/> bytes, which are the table's from then on.</param>
    /// <param name="table">The table.</param>
    /// <returns>What is wrong with the primary table, where both are.</returns>
    public static PartitionTableError Read<TReader>(ref TReader disk, Span<byte> memory, out PartitionTable table)
        where TReader : struct, ISectorReader
    {
        table = default;
        var sector = memory[..SectorBytes];
        if (disk.SectorCount <= Primary || !disk.TryRead(0, sector))
        {
            return PartitionTableError.Unreadable;
        }

        if (!IsProtective(sector))
        {
            return PartitionTableError.NotProtected;
        }

        // The one that is used comes last: it stays in the memory.
        var backup = Read(ref disk, memory, disk.SectorCount - 1, out _);
        var error = Read(ref disk, memory, Primary, out var first);
        if (error == PartitionTableError.None)
        {
            table = new PartitionTable(first._entries, first._entryBytes, backup);
        }
        else if (backup == PartitionTableError.None && Read(ref disk, memory, disk.SectorCount - 1, out var second) == PartitionTableError.None)
        {
            table = new PartitionTable(second._entries, second._entryBytes, error);
            return PartitionTableError.None;
        }

        return error;
    }

    /// <summary>Finds partitions by their label.</summary>
    /// <param name="label">The label: characters of ASCII, without a zero.</param>
    /// <param name="partition">The first of them, where there is one.</param>
    /// <returns>How many have it.</returns>
    public int Find(ReadOnlySpan<byte> label, out Partition partition)
    {
        partition = default;
        var found = 0;
        for (var at = 0; at < _entries.Length; at += _entryBytes)
        {
            var entry = _entries.Slice(at, _entryBytes);
            if (IsUsed(entry) && HasLabel(entry, label))
            {
                var first = Number(entry, FirstAt);
                partition = found == 0 ? new Partition(first, Number(entry, LastAt) - first + 1) : partition;
                found++;
            }
        }

        return found;
    }

    private static PartitionTableError Read<TReader>(ref TReader disk, Span<byte> memory, ulong place, out PartitionTable table)
        where TReader : struct, ISectorReader
    {
        table = default;
        var header = memory[..SectorBytes];
        if (!disk.TryRead(place, header))
        {
            return PartitionTableError.Unreadable;
        }

        var error = CheckHeader(header, place, disk.SectorCount);
        if (error != PartitionTableError.None)
        {
            return error;
        }

        // The entries take the header's place.
        var (start, sum, entryBytes) = (Number(header, EntriesAt), Word(header, EntriesSumAt), (int)Word(header, EntryBytesAt));
        var (first, last, bytes) = (Number(header, FirstUsableAt), Number(header, LastUsableAt), (int)Word(header, CountAt) * entryBytes);
        if (!disk.TryRead(start, memory[..((bytes + SectorBytes - 1) & ~(SectorBytes - 1))]))
        {
            return PartitionTableError.Unreadable;
        }

        ReadOnlySpan<byte> entries = memory[..bytes];
        if (~Crc32.Add(Crc32.Start, entries) != sum)
        {
            return PartitionTableError.WrongEntriesSum;
        }

        table = new PartitionTable(entries, entryBytes, PartitionTableError.None);
        return table.CheckEntries(first, last);
    }

    private static bool IsProtective(ReadOnlySpan<byte> sector)
    {
        if (BinaryPrimitives.ReadUInt16LittleEndian(sector[BootSignatureAt..]) != BootSignature)
        {
            return false;
        }

        for (var record = 0; record < Records; record++)
        {
            if (sector[RecordsAt + (record * RecordBytes) + TypeAt] == Protective)
            {
                return true;
            }
        }

        return false;
    }

    private static PartitionTableError CheckHeader(ReadOnlySpan<byte> header, ulong place, ulong sectors)
    {
        if (Number(header, 0) != Signature)
        {
            return PartitionTableError.NoSignature;
        }

        var length = Word(header, HeaderBytesAt);
        if (Word(header, RevisionAt) != Revision || length is < LeastHeader or > SectorBytes || Word(header, ReservedAt) != 0)
        {
            return PartitionTableError.WrongHeader;
        }

        // §5.3.2: of all the header, with zero in the place of the sum.
        ReadOnlySpan<byte> nothing = [0, 0, 0, 0];
        var sum = Crc32.Add(Crc32.Start, header[..SumAt]);
        sum = Crc32.Add(sum, nothing);
        sum = Crc32.Add(sum, header[(SumAt + sizeof(uint))..(int)length]);
        if (~sum != Word(header, SumAt))
        {
            return PartitionTableError.WrongHeaderSum;
        }

        var (first, last, other) = (Number(header, FirstUsableAt), Number(header, LastUsableAt), Number(header, OtherSectorAt));
        if (first > last || last >= sectors)
        {
            return PartitionTableError.WrongUsable;
        }

        // The backup lies behind all partitions; on a disk that has grown it is not the last sector yet.
        var isPrimary = place == Primary;
        if (Number(header, OwnSectorAt) != place || (isPrimary ? other <= last || other >= sectors : other != Primary || place <= last))
        {
            return PartitionTableError.WrongPlace;
        }

        return CheckList(header, isPrimary ? Primary + 1 : last + 1, isPrimary ? first : place);
    }

    // The entries lie between the header and the partitions, on either side of them.
    private static PartitionTableError CheckList(ReadOnlySpan<byte> header, ulong from, ulong to)
    {
        var (count, entryBytes, start) = (Word(header, CountAt), Word(header, EntryBytesAt), Number(header, EntriesAt));
        if (count == 0 || entryBytes < LeastEntry || (entryBytes & (entryBytes - 1)) != 0)
        {
            return PartitionTableError.WrongEntries;
        }

        var bytes = (ulong)count * entryBytes;
        if (bytes > ReadBytes)
        {
            return PartitionTableError.TooManyEntries;
        }

        var length = (bytes + SectorBytes - 1) / SectorBytes;
        return start < from || start > to || length > to - start ? PartitionTableError.WrongEntries : PartitionTableError.None;
    }

    private PartitionTableError CheckEntries(ulong first, ulong last)
    {
        for (var at = 0; at < _entries.Length; at += _entryBytes)
        {
            var entry = _entries.Slice(at, _entryBytes);
            if (!IsUsed(entry))
            {
                continue;
            }

            var (start, end) = (Number(entry, FirstAt), Number(entry, LastAt));
            if (start < first || end > last || start > end)
            {
                return PartitionTableError.PartitionOutside;
            }

            for (var before = 0; before < at; before += _entryBytes)
            {
                var other = _entries.Slice(before, _entryBytes);
                if (IsUsed(other) && start <= Number(other, LastAt) && Number(other, FirstAt) <= end)
                {
                    return PartitionTableError.PartitionsOverlap;
                }
            }
        }

        return PartitionTableError.None;
    }

    // A type of zero says that there is none (§5.3.3).
    private static bool IsUsed(ReadOnlySpan<byte> entry) => (Number(entry, 0) | Number(entry, sizeof(ulong))) != 0;

    private static bool HasLabel(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> label)
    {
        if (label.Length is 0 or > MaximumLabelLength)
        {
            return false;
        }

        // UTF-16, ended by a zero where it is shorter than its room.
        for (var i = 0; i < MaximumLabelLength; i++)
        {
            var character = BinaryPrimitives.ReadUInt16LittleEndian(entry[(LabelAt + (2 * i))..]);
            if (character != (i < label.Length ? label[i] : 0))
            {
                return false;
            }

            if (character == 0)
            {
                return true;
            }
        }

        return true;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
