using System;
using System.Runtime.CompilerServices;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Room for what a driver keeps, whichever it is: its struct lies at the start.</summary>
[InlineArray(Bytes / sizeof(ulong))]
internal struct DriverState
{
    /// <summary>The largest driver that there is room for.</summary>
    public const int Bytes = 128;

    private ulong _first;

    /// <summary>The driver that is kept. Zero at first, and always asked for as the same type.</summary>
    /// <exception cref="InvalidOperationException">A driver of that type is larger than the room.</exception>
    internal static ref TDriver As<TDriver>(ref DriverState state)
        where TDriver : unmanaged
    {
        if (Unsafe.SizeOf<TDriver>() > Bytes)
        {
            throw new InvalidOperationException("a driver of the board keeps more than the 128 bytes there are for one");
        }

        // SAFETY: the driver is no larger than the room, which is aligned to eight bytes, and holds no references.
        return ref Unsafe.As<DriverState, TDriver>(ref state);
    }
}
