using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices;

/// <summary>Registers on the machine's bus.</summary>
public interface IDevice
{
    /// <summary>Reads a register.</summary>
    /// <param name="hart">The hart that reads, or null.</param>
    /// <param name="offset">From the device's start, a multiple of the size.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    /// <param name="value">The value, zero-extended.</param>
    /// <returns>False: access fault.</returns>
    bool TryRead(Hart? hart, ulong offset, int size, out ulong value);

    /// <summary>Writes a register.</summary>
    /// <param name="hart">The hart that writes, or null.</param>
    /// <param name="offset">From the device's start, a multiple of the size.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    /// <param name="value">What is written; no bit above the size is set.</param>
    /// <returns>False: access fault.</returns>
    bool TryWrite(Hart? hart, ulong offset, int size, ulong value);
}
