using System;

namespace Rvirt.Core.Disks;

/// <summary>The check sum of GUID partition tables (UEFI 2.10 §5.3.2): CRC-32 of ISO 3309, bits reversed.</summary>
internal static class Crc32
{
    /// <summary>What a sum begins with.</summary>
    public const uint Start = 0xffff_ffff;

    private const uint Polynomial = 0xedb8_8320;

    /// <summary>Goes on with a sum; its complement is the sum of all bytes so far.</summary>
    public static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            sum ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ (Polynomial & (0 - (sum & 1)));
            }
        }

        return sum;
    }
}
