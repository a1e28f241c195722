using System;
using System.Buffers.Binary;
using Rvirt.Testing.Devices;

namespace Rvirt.Fuzz.Targets;

/// <summary>What the eight bytes of a step make of a hostile driver's descriptor: sound values, and those around every edge.</summary>
internal static class DescriptorInput
{
    /// <summary>The buffer's address, by the kind in the third byte and the number in the fifth and sixth.</summary>
    /// <param name="step">The step.</param>
    /// <param name="queue">Where the queue lies.</param>
    /// <param name="buffers">Where buffers lie.</param>
    /// <param name="end">The end of the guest's RAM.</param>
    public static ulong Address(ReadOnlySpan<byte> step, ulong queue, ulong buffers, ulong end)
    {
        var small = BinaryPrimitives.ReadUInt16LittleEndian(step[4..]);
        return (step[2] & 7) switch
        {
            0 or 1 => buffers + small,
            2 => end - (small & 0xffu),
            3 => TestGuest.GuestRam - (small & 0xffu),
            4 => queue + (small & 0xfffu),
            5 => ulong.MaxValue - small,
            6 => (ulong)small << 32,
            _ => buffers + (16u * (small & 63u)),
        };
    }

    /// <summary>The buffer's length, by the rest of the third byte and the seventh.</summary>
    /// <param name="step">The step.</param>
    /// <param name="blocks">Most lengths are of so many blocks of 16 bytes.</param>
    public static uint Length(ReadOnlySpan<byte> step, uint blocks) => (step[2] >> 3) switch
    {
        0 => 0u,
        1 => uint.MaxValue - step[6],
        2 => 0x8000_0000u | step[6],
        < 12 => step[6],
        _ => 16u * blocks,
    };
}
