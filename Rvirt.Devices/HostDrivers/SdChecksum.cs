namespace Rvirt.Devices.HostDrivers;

/// <summary>The checksums of SD cards (SD Physical Layer Simplified Specification, section on the cyclic redundancy code), without tables: they are small, and wait for the wire anyway.</summary>
internal static class SdChecksum
{
    // x^7 + x^3 + 1, shifted by one as the sum is; its highest bit takes away the one that leaves.
    private const uint CommandPolynomial = 0x112;

    /// <summary>Adds a byte to the checksum of a command.</summary>
    /// <param name="sum">The sum so far, 0 at first; in bits 7 to 1, as it is sent.</param>
    /// <param name="value">The byte.</param>
    public static uint AddToCommand(uint sum, byte value)
    {
        sum ^= value;
        for (var bit = 0; bit < 8; bit++)
        {
            sum = (sum << 1) ^ ((sum >> 7) * CommandPolynomial);
        }

        return sum;
    }

    /// <summary>Adds a byte to the checksum of a block of data: x^16 + x^12 + x^5 + 1.</summary>
    /// <param name="sum">The sum so far, 16 bits, 0 at first.</param>
    /// <param name="value">The byte.</param>
    public static uint AddToBlock(uint sum, byte value)
    {
        // What leaves at the top meets the polynomial's three lower terms, at most twice in eight bits: the shift by four is the second time.
        var top = (sum >> 8) ^ value;
        top ^= top >> 4;
        return ((sum << 8) ^ (top << 12) ^ (top << 5) ^ top) & 0xffff;
    }
}
