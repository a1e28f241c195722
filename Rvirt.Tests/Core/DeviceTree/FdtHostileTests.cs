using System;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Testing.DeviceTree;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>Blobs that are cut, bent or random never make the reader leave them or run on.</summary>
internal sealed unsafe class FdtHostileTests
{
    private static readonly byte[] Board = Generate();

    [Test]
    public void SurvivesTruncationAtEveryLength()
    {
        for (var length = 0; length < Board.Length; length++)
        {
            using var buffer = new GuardedBuffer(Board.AsSpan(0, length));
            Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out _), Is.Not.EqualTo(FdtError.None), $"{length} bytes");

            // The same with a header that claims to be whole.
            if (length >= 40)
            {
                FdtHeader.Write(buffer.Span, 4, length);
                Use(buffer);
            }
        }
    }

    [Test]
    public void SurvivesChangedBytes() => Gen.Select(Gen.Int[0, Board.Length - 1], Gen.Byte).Array[1, 8].ForAll(
        changes =>
        {
            using var buffer = new GuardedBuffer(Board);
            foreach (var (at, value) in changes)
            {
                buffer.Span[at] = value;
            }

            Use(buffer);
        },
        iter: 4000);

    [Test]
    public void SurvivesChangedWords()
    {
        var interesting = Gen.OneOf(Gen.Int[0, 64], OneOfThese(-1, -4, int.MaxValue, int.MinValue, 0x7ffffffc), Gen.Int);
        Gen.Select(Gen.Int[0, (Board.Length / 4) - 1], interesting).Array[1, 4].ForAll(
            changes =>
            {
                using var buffer = new GuardedBuffer(Board);
                foreach (var (at, value) in changes)
                {
                    FdtHeader.Write(buffer.Span, at * 4, value);
                }

                Use(buffer);
            },
            iter: 4000);
    }

    // A sound header, then a structure made of tokens in any order.
    [Test]
    public void SurvivesRandomStructures() => Gen.OneOf(OneOfThese(1, 2, 3, 4, 9), Gen.Int[0, 16], Gen.Int).Array[0, 64].ForAll(
        words =>
        {
            var blob = new byte[56 + (words.Length * 4) + 8];
            int[] header = [unchecked((int)0xd00dfeed), blob.Length, 56, blob.Length - 8, 40, 17, 16, 0, 8, words.Length * 4];
            for (var i = 0; i < header.Length; i++)
            {
                FdtHeader.Write(blob, i * 4, header[i]);
            }

            for (var i = 0; i < words.Length; i++)
            {
                FdtHeader.Write(blob, 56 + (i * 4), words[i]);
            }

            using var buffer = new GuardedBuffer(blob);
            Use(buffer);
        },
        iter: 4000);

    [Test]
    public void AnswersInLinearTimeWhenNamesAreLong()
    {
        // A strings block of one long name that every property points into would make a careless reader quadratic.
        const int Properties = 100_000;
        const int Names = 1 << 20;
        var blob = new byte[56 + 8 + (Properties * 12) + 8 + Names];
        int[] header = [unchecked((int)0xd00dfeed), blob.Length, 56, blob.Length - Names, 40, 17, 16, 0, Names, 8 + (Properties * 12) + 8];
        for (var i = 0; i < header.Length; i++)
        {
            FdtHeader.Write(blob, i * 4, header[i]);
        }

        FdtHeader.Write(blob, 56, 1);
        for (var i = 0; i < Properties; i++)
        {
            FdtHeader.Write(blob, 64 + (i * 12), 3);
        }

        FdtHeader.Write(blob, 64 + (Properties * 12), 2);
        FdtHeader.Write(blob, 68 + (Properties * 12), 9);
        blob.AsSpan(blob.Length - Names).Fill((byte)'x');
        using var buffer = new GuardedBuffer(blob);
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out _), Is.EqualTo(FdtError.WrongName));
    }

    private static Gen<int> OneOfThese(params int[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static void Use(GuardedBuffer buffer)
    {
        if (FdtReader.Open(buffer.Pointer, buffer.Length, out var tree) != FdtError.None)
        {
            return;
        }

        var total = 0L;
        foreach (var node in tree.Descendants(tree.Root))
        {
            total += tree.Name(node).Length;
            foreach (var property in tree.Properties(node))
            {
                foreach (var value in property.Bytes)
                {
                    total += value;
                }

                total += property.Name.Length;
                property.TryUInt64(out _);
                property.HasString("no such string"u8);
            }

            for (var i = 0; i < 3; i++)
            {
                tree.TryReg(node, i, out _, out _);
            }
        }

        tree.TryFind("serial0/a/b"u8, out _);
        tree.TryFind("/soc/plic@c000000/x"u8, out _);
        HostTree.Read(tree, 0, ulong.MaxValue, default(UsualDrivers), out var host);
        total += host.CommandLine.Length;
        Assert.That(total, Is.GreaterThanOrEqualTo(0));
    }

    private static byte[] Generate()
    {
        var buffer = new byte[GuestDeviceTree.SuggestedBufferLength];
        Assert.That(GuestDeviceTree.Generate(GuestDeviceTreeTests.Describe(2), buffer, out var length), Is.EqualTo(FdtWriteError.None));
        return buffer[..length];
    }
}
