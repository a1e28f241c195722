using System;

namespace Rvirt.Core.Disks;

/// <summary>A disk that is read by sectors of <see cref="PartitionTable.SectorBytes"/>.</summary>
public interface ISectorReader
{
    /// <summary>How many sectors it says it has; any number.</summary>
    ulong SectorCount { get; }

    /// <summary>Reads sectors.</summary>
    /// <param name="sector">The first.</param>
    /// <param name="sectors">Room for a whole number of them, <see cref="PartitionTable.ReadBytes"/> at the most.</param>
    /// <returns>False where they cannot be read; what is in the room then does not matter.</returns>
    bool TryRead(ulong sector, Span<byte> sectors);
}
