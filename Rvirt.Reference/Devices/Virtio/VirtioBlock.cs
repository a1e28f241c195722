using System;
using System.Buffers.Binary;
using System.Text;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>A virtio disk (Virtio 1.2 §5.2).</summary>
public sealed class VirtioBlock : VirtioMmio
{
    /// <summary>Bytes of a sector.</summary>
    public const int SectorSize = 512;

    private const uint DeviceId = 2;
    private const ulong Flush = 1UL << 9;
    private const uint TypeIn = 0, TypeOut = 1, TypeFlush = 4, TypeGetId = 8;
    private const byte Ok = 0, IoError = 1, Unsupported = 2;
    private const int HeaderBytes = 16, IdBytes = 20;

    private readonly IDisk _disk;
    private readonly byte[] _configuration = new byte[64];

    /// <summary>Makes a disk of one queue.</summary>
    /// <param name="disk">Its sectors.</param>
    /// <param name="legacy">Version 1 registers, without VERSION_1.</param>
    public VirtioBlock(IDisk disk, bool legacy = false)
        : base(DeviceId, 1, Flush, legacy)
    {
        _disk = disk;
        BinaryPrimitives.WriteInt64LittleEndian(_configuration, disk.Length / SectorSize);
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> Configuration => _configuration;

    /// <inheritdoc/>
    protected override bool TryServe(int queue, VirtioChain chain, out uint written)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        written = 0;
        if (chain.Read(0, header) < HeaderBytes || chain.WritableLength < 1)
        {
            // Nowhere to put a status.
            return true;
        }

        var type = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        var room = chain.WritableLength - 1;
        var (status, length) = type switch
        {
            TypeIn => ReadDisk(chain, sector, room),
            TypeOut => (WriteDisk(chain, sector), 0),
            TypeFlush => (Ok, 0),
            TypeGetId => (Ok, chain.Write(0, Encoding.ASCII.GetBytes("fake disk".PadRight(IdBytes, '\0'))[..Math.Min(room, IdBytes)])),
            _ => (Unsupported, 0),
        };
        chain.Write(room, [status]);
        written = (uint)(status == Ok && type == TypeIn ? room + 1 : length + 1);
        return true;
    }

    private (byte Status, int Length) ReadDisk(VirtioChain chain, ulong sector, int length)
    {
        if (!Contains(sector, length))
        {
            return (IoError, 0);
        }

        var bytes = new byte[length];
        _disk.Read((long)sector * SectorSize, bytes);
        return (Ok, chain.Write(0, bytes));
    }

    private byte WriteDisk(VirtioChain chain, ulong sector)
    {
        var bytes = new byte[chain.ReadableLength - HeaderBytes];
        if (!Contains(sector, bytes.Length))
        {
            return IoError;
        }

        chain.Read(HeaderBytes, bytes);
        _disk.Write((long)sector * SectorSize, bytes);
        return Ok;
    }

    private bool Contains(ulong sector, int length) =>
        length % SectorSize == 0 && sector <= (ulong)_disk.Length / SectorSize
        && (ulong)length / SectorSize <= ((ulong)_disk.Length / SectorSize) - sector;
}
