using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Text;
using Rvirt.Tool.Files;

namespace Rvirt.Tool.Disks;

/// <summary>A card or disk with a GUID partition table (UEFI 2.10 §5.3), as a file; sfdisk(8) writes the table.</summary>
/// <remarks>Its size is a power of two, which QEMU asks of a card. What nobody wrote is a hole in the file.</remarks>
public static class CardImage
{
    private const long MiB = 1 << 20;
    private const int SectorBytes = 512;

    /// <summary>Makes the file, or leaves the one that was there where that fails.</summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="partitions">What is on it, in order.</param>
    /// <param name="files">How files are written.</param>
    /// <param name="programs">What makes them.</param>
    /// <exception cref="IOException">A part is missing, or a program failed.</exception>
    public static void Make(string path, IReadOnlyList<CardPartition> partitions, WholeFile files, IPrograms programs) => files.Make(path, unfinished =>
    {
        var places = Places(partitions);
        // A MiB behind the last for the copy of the table.
        var bytes = (long)BitOperations.RoundUpToPowerOf2((ulong)((places[^1].First * SectorBytes) + Whole(partitions[^1].Bytes) + MiB));
        programs.Run("truncate", "-s", bytes.ToString(CultureInfo.InvariantCulture), unfinished);
        programs.Feed(Script(partitions, places), "/usr/sbin/sfdisk", "--quiet", "--no-tell-kernel", "--no-reread", unfinished);
        foreach (var (partition, place) in partitions.Zip(places))
        {
            programs.Run(
                "dd", "status=none", "bs=1M", "conv=notrunc,sparse", "oflag=seek_bytes",
                string.Create(CultureInfo.InvariantCulture, $"seek={place.First * SectorBytes}"), $"if={partition.Content}", $"of={unfinished}");
        }

        return true;
    });

    private static long Whole(long bytes) => (bytes + MiB - 1) / MiB * MiB;

    // The first sector and the number of sectors of each. Where a partition has its place, the one before ends there at the latest.
    private static List<(long First, long Count)> Places(IReadOnlyList<CardPartition> partitions)
    {
        var places = new List<(long First, long Count)>();
        var free = MiB / SectorBytes;
        foreach (var partition in partitions)
        {
            var first = partition.Sector != 0 ? partition.Sector : free;
            var count = partition.Sector != 0 ? (partition.Bytes + SectorBytes - 1) / SectorBytes : Whole(partition.Bytes) / SectorBytes;
            if (places.Count != 0 && first < places[^1].First + places[^1].Count)
            {
                throw new IOException($"partition {partition.Label} of the card lies where the one before it does not end");
            }

            places.Add((first, count));
            free = Whole((first + count) * SectorBytes) / SectorBytes;
        }

        return places;
    }

    private static string Script(IReadOnlyList<CardPartition> partitions, List<(long First, long Count)> places)
    {
        var script = new StringBuilder("label: gpt\nfirst-lba: 34\n");
        foreach (var (partition, place) in partitions.Zip(places))
        {
            script.Append(CultureInfo.InvariantCulture, $"start={place.First}, size={place.Count}, type={partition.Type}, name=\"{partition.Label}\"\n");
        }

        return script.ToString();
    }
}
