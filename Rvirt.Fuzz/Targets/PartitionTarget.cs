using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Rvirt.Core.Disks;
using Rvirt.Fuzz.Engine;

namespace Rvirt.Fuzz.Targets;

/// <summary>
/// Partition tables. An input is a byte of choices, and what both copies have: header and list of the first, then of the second, each as long as it may be here. Where
/// the choices say so, sums are made right. Two readers agree on whether there is a table, and on every partition of it; no sector beyond the disk is asked for.
/// </summary>
internal sealed class PartitionTarget : IFuzzTarget
{
    /// <summary>Bytes of a header, and of a list, in an input.</summary>
    public const int HeaderBytes = 92, ListBytes = 512;

    /// <summary>Sectors of the disk, and where its second list stands.</summary>
    public const int Sectors = 40, SecondList = Sectors - 2;

    private const int CopyBytes = HeaderBytes + ListBytes;

    public string Name => "partitions";

    public int MaximumLength => 1 + (2 * CopyBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [.. "EFI PART"u8], [0, 0, 1, 0, 92, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0], [Sectors - 1, 0, 0, 0, 0, 0, 0, 0], [SecondList, 0, 0, 0, 0, 0, 0, 0], [4, 0, 0, 0, 128, 0, 0, 0], [2, 0, 0, 0, 0, 1, 0, 0],
        [1, 0, 0, 0, 0, 2, 0, 0], [(byte)'a', 0, (byte)'b', 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        var disk = Disk(input);
        var reader = new Reader(disk);
        var error = PartitionTable.Read(ref reader, new byte[PartitionTable.BytesNeeded], out var table);
        var (first, second) = (PlainPartitions.Read(disk, 1), PlainPartitions.Read(disk, Sectors - 1));
        FuzzException.Require(error == PartitionTableError.None == (first is not null || second is not null), "the readers do not agree on whether there is a table");
        if (error != PartitionTableError.None)
        {
            return;
        }

        FuzzException.Require(table.Damage == PartitionTableError.None == (first is not null && second is not null), "the readers do not agree on the other copy");
        var expected = first ?? second!;
        foreach (var label in expected.Select(partition => partition.Label).Append("ab").Where(label => label.Length != 0 && label.All(char.IsAscii)).Distinct())
        {
            var same = expected.Where(partition => partition.Label == label).ToList();
            FuzzException.Require(table.Find(Encoding.ASCII.GetBytes(label), out var partition) == same.Count, "the readers do not agree on a label");
            FuzzException.Require(same.Count == 0 || (same[0].First == partition.First && same[0].Count == partition.Count), "the readers do not agree on a partition");
        }
    }

    private static byte[] Disk(ReadOnlySpan<byte> input)
    {
        var all = new byte[1 + (2 * CopyBytes)];
        input.CopyTo(all);
        var disk = new byte[Sectors * 512];
        disk[450] = 0xee;
        disk[510] = 0x55;
        disk[511] = 0xaa;
        foreach (var (copy, place, list) in new[] { (0, 1, 2), (1, Sectors - 1, SecondList) })
        {
            var from = all.AsSpan(1 + (copy * CopyBytes), CopyBytes);
            var header = disk.AsSpan(place * 512, HeaderBytes);
            from[..HeaderBytes].CopyTo(header);
            from[HeaderBytes..].CopyTo(disk.AsSpan(list * 512));
            if (((all[0] >> copy) & 1) != 0)
            {
                // The list's sum is of what the header says is the list, where that is on the disk.
                var (start, bytes) = (BitConverter.ToUInt64(header[72..]), (ulong)BitConverter.ToUInt32(header[80..]) * BitConverter.ToUInt32(header[84..]));
                if (start < Sectors && bytes <= (Sectors - start) * 512)
                {
                    BitConverter.TryWriteBytes(header[88..], PlainPartitions.Sum(disk.AsSpan((int)start * 512, (int)bytes).ToArray()));
                }

                header.Slice(16, 4).Clear();
                var length = Math.Min(BitConverter.ToUInt32(header[12..]), 512);
                BitConverter.TryWriteBytes(header[16..], PlainPartitions.Sum(disk.AsSpan(place * 512, (int)length).ToArray()));
            }
        }

        return disk;
    }

    private readonly struct Reader(byte[] disk) : ISectorReader
    {
        public ulong SectorCount => Sectors;

        public bool TryRead(ulong sector, Span<byte> sectors)
        {
            FuzzException.Require(sectors.Length % 512 == 0 && sector < Sectors && (ulong)sectors.Length / 512 <= Sectors - sector, "a sector that the disk does not have");
            disk.AsSpan((int)sector * 512, sectors.Length).CopyTo(sectors);
            return true;
        }
    }
}
