using System;
using System.Buffers.Binary;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>A blob's header, for tests that bend it.</summary>
internal readonly struct FdtHeader(byte[] blob)
{
    public int Total => Read(blob, 4);

    public int Structure => Read(blob, 8);

    public int Strings => Read(blob, 12);

    public int Reservations => Read(blob, 16);

    public int StringsSize => Read(blob, 32);

    public int StructureSize => Read(blob, 36);

    public static int Read(ReadOnlySpan<byte> blob, int offset) => BinaryPrimitives.ReadInt32BigEndian(blob[offset..]);

    public static void Write(Span<byte> blob, int offset, int value) => BinaryPrimitives.WriteInt32BigEndian(blob[offset..], value);
}
