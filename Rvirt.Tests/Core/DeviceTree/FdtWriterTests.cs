using System;
using System.Collections.Generic;
using System.Text;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.DeviceTree;

internal sealed unsafe class FdtWriterTests
{
    private sealed record Node(string Name, (string Name, byte[] Value)[] Properties, Node[] Children);

    private static readonly Gen<string> Names = Gen.String[Gen.Char["abcdefgh-,.#0123456789"], 1, 12];

    private static readonly Gen<Node> Trees = Gen.Recursive<Node>((depth, inner) => Gen.Select(
        Names,
        Gen.Select(Names, Gen.Byte.Array[0, 20]).Array[0, 5],
        depth > 4 ? Gen.Const(Array.Empty<Node>()) : inner.Array[0, 3],
        (name, properties, children) => new Node(name, properties, children)));

    [Test]
    public void WhatIsWrittenIsRead() => Trees.ForAll(
        root =>
        {
            root = root with { Name = "" };
            var buffer = new byte[65536];
            var writer = new FdtWriter(buffer);
            Write(ref writer, root);
            Assert.That(writer.Finish(out var length), Is.EqualTo(FdtWriteError.None));
            using var blob = new GuardedBuffer(buffer.AsSpan(0, length));
            Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
            Compare(tree, tree.Root, root);
        },
        iter: 300);

    [Test]
    public void EveryBufferThatIsTooSmallIsAnError()
    {
        var buffer = new byte[GuestDeviceTree.SuggestedBufferLength];
        Assert.That(GuestDeviceTree.Generate(GuestDeviceTreeTests.Describe(2), buffer, out var length), Is.EqualTo(FdtWriteError.None));
        for (var size = 0; size < length; size++)
        {
            using var small = new GuardedBuffer(size);
            Assert.That(GuestDeviceTree.Generate(GuestDeviceTreeTests.Describe(2), small.Span, out var written), Is.EqualTo(FdtWriteError.BufferTooSmall));
            Assert.That(written, Is.Zero);
        }

        using var exact = new GuardedBuffer(length);
        Assert.That(GuestDeviceTree.Generate(GuestDeviceTreeTests.Describe(2), exact.Span, out _), Is.EqualTo(FdtWriteError.None));
        Assert.That(exact.Span.SequenceEqual(buffer.AsSpan(0, length)));
    }

    [Test]
    public void CompilesToWhatDtcCompiles()
    {
        var buffer = new byte[4096];
        var writer = new FdtWriter(buffer);
        writer.BeginNode(""u8);
        writer.Property("flag"u8);
        writer.Property("cell"u8, 0x12345678u);
        writer.Property("wide"u8, 0x123456789abcdef0UL);
        writer.Property("cells"u8, [1u, 2u, 3u]);
        writer.Property("bytes"u8, [0xaa, 0xbb, 0xcc]);
        writer.StringProperty("text"u8, "hello"u8);
        writer.StringListProperty("list"u8, "one\0two"u8);
        writer.BeginNode("unit"u8, 0x1000fec0);
        writer.Property("cell"u8, 0u);
        writer.EndNode();
        writer.BeginNode("zero"u8, 0);
        writer.EndNode();
        writer.BeginNode("wide"u8, 0xfedcba9876543210);
        writer.EndNode();
        writer.EndNode();
        Assert.That(writer.Finish(out var length), Is.EqualTo(FdtWriteError.None));
        var expected = Tools.Compile("""
            /dts-v1/;
            / {
                flag; cell = <0x12345678>; wide = <0x12345678 0x9abcdef0>; cells = <1 2 3>; bytes = [aa bb cc];
                text = "hello"; list = "one", "two";
                unit@1000fec0 { cell = <0>; }; zero@0 { }; wide@fedcba9876543210 { };
            };
            """);
        var header = new FdtHeader(buffer);
        var other = new FdtHeader(expected);
        Assert.That(length, Is.EqualTo(other.Total));
        Assert.That(header.StringsSize, Is.EqualTo(other.StringsSize));
        Assert.That(header.StructureSize, Is.EqualTo(other.StructureSize));
    }

    [Test]
    public void NamesMisuse()
    {
        Assert.That(Error((ref FdtWriter _) => { }), Is.EqualTo(FdtWriteError.Unbalanced));
        Assert.That(Error((ref FdtWriter writer) => writer.BeginNode(""u8)), Is.EqualTo(FdtWriteError.Unbalanced));
        Assert.That(Error((ref FdtWriter writer) => writer.EndNode()), Is.EqualTo(FdtWriteError.Unbalanced));
        Assert.That(Error((ref FdtWriter writer) => writer.Property("a"u8)), Is.EqualTo(FdtWriteError.PropertyMisplaced));
        Assert.That(
            Error((ref FdtWriter writer) =>
            {
                writer.BeginNode(""u8);
                writer.BeginNode("child"u8);
                writer.EndNode();
                writer.Property("late"u8);
                writer.EndNode();
            }),
            Is.EqualTo(FdtWriteError.PropertyMisplaced));
        Assert.That(
            Error((ref FdtWriter writer) =>
            {
                writer.BeginNode(""u8);
                writer.StringProperty("text"u8, "a\0b"u8);
                writer.EndNode();
            }),
            Is.EqualTo(FdtWriteError.WrongName));
    }

    [Test]
    public void NamesMoreMisuse()
    {
        Assert.That(Error((ref FdtWriter writer) => { writer.BeginNode(""u8); writer.EndNode(); writer.EndNode(); }), Is.EqualTo(FdtWriteError.Unbalanced));
        Assert.That(Error((ref FdtWriter writer) => { writer.BeginNode(""u8); writer.EndNode(); writer.BeginNode(""u8); writer.EndNode(); }), Is.EqualTo(FdtWriteError.Unbalanced));
    }

    [TestCase(FdtReader.MaximumDepth + 1, FdtWriteError.None)]
    [TestCase(FdtReader.MaximumDepth + 2, FdtWriteError.Unbalanced)]
    public void WritesAsDeepAsTheReaderReads(int nodes, FdtWriteError expected) => Assert.That(
        Error((ref FdtWriter writer) =>
        {
            for (var i = 0; i < nodes; i++)
            {
                writer.BeginNode(i == 0 ? ""u8 : "n"u8);
            }

            for (var i = 0; i < nodes; i++)
            {
                writer.EndNode();
            }
        }),
        Is.EqualTo(expected));

    [TestCase(238, 'a', FdtWriteError.None)]
    [TestCase(239, 'a', FdtWriteError.WrongName)]
    [TestCase(2, '\0', FdtWriteError.WrongName)]
    public void RefusesNamesThatNoReaderTakes(int length, char letter, FdtWriteError expected)
    {
        var name = Encoding.ASCII.GetBytes(new string(letter, length));
        Assert.That(Error((ref FdtWriter writer) => { writer.BeginNode(""u8); writer.BeginNode(name); writer.EndNode(); writer.EndNode(); }), Is.EqualTo(expected));
        Assert.That(Error((ref FdtWriter writer) => { writer.BeginNode(""u8); writer.Property(name); writer.EndNode(); }), Is.EqualTo(expected));
        if (letter == '\0')
        {
            Assert.That(Error((ref FdtWriter writer) => { writer.BeginNode(""u8); writer.StringProperty("text"u8, name); writer.EndNode(); }), Is.EqualTo(expected));
        }
    }

    [Test]
    public void WritesIntoABufferThatIsNotClear()
    {
        var buffer = new byte[4096];
        buffer.AsSpan().Fill(0xff);
        var writer = new FdtWriter(buffer);
        writer.BeginNode(""u8);
        writer.Property("cells"u8, [1u, 2u, 3u]);
        writer.BeginNode("abcdef"u8);
        writer.StringProperty("text"u8, "x"u8);
        writer.EndNode();
        writer.EndNode();
        Assert.That(writer.Finish(out var length, 5), Is.EqualTo(FdtWriteError.None));
        using var blob = new GuardedBuffer(buffer.AsSpan(0, length));
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.TryReservation(0, out _, out _), Is.False);
        Assert.That(tree.TryProperty(tree.Root, "cells"u8, out var cells));
        Assert.That(cells.Bytes.ToArray(), Is.EqualTo(new byte[] { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3 }));
        Assert.That(tree.TryFind("/abcdef"u8, out var node) && tree.TryProperty(node, "text"u8, out var text) && text.HasString("x"u8));
        Assert.That(buffer[20..32], Is.EqualTo(new byte[] { 0, 0, 0, 17, 0, 0, 0, 16, 0, 0, 0, 5 }), "version, the oldest that reads it, boot hart");
    }

    private delegate void Use(ref FdtWriter writer);

    private static FdtWriteError Error(Use use)
    {
        var writer = new FdtWriter(new byte[4096]);
        use(ref writer);
        return writer.Finish(out _);
    }

    private static void Write(ref FdtWriter writer, Node node)
    {
        writer.BeginNode(Encoding.ASCII.GetBytes(node.Name));
        foreach (var (name, value) in node.Properties)
        {
            writer.Property(Encoding.ASCII.GetBytes(name), value);
        }

        foreach (var child in node.Children)
        {
            Write(ref writer, child);
        }

        writer.EndNode();
    }

    private static void Compare(in FdtReader tree, FdtNode node, Node expected)
    {
        Assert.That(Encoding.ASCII.GetString(tree.Name(node)), Is.EqualTo(expected.Name));
        var properties = new List<(string, byte[])>();
        foreach (var property in tree.Properties(node))
        {
            properties.Add((Encoding.ASCII.GetString(property.Name), property.Bytes.ToArray()));
        }

        Assert.That(properties, Is.EqualTo(expected.Properties));
        var children = 0;
        foreach (var child in tree.Children(node))
        {
            Compare(tree, child, expected.Children[children++]);
        }

        Assert.That(children, Is.EqualTo(expected.Children.Length));
    }
}
