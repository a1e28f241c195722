using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Virtio;

/// <summary>
/// What virtio 1.2 says of a chain, rule by rule, in whole numbers and sets. Of the first descriptor that breaks any rule it names every rule
/// broken; loops are told by a descriptor that comes again, not by counting.
/// </summary>
internal static class ChainOracle
{
    public sealed record Verdict(List<(ulong Address, uint Length, bool Writable)> Buffers, HashSet<QueueFault> Faults, bool ComesAgain);

    public static Verdict Judge(ReadOnlySpan<byte> ram, ulong table, uint size, uint head, uint tableMax)
    {
        var buffers = new List<(ulong Address, uint Length, bool Writable)>();
        var seen = new HashSet<Int128>();
        Int128 place = table, entries = size, index = head, total = 0;
        var inTable = false;
        while (true)
        {
            if (index >= entries)
            {
                return new(buffers, [QueueFault.DescriptorIndex], false);
            }

            var at = place + (16 * index);
            if (!seen.Add(inTable ? -at : at))
            {
                return new(buffers, [QueueFault.Loop], true);
            }

            var descriptor = ram.Slice((int)(at - QueueRam.Base), 16);
            var address = BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[8..]);
            var flags = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]);
            var next = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[14..]);
            var isRam = (Int128)address >= QueueRam.Base && (Int128)address + length <= QueueRam.End;
            if ((flags & 4) != 0)
            {
                if (inTable || tableMax == 0 || (flags & 1) != 0 || length == 0 || length % 16 != 0 || length > 16UL * tableMax || !isRam)
                {
                    return new(buffers, [QueueFault.Indirect], false);
                }

                (inTable, place, entries, index) = (true, address, length / 16, 0);
                continue;
            }

            var faults = new HashSet<QueueFault>();
            total += length;
            var writable = (flags & 2) != 0;
            if (length == 0 || !isRam || total > Int128.One << 32)
            {
                faults.Add(QueueFault.Buffer);
            }

            if (!writable && buffers.Exists(buffer => buffer.Writable))
            {
                faults.Add(QueueFault.Order);
            }

            if (faults.Count != 0)
            {
                return new(buffers, faults, false);
            }

            buffers.Add((address, length, writable));
            if ((flags & 1) == 0)
            {
                return new(buffers, [], false);
            }

            index = next;
        }
    }
}
