using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>Each way a blob can be wrong is found and named.</summary>
internal sealed unsafe class FdtReaderErrorTests
{
    private static readonly byte[] Sound = Tools.Compile("/dts-v1/; /memreserve/ 1 2; / { a = <1>; n { b = <2>; }; };");

    private static int Structure => new FdtHeader(Sound).Structure;

    [Test]
    public void AcceptsTheUnbentBlob() => Assert.That(Open(_ => { }), Is.EqualTo(FdtError.None));

    [TestCase(0, 0x12345678, FdtError.WrongMagic)]
    [TestCase(4, 39, FdtError.WrongTotalSize)]
    [TestCase(4, -1, FdtError.WrongTotalSize)]
    [TestCase(4, 0x10000, FdtError.Truncated)]
    [TestCase(8, 0x10000, FdtError.BlockOutside)]
    [TestCase(8, -4, FdtError.BlockOutside)]
    [TestCase(8, 0, FdtError.BlockOutside)]
    [TestCase(8, 73, FdtError.Misaligned)]
    [TestCase(12, 0x10000, FdtError.BlockOutside)]
    [TestCase(16, 0x10000, FdtError.BlockOutside)]
    [TestCase(16, 44, FdtError.Misaligned)]
    [TestCase(20, 16, FdtError.UnsupportedVersion)]
    [TestCase(24, 18, FdtError.UnsupportedVersion)]
    [TestCase(32, 0x10000, FdtError.BlockOutside)]
    [TestCase(32, 0, FdtError.WrongName)]
    [TestCase(36, 0x10000, FdtError.BlockOutside)]
    [TestCase(36, 0, FdtError.StructureTruncated)]
    [TestCase(36, 12, FdtError.StructureTruncated)]
    public void NamesAWrongHeader(int offset, int value, FdtError expected) =>
        Assert.That(Open(blob => FdtHeader.Write(blob, offset, value)), Is.EqualTo(expected));

    [TestCase(0, 2, FdtError.MalformedTree, Description = "ends before it begins")]
    [TestCase(0, 3, FdtError.MalformedTree, Description = "a property outside of any node")]
    [TestCase(0, 9, FdtError.MalformedTree, Description = "no root")]
    [TestCase(0, 5, FdtError.UnknownToken)]
    [TestCase(8, 9, FdtError.MalformedTree, Description = "the root is not ended")]
    [TestCase(12, 0x7fffffff, FdtError.StructureTruncated, Description = "a value longer than the block")]
    [TestCase(16, 0x1000, FdtError.WrongName)]
    [TestCase(16, -1, FdtError.WrongName)]
    public void NamesAWrongStructure(int offset, int value, FdtError expected) =>
        Assert.That(Open(blob => FdtHeader.Write(blob, Structure + offset, value)), Is.EqualTo(expected));

    // The root ends where the child began and the child becomes a root of its own; the last END_NODE goes.
    [Test]
    public void NamesASecondRoot() => Assert.That(
        Open(blob =>
        {
            var child = blob.AsSpan().IndexOf("n\0\0\0"u8) - 4;
            FdtHeader.Write(blob, Structure + 8, FdtToken.EndNode);
            for (var at = Structure + 12; at < child; at += 4)
            {
                FdtHeader.Write(blob, at, FdtToken.Nop);
            }

            FdtHeader.Write(blob, Structure + new FdtHeader(Sound).StructureSize - 8, FdtToken.Nop);
        }),
        Is.EqualTo(FdtError.MalformedTree));

    [Test]
    public void NamesReservationsWithoutEnd() =>
        Assert.That(Open(blob => blob.AsSpan(new FdtHeader(Sound).Reservations).Fill(0xff)), Is.EqualTo(FdtError.UnterminatedReservations));

    [TestCase(31, FdtError.None)]
    [TestCase(32, FdtError.TooDeep)]
    public void LimitsTheDepth(int depth, FdtError expected)
    {
        var source = "/dts-v1/; / {" + string.Concat(Enumerable.Repeat("n {", depth)) + string.Concat(Enumerable.Repeat("};", depth)) + "};";
        using var buffer = new GuardedBuffer(Tools.Compile(source));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out _), Is.EqualTo(expected));
    }

    [Test]
    public void NamesAHeaderCutShort()
    {
        using var buffer = new GuardedBuffer(Sound.AsSpan(0, 39));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out _), Is.EqualTo(FdtError.NoHeader));
        Assert.That(FdtReader.Open(null, 0, out _), Is.EqualTo(FdtError.NoHeader));
    }

    [Test]
    public void HasATextForEveryError()
    {
        var texts = Enum.GetValues<FdtError>().Select(error => System.Text.Encoding.ASCII.GetString(FdtErrorText.Of(error))).ToList();
        Assert.That(texts, Is.Unique);
        Assert.That(texts, Has.None.EqualTo("unknown error"));
    }

    private static FdtError Open(Action<byte[]> bend)
    {
        var blob = (byte[])Sound.Clone();
        bend(blob);
        using var buffer = new GuardedBuffer(blob);
        return FdtReader.Open(buffer.Pointer, buffer.Length, out _);
    }

    private static class FdtToken
    {
        public const int EndNode = 2;
        public const int Nop = 4;
    }
}
