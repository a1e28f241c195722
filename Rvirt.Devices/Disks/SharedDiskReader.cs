using System;
using Rvirt.Core.Disks;
using Rvirt.Core.Host;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.Disks;

/// <summary>Reads a disk of the host while nobody has a port of it, and waits for it.</summary>
/// <param name="host">The hart; device registers are all that is used of it.</param>
/// <param name="disk">The disk.</param>
/// <param name="memory">Memory of <see cref="PartitionTable.ReadBytes"/> bytes, given away for good.</param>
/// <param name="address">Its physical address.</param>
// SAFETY: the caller owns disk and memory for as long as this is used.
public unsafe struct SharedDiskReader<THost>(THost host, SharedDisk* disk, byte* memory, ulong address) : ISectorReader
    where THost : struct, IMmio
{
    // Looks at registers of the device, of which each takes its time.
    private const int Patience = 1 << 24;

    private bool _lost;

    /// <inheritdoc/>
    public readonly ulong SectorCount => disk->Sectors;

    /// <inheritdoc/>
    /// <remarks>A disk that once did not answer is not asked again: it may still write to the memory.</remarks>
    public bool TryRead(ulong sector, Span<byte> sectors)
    {
        var count = (ulong)sectors.Length / PartitionTable.SectorBytes;
        if (_lost || sectors.Length > PartitionTable.ReadBytes || sector > SectorCount || count > SectorCount - sector)
        {
            return false;
        }

        // SAFETY: room for ReadBytes, of which no more are asked for.
        if (!disk->TrySubmit(ref host, 0, BlockRequest.Read, sector, address, (uint)sectors.Length))
        {
            return false;
        }

        for (var looks = 0; looks < Patience; looks++)
        {
            disk->Serve(ref host);
            if (disk->TryTake(0, out var done))
            {
                new ReadOnlySpan<byte>(memory, sectors.Length).CopyTo(sectors);
                return done;
            }
        }

        _lost = true;
        return false;
    }
}
