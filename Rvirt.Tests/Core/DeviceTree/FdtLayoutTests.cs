using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>Blobs put together by hand: blocks in any order, each of which may be the last before memory that nobody may touch.</summary>
internal sealed unsafe class FdtLayoutTests
{
    private const uint BeginNode = 1;
    private const uint EndNode = 2;
    private const uint Property = 3;
    private const uint End = 9;

    private static readonly uint[] Smallest = [BeginNode, 0, EndNode, End];

    /// <summary>Makes a blob of blocks in an order: s for the structure, n for names (one, "a"), r for reservations.</summary>
    private static byte[] Blob(string order, uint[] structure, params uint[] reservations)
    {
        var words = new List<uint>(new uint[10]);
        var at = new Dictionary<char, int>();
        foreach (var block in order)
        {
            at[block] = words.Count * 4;
            words.AddRange(block switch { 's' => structure, 'n' => [0x61000000, 0], _ => [.. reservations, 0, 0, 0, 0] });
        }

        var blob = new byte[words.Count * 4];
        uint[] header = [0xd00dfeed, (uint)blob.Length, (uint)at['s'], (uint)at['n'], (uint)at['r'], 17, 16, 0, 8, (uint)structure.Length * 4];
        for (var i = 0; i < words.Count; i++)
        {
            FdtHeader.Write(blob, i * 4, (int)(i < header.Length ? header[i] : words[i]));
        }

        return blob;
    }

    private static FdtError Open(byte[] blob)
    {
        using var buffer = new GuardedBuffer(blob);
        return FdtReader.Open(buffer.Pointer, buffer.Length, out _);
    }

    [Test]
    public void BlocksComeInAnyOrder([Values("snr", "srn", "nsr", "nrs", "rsn", "rns")] string order)
    {
        // Reservations are aligned to eight bytes, which all of these are.
        using var buffer = new GuardedBuffer(Blob(order, [BeginNode, 0, Property, 4, 0, 7, EndNode, End], 0, 0x1000, 0, 0x2000));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.TryUInt32(tree.Root, "a"u8, out var value) && value == 7);
        Assert.That(tree.TryReservation(1, out _, out _), Is.False);
        Assert.That(tree.TryReservation(0, out var address, out var size));
        Assert.That((address, size), Is.EqualTo((0x1000UL, 0x2000UL)));
    }

    [TestCase(0u, 0u, 0u, 0x1000u, Description = "at address 0")]
    [TestCase(0u, 0x1000u, 0u, 0u, Description = "of no bytes")]
    public void AReservationThatIsZeroInPartIsNotTheLast(uint high, uint low, uint sizeHigh, uint sizeLow)
    {
        using var buffer = new GuardedBuffer(Blob("nsr", Smallest, high, low, sizeHigh, sizeLow, 0, 1, 0, 2));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That((tree.TryReservation(1, out _, out _), tree.TryReservation(2, out _, out _)), Is.EqualTo((true, false)));
    }

    [TestCase(new uint[] { BeginNode, 0, Property }, FdtError.StructureTruncated)]
    [TestCase(new uint[] { BeginNode, 0, Property, 0u }, FdtError.StructureTruncated)]
    [TestCase(new uint[] { BeginNode, 0, Property, 4u, 0 }, FdtError.StructureTruncated)]
    [TestCase(new uint[] { BeginNode, 0, Property, 0u, 0 }, FdtError.StructureTruncated)]
    [TestCase(new uint[] { BeginNode, 0x61616161, 0x61616161 }, FdtError.WrongName)]
    [TestCase(new uint[] { BeginNode, 0, BeginNode, 0x62000000, EndNode, Property, 0, 0, EndNode, End }, FdtError.MalformedTree, Description = "a property behind a child")]
    [TestCase(new uint[] { BeginNode, 0, BeginNode, 0x62000000, Property, 0, 0, EndNode, EndNode, End }, FdtError.None)]
    public void AStructureAtTheEndIsReadNoFurther(uint[] structure, FdtError expected) =>
        Assert.That(Open(Blob("rns", structure)), Is.EqualTo(expected));

    [TestCase(3, FdtError.NoHeader)]
    [TestCase(4, FdtError.WrongMagic)]
    [TestCase(39, FdtError.WrongMagic)]
    [TestCase(40, FdtError.WrongMagic)]
    public void WhatIsNoTreeIsNotCalledAShortOne(int length, FdtError expected) => Assert.That(Open(new byte[length]), Is.EqualTo(expected));

    [TestCase(4, 40, FdtError.BlockOutside)]
    [TestCase(4, int.MaxValue, FdtError.Truncated)]
    [TestCase(24, 17, FdtError.None)]
    public void AHeaderIsTakenAtItsEdges(int offset, int value, FdtError expected)
    {
        var blob = Blob("rns", Smallest);
        FdtHeader.Write(blob, offset, value);
        Assert.That(Open(blob), Is.EqualTo(expected));
    }

    [Test]
    public void AHeaderAloneIsATreeCutShort() => Assert.That(Open(Blob("rns", Smallest)[..40]), Is.EqualTo(FdtError.Truncated));

    [TestCase(255, FdtError.None)]
    [TestCase(256, FdtError.WrongName)]
    public void ANameHasUpTo255Letters(int length, FdtError expected)
    {
        var name = new uint[(length / 4) + 1];
        for (var i = 0; i < length; i++)
        {
            name[i / 4] |= 0x61u << (24 - (i % 4 * 8));
        }

        Assert.That(Open(Blob("rns", [BeginNode, 0, BeginNode, .. name, EndNode, EndNode, End])), Is.EqualTo(expected));
    }

    [Test]
    public void TheDeepestNodeIsWalkedTo()
    {
        var begins = Enumerable.Range(0, FdtReader.MaximumDepth + 1).SelectMany(depth => (uint[])[BeginNode, depth == 0 ? 0u : 0x62000000u]);
        using var buffer = new GuardedBuffer(Blob("rns", [.. begins, .. Enumerable.Repeat(EndNode, FdtReader.MaximumDepth + 1), End]));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        var deepest = 0;
        foreach (var node in tree.Descendants(tree.Root))
        {
            deepest = Math.Max(deepest, node.Depth);
        }

        Assert.That(deepest, Is.EqualTo(FdtReader.MaximumDepth));
    }

    [Test]
    public void ANodeOfNoTreeHasNothing()
    {
        using var buffer = new GuardedBuffer(Blob("rns", Smallest));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.Name(default).Length, Is.Zero);
        Assert.That(tree.TryProperty(default, "a"u8, out _), Is.False);
        Assert.That(tree.TryChild(default, "a"u8, out _), Is.False);
    }

    [Test]
    public void NumbersOfAnyCells()
    {
        using var buffer = new GuardedBuffer(Tools.Compile("""
            /dts-v1/;
            / {
                three { #address-cells = <3>; #size-cells = <1>; fits { reg = <0 1 2 3>; }; not { reg = <1 0 0 3>; }; };
                none { #address-cells = <0>; #size-cells = <0>; child { reg = <1>; }; };
                many { #address-cells = <258>; #size-cells = <1>; child { reg = <1 2 3>; }; };
                text { empty = ""; };
            };
            """));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.TryFind("/three/fits"u8, out var node) && tree.TryReg(node, 0, out var address, out var size) && (address, size) == (0x1_0000_0002, 3));
        Assert.That(tree.TryFind("/three/not"u8, out node) && !tree.TryReg(node, 0, out _, out _), "it has more than 64 bits");
        Assert.That(tree.TryFind("/none/child"u8, out node) && !tree.TryReg(node, 0, out _, out _));
        Assert.That(tree.TryFind("/many/child"u8, out node) && !tree.TryReg(node, 0, out _, out _));
        Assert.That(tree.TryFind("/text"u8, out node) && tree.TryProperty(node, "empty"u8, out var empty) && empty.TryString(out var text) && text.Length == 0);
    }
}
