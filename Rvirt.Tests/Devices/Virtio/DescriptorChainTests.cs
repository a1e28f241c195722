using System.Collections.Generic;
using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Virtio;

/// <summary>The chain reader alone.</summary>
public unsafe class DescriptorChainTests
{
    private const ulong Table = QueueRam.Base + 0x1000;
    private const ulong Other = QueueRam.Base + 0x2000;
    private const ulong Buffers = QueueRam.Base + 0x4000;
    private const uint Size = 8;
    private const uint TableMax = 12;

    private static readonly Gen<(ulong Address, uint Length, uint Flags, uint Next)> Hostile = Gen.Select(
        Gen.Frequency(
            (6, Gen.ULong[QueueRam.Base, QueueRam.End]),
            (2, Gen.ULong[QueueRam.End - 64, QueueRam.End + 64]),
            (1, Gen.ULong[QueueRam.Base - 64, QueueRam.Base + 64]),
            (1, Gen.ULong[ulong.MaxValue - 64, ulong.MaxValue]),
            (1, Gen.ULong)),
        Gen.Frequency((6, Gen.UInt[0, 600]), (2, Gen.UInt[0, TableMax + 1].Select(n => 16 * n)), (1, Gen.UInt[0xffff_fff0, uint.MaxValue]), (1, Gen.UInt)),
        Gen.Frequency((6, Gen.UInt[0, 3]), (2, Gen.UInt[0, 7]), (1, Gen.UInt[0, 0xffff])),
        Gen.Frequency((6, Gen.UInt[0, Size - 1]), (1, Gen.UInt[0, Size + 1]), (1, Gen.UInt[0, 0xffff])));

    private static readonly Gen<(ulong Address, uint Length, uint Flags, uint Next)> Plausible = Gen.Select(
        Gen.ULong[Buffers, Buffers + 0x4000], Gen.UInt[1, 600], Gen.Frequency((1, Gen.UInt[0, 3]), (2, Gen.Const(1u)), (1, Gen.Const(3u))), Gen.UInt[0, Size - 1]);

    private static readonly Gen<(ulong Address, uint Length, uint Flags, uint Next)> Indirection = Gen.Select(
        Gen.ULong[Other, Other + 40], Gen.UInt[1, TableMax + 1].Select(n => 16 * n), Gen.Bool.Select(marked => marked ? 6u : 4u), Gen.UInt[0, Size]);

    [Test]
    public void AnyTableIsReadAsTheSpecificationHasIt()
    {
        var descriptor = Gen.Frequency((2, Hostile), (12, Plausible), (2, Indirection));
        var verdicts = new HashSet<QueueFault>();
        Gen.Select(descriptor.Array[(int)(Size + TableMax + 4)], Gen.UInt[0, Size], Gen.Bool.Select(agreed => agreed ? TableMax : 0u)).ForAll(
            (table, head, tableMax) =>
            {
                using var ram = new QueueRam();
                for (var i = 0u; i < table.Length; i++)
                {
                    var (address, length, flags, next) = table[i];
                    ram.Describe(i < Size ? Table : Other, i < Size ? i : i - Size, address, length, flags, next);
                }

                var expected = ChainOracle.Judge(ram.Span, Table, Size, head, tableMax);
                var buffers = Read(ram, head, tableMax, out var fault);
                lock (verdicts)
                {
                    verdicts.Add(fault);
                }

                Assert.That(buffers.Count, Is.LessThanOrEqualTo(Size + TableMax), "no table gives more than it has");
                Assert.That(buffers.Take(expected.Buffers.Count), Is.EqualTo(expected.Buffers));
                if (expected.ComesAgain)
                {
                    // Round and round, another rule may break before the reader has had enough.
                    Assert.That(fault, Is.AnyOf(QueueFault.Loop, QueueFault.Buffer, QueueFault.Order));
                    return;
                }

                Assert.That(buffers.Count, Is.EqualTo(expected.Buffers.Count));
                Assert.That(fault == QueueFault.None ? expected.Faults.Count == 0 : expected.Faults.Contains(fault), $"{fault}, not {string.Join(" or ", expected.Faults)}");
            },
            iter: 20_000);
        Assert.That(
            verdicts,
            Is.EquivalentTo([QueueFault.None, QueueFault.DescriptorIndex, QueueFault.Loop, QueueFault.Buffer, QueueFault.Order, QueueFault.Indirect]),
            "the samples reach every verdict");
    }

    [Test]
    public void AChainOfAnyShapeComesOutAsTheDriverBuiltIt()
    {
        var buffer = Gen.Select(Gen.ULong[Buffers, Buffers + 0x4000], Gen.UInt[1, 0x1000]);
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, (int)TableMax], Gen.Int[0, 20], Gen.Shuffle(new uint[] { 0, 1, 2, 3, 4, 5, 6, 7 }), buffer.Array[20], Gen.ULong[0, 15]).ForAll(
            (plain, tabled, readable, order, buffers, offset) =>
            {
                if (plain + tabled == 0)
                {
                    return;
                }

                using var ram = new QueueRam();
                var expected = new List<(ulong, uint, bool)>();
                for (var i = 0; i < plain + tabled; i++)
                {
                    var (address, length) = buffers[i];
                    var flags = i >= readable ? RingLayout.Write : 0;
                    var inTable = i >= plain;
                    var last = i + 1 == plain + tabled || (i + 1 == plain && tabled == 0);
                    if (inTable)
                    {
                        ram.Describe(Other + offset, (uint)(i - plain), address, length, flags | (last ? 0 : RingLayout.Next), (uint)(i - plain + 1));
                    }
                    else
                    {
                        ram.Describe(Table, order[i], address, length, flags | (last ? 0 : RingLayout.Next), order[i + 1]);
                    }

                    expected.Add((address, length, i >= readable));
                }

                if (tabled != 0)
                {
                    ram.Describe(Table, order[plain], Other + offset, 16 * (uint)tabled, RingLayout.Indirect, 0xffff);
                }

                var found = Read(ram, order[0], TableMax, out var fault);
                Assert.That(fault, Is.EqualTo(QueueFault.None));
                Assert.That(found, Is.EqualTo(expected));
            },
            iter: 5_000);
    }

    [Test]
    public void ABufferHasItsGuestAddressesCounterparts()
    {
        using var ram = new QueueRam();
        ram.Describe(Table, 3, Buffers + 5, 7, RingLayout.Write, 0);
        var memory = ram.Memory;
        var chain = new DescriptorChain(in memory, ram.Pointer(Table), Size, 3, 0);
        Assert.That(chain.MoveNext(out var buffer));
        Assert.That(buffer.HostAddress, Is.EqualTo(QueueRam.HostAddress + 0x4005));
        Assert.That((ulong)buffer.Pointer, Is.EqualTo((ulong)ram.Pointer(Buffers) + 5));
        Assert.That((buffer.Length, buffer.IsWritable), Is.EqualTo((7u, true)));
        Assert.That(chain.MoveNext(out _), Is.False);
        Assert.That(chain.MoveNext(out _), Is.False, "the end stays the end");
        Assert.That(chain.Fault, Is.EqualTo(QueueFault.None));
    }

    [Test]
    public void WhatHasBeenReadMayChange()
    {
        using var ram = new QueueRam();
        ram.Describe(Table, 0, Buffers, 16, RingLayout.Next, 1);
        ram.Describe(Table, 1, Other, 32, RingLayout.Indirect, 0);
        ram.Describe(Other, 0, Buffers, 32, RingLayout.Next, 1);
        ram.Describe(Other, 1, Buffers, 64, RingLayout.Write, 0);
        var memory = ram.Memory;
        var chain = new DescriptorChain(in memory, ram.Pointer(Table), Size, 0, TableMax);
        var lengths = new List<uint>();
        while (chain.MoveNext(out var buffer))
        {
            lengths.Add(buffer.Length);
            // The descriptor behind the buffer, and the one that led to the table.
            ram.Describe(Table, 0, 0, 0, 0xffff, 0xffff);
            if (lengths.Count > 1)
            {
                ram.Describe(Table, 1, 0, 0, 0xffff, 0xffff);
                ram.Describe(Other, 0, 0, 0, 0xffff, 0xffff);
            }
        }

        Assert.That(chain.Fault, Is.EqualTo(QueueFault.None));
        Assert.That(lengths, Is.EqualTo([16u, 32u, 64u]));
    }

    [Test]
    public void AChainThatBrokeGivesNothingMore()
    {
        using var ram = new QueueRam();
        ram.Describe(Table, 0, Buffers, 16, RingLayout.Next, Size);
        var memory = ram.Memory;
        var chain = new DescriptorChain(in memory, ram.Pointer(Table), Size, 0, TableMax);
        Assert.That(chain.MoveNext(out _));
        Assert.That(chain.MoveNext(out _), Is.False);
        ram.Describe(Table, 0, Buffers, 16, 0, 0);
        Assert.That(chain.MoveNext(out _), Is.False);
        Assert.That(chain.Fault, Is.EqualTo(QueueFault.DescriptorIndex));
    }

    /// <summary>4 GiB need more RAM than there is, so one buffer is named again and again; with a table of 65536 that would be no loop.</summary>
    [Test]
    public void AChainOfMoreThan4GiBIsRefused()
    {
        using var ram = new QueueRam();
        ram.Describe(Table, 0, QueueRam.Base, (uint)QueueRam.Bytes, RingLayout.Next, 0);
        var memory = ram.Memory;
        var chain = new DescriptorChain(in memory, ram.Pointer(Table), 0x1_0002, 0, 0);
        var bytes = 0UL;
        while (chain.MoveNext(out var buffer))
        {
            bytes += buffer.Length;
        }

        Assert.That(chain.Fault, Is.EqualTo(QueueFault.Buffer));
        Assert.That(bytes, Is.EqualTo(0x1_0000_0000));
    }

    private static List<(ulong Address, uint Length, bool Writable)> Read(QueueRam ram, uint head, uint tableMax, out QueueFault fault)
    {
        var memory = ram.Memory;
        var chain = new DescriptorChain(in memory, ram.Pointer(Table), Size, head, tableMax);
        var buffers = new List<(ulong Address, uint Length, bool Writable)>();
        while (chain.MoveNext(out var buffer))
        {
            Assert.That((ulong)buffer.Pointer - (ulong)ram.Pointer(QueueRam.Base), Is.EqualTo(buffer.HostAddress - QueueRam.HostAddress));
            buffers.Add((buffer.HostAddress - QueueRam.HostAddress + QueueRam.Base, buffer.Length, buffer.IsWritable));
        }

        fault = chain.Fault;
        return buffers;
    }
}
