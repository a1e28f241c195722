using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Text;

namespace Rvirt.Tests.Core.Disks;

/// <summary>A disk with a GUID partition table, written from the specification (UEFI 2.10 §5.3); check sums are gzip's.</summary>
internal sealed class DiskImage
{
    private const int Sector = 512;

    /// <summary>Makes a disk.</summary>
    /// <param name="sectors">Its size.</param>
    /// <param name="partitions">Label, first and last sector of each.</param>
    /// <param name="entries">Entries of the list, of 128 bytes each.</param>
    public DiskImage(int sectors, IReadOnlyList<(string Label, ulong First, ulong Last)> partitions, int entries = 128)
    {
        Bytes = new byte[sectors * Sector];
        Sectors = sectors;
        Bytes[446 + 4] = 0xee;
        Bytes[510] = 0x55;
        Bytes[511] = 0xaa;
        var list = new byte[entries * 128];
        for (var i = 0; i < partitions.Count; i++)
        {
            var entry = list.AsSpan(i * 128, 128);
            entry[0] = (byte)(i + 1);
            entry[16] = (byte)(i + 1);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], partitions[i].First);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[40..], partitions[i].Last);
            Encoding.Unicode.GetBytes(partitions[i].Label).CopyTo(entry[56..]);
        }

        var length = (list.Length + Sector - 1) / Sector;
        list.CopyTo(Bytes, 2 * Sector);
        list.CopyTo(Bytes, (sectors - 1 - length) * Sector);
        foreach (var (own, other, at) in new[] { (1, sectors - 1, 2), (sectors - 1, 1, sectors - 1 - length) })
        {
            var header = Header(own);
            "EFI PART"u8.CopyTo(header);
            BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 0x10000);
            BinaryPrimitives.WriteUInt32LittleEndian(header[12..], 92);
            BinaryPrimitives.WriteUInt64LittleEndian(header[24..], (ulong)own);
            BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)other);
            BinaryPrimitives.WriteUInt64LittleEndian(header[40..], (ulong)(2 + length));
            BinaryPrimitives.WriteUInt64LittleEndian(header[48..], (ulong)(sectors - 2 - length));
            header.Slice(56, 16).Fill(0x77);
            BinaryPrimitives.WriteUInt64LittleEndian(header[72..], (ulong)at);
            BinaryPrimitives.WriteUInt32LittleEndian(header[80..], (uint)entries);
            BinaryPrimitives.WriteUInt32LittleEndian(header[84..], 128);
            Seal(own, at, list.Length);
        }
    }

    /// <summary>All of it.</summary>
    public byte[] Bytes { get; }

    /// <summary>Its size.</summary>
    public int Sectors { get; }

    /// <summary>A header, in this sector.</summary>
    public Span<byte> Header(int sector) => Bytes.AsSpan(sector * Sector, Sector);

    /// <summary>Makes the sums of a header right, whatever else it has; no list leaves that one's sum as it is.</summary>
    public void Seal(int sector, int list = 0, int bytes = 0)
    {
        var header = Header(sector);
        if (bytes != 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header[88..], Sum(Bytes.AsSpan(list * Sector, bytes)));
        }

        header.Slice(16, 4).Clear();
        var length = Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(header[12..]), Sector);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Sum(header[..(int)length]));
    }

    // RFC 1952 §2.3.1: a gzip file ends with this sum, and the length.
    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(file.ToArray().AsSpan()[^8..]);
    }
}
