using System;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Devices.HostDrivers;

/// <summary>What a driver says of itself.</summary>
public static class HostDriver
{
    /// <summary>Whether a driver drives devices of a name; nothing drives one without.</summary>
    public static bool Drives<TDriver>(ReadOnlySpan<byte> name)
        where TDriver : struct, IHostDriver =>
        Names(TDriver.Compatible, name);

    /// <summary>Whether a driver is the one by which a device was found.</summary>
    public static bool Drives<TDriver>(in HostDevice device)
        where TDriver : struct, IHostDriver =>
        Names(TDriver.Compatible, device.Match.Bytes);

    /// <summary>Reads the next of the names that a driver drives.</summary>
    /// <param name="compatible">What it says (<see cref="IHostDriver.Compatible"/>).</param>
    /// <param name="position">Where to read, 0 at first; moved behind the name.</param>
    /// <param name="name">The name.</param>
    /// <returns>False at the end.</returns>
    public static bool TryNextName(ReadOnlySpan<byte> compatible, scoped ref int position, out ReadOnlySpan<byte> name)
    {
        name = default;
        if ((uint)position >= (uint)compatible.Length)
        {
            return false;
        }

        var rest = compatible[position..];
        var end = rest.IndexOf((byte)0);
        name = end < 0 ? rest : rest[..end];
        position += name.Length + 1;
        return true;
    }

    private static bool Names(ReadOnlySpan<byte> compatible, ReadOnlySpan<byte> name)
    {
        var end = 0;
        while (TryNextName(compatible, ref end, out var driven))
        {
            if (name.Length != 0 && driven.SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }
}
