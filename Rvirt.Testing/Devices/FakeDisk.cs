using System;
using System.Collections.Generic;

namespace Rvirt.Testing.Devices;

/// <summary>Makes a guest's device a disk: requests as virtio 1.2 §5.2.6 has them.</summary>
// SAFETY: the machine answers for all bytes of a buffer that Dma gives a pointer to, or throws.
public sealed unsafe class FakeDisk
{
    /// <summary>Serves the requests of a guest's device from now on.</summary>
    /// <param name="guest">The guest; its <see cref="TestGuest.Device"/> is the disk.</param>
    public FakeDisk(TestGuest guest) => guest.Device.Serve = (_, readable, writable) =>
    {
        var sector = BitConverter.ToUInt64(readable, 8);
        var written = 0;
        if (BitConverter.ToUInt32(readable, 0) == 1)
        {
            Sectors[sector] = readable[16..];
        }
        else
        {
            for (var i = 0; i < writable.Count - 1; i++)
            {
                var data = Sectors[sector].AsSpan(written, (int)writable[i].Length);
                data.CopyTo(new Span<byte>(guest.Machine.Dma(writable[i].Address, writable[i].Length), data.Length));
                written += data.Length;
            }
        }

        *guest.Machine.Dma(writable[^1].Address, 1) = 0;
        return written + 1;
    };

    /// <summary>What was written, and what is there to read, by the sector that a request names; one that is not here cannot be read.</summary>
    public Dictionary<ulong, byte[]> Sectors { get; } = [];
}
