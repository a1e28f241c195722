using System;
using System.Collections.Generic;

namespace Rvirt.Testing.Devices;

/// <summary>Makes a guest's device a disk: requests as virtio 1.2 §5.2.6 has them.</summary>
public sealed unsafe class FakeDisk
{
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

    public Dictionary<ulong, byte[]> Sectors { get; } = [];
}
