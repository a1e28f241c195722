using System;
using NUnit.Framework;
using Rvirt.Core.Disks;

namespace Rvirt.Tests.Core.Disks;

/// <summary>Reads a disk that lies in memory, and never beyond its end.</summary>
/// <param name="bytes">The disk.</param>
/// <param name="sectors">How many sectors it says it has.</param>
/// <param name="lost">One that cannot be read; below 0 for none.</param>
internal readonly struct ImageReader(byte[] bytes, ulong sectors, int lost) : ISectorReader
{
    public ulong SectorCount => sectors;

    public bool TryRead(ulong sector, Span<byte> to)
    {
        Assert.That(to.Length % 512, Is.Zero);
        Assert.That(sector + ((ulong)to.Length / 512), Is.LessThanOrEqualTo(sectors), "never beyond the end");
        if (lost >= 0 && (ulong)lost - sector < (ulong)to.Length / 512)
        {
            return false;
        }

        bytes.AsSpan((int)sector * 512, to.Length).CopyTo(to);
        return true;
    }
}
