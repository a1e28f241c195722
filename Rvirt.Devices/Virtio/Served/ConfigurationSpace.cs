namespace Rvirt.Devices.Virtio.Served;

/// <summary>The configuration space of a device that is served here (virtio 1.2 §2.5), as words of eight bytes.</summary>
internal static class ConfigurationSpace
{
    /// <summary>Reads a part of a word.</summary>
    /// <param name="word">The word; all behind it reads as zero.</param>
    /// <param name="offset">From its start, a multiple of <paramref name="size"/>.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    public static ulong Read(ulong word, uint offset, int size)
    {
        if (offset >= sizeof(ulong))
        {
            return 0;
        }

        var value = word >> (int)(8 * offset);
        return size == sizeof(ulong) ? value : value & ((1UL << (8 * size)) - 1);
    }
}
