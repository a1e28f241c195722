using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Numerics;
using System.Text;

namespace Rvirt.Fuzz.Targets;

/// <summary>A second reader of GUID partition tables (UEFI 2.10 §5.3), in numbers that do not overflow and with gzip's check sums.</summary>
internal static class PlainPartitions
{
    /// <summary>Reads the copy of a table that begins in a sector.</summary>
    /// <param name="disk">All of the disk.</param>
    /// <param name="place">1, or the last sector.</param>
    /// <returns>Label, first sector and number of sectors of each partition; null where the copy is not sound.</returns>
    public static List<(string Label, BigInteger First, BigInteger Count)>? Read(byte[] disk, int place)
    {
        var sectors = disk.Length / 512;
        var header = disk.Skip(512 * place).Take(512).ToArray();
        BigInteger Number(int at, int bytes) => new(header.AsSpan(at, bytes), isUnsigned: true);
        if (Encoding.ASCII.GetString(header, 0, 8) != "EFI PART" || Number(8, 4) != 0x10000 || Number(12, 4) < 92 || Number(12, 4) > 512 || Number(20, 4) != 0)
        {
            return null;
        }

        var sealedHeader = header.Take((int)Number(12, 4)).ToArray();
        sealedHeader.AsSpan(16, 4).Clear();
        var (first, last, other, list, bytes) = (Number(40, 8), Number(48, 8), Number(32, 8), Number(72, 8), Number(80, 4) * Number(84, 4));
        var listSectors = (bytes + 511) / 512;
        var (low, high) = place == 1 ? (new BigInteger(2), first) : (last + 1, new BigInteger(place));
        if (Sum(sealedHeader) != Number(16, 4) || Number(24, 8) != place || first > last || last >= sectors
            || !(place == 1 ? other > last && other < sectors : other == 1 && place > last)
            || bytes == 0 || bytes > 16384 || Number(84, 4) < 128 || !Number(84, 4).IsPowerOfTwo || list < low || list + listSectors > high)
        {
            return null;
        }

        var entries = disk.Skip(512 * (int)list).Take((int)bytes).ToArray();
        if (Sum(entries) != Number(88, 4))
        {
            return null;
        }

        var found = new List<(string, BigInteger First, BigInteger Count)>();
        foreach (var entry in entries.Chunk((int)Number(84, 4)).Where(entry => entry.Take(16).Any(value => value != 0)))
        {
            var (from, to) = (new BigInteger(entry.AsSpan(32, 8), isUnsigned: true), new BigInteger(entry.AsSpan(40, 8), isUnsigned: true));
            if (from < first || to > last || from > to || found.Any(other => from < other.First + other.Count && other.First <= to))
            {
                return null;
            }

            found.Add((Encoding.Unicode.GetString(entry, 56, 72).Split('\0')[0], from, to - from + 1));
        }

        return found;
    }

    /// <summary>The check sum, as a gzip file of the bytes ends with it (RFC 1952 §2.3.1).</summary>
    public static uint Sum(byte[] bytes)
    {
        // A file of nothing is not even begun.
        if (bytes.Length == 0)
        {
            return 0;
        }

        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.NoCompression, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return BitConverter.ToUInt32(file.ToArray().AsSpan()[^8..]);
    }
}
