using System;
using System.Collections.Generic;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.DeviceTree;

internal sealed unsafe class FdtReaderTests
{
    private const string Source = """
        /dts-v1/;
        /memreserve/ 0x80000000 0x40000;
        /memreserve/ 0x123456789a 0x1000;
        / {
            #address-cells = <2>;
            #size-cells = <2>;
            compatible = "board,one", "board,family";
            empty;
            aliases { serial0 = "/soc/serial@10000000"; };
            cpus {
                #address-cells = <1>;
                #size-cells = <0>;
                cpu@7 { reg = <7>; status = "disabled"; };
                cpu@8 { reg = <8>; status = "okay"; };
            };
            soc {
                #address-cells = <2>;
                #size-cells = <1>;
                serial@10000000 {
                    compatible = "ns16550a";
                    reg = <0x1 0x10000000 0x100>, <0x2 0x20000000 0x200>;
                    clock = <0x384000>;
                    big = /bits/ 64 <0x123456789abcdef0>;
                    bytes = [de ad be ef 01];
                    child { name-of-nothing = "x"; };
                };
                serial@20000000 { compatible = "other", "ns16550a"; };
            };
            deflt { thing@1 { reg = <0 1 2>; }; };
        };
        """;

    private GuardedBuffer _buffer = null!;
    private FdtReader _tree;

    [OneTimeSetUp]
    public void Open()
    {
        _buffer = new GuardedBuffer(Tools.Compile(Source));
        Assert.That(FdtReader.Open(_buffer.Pointer, _buffer.Length, out _tree), Is.EqualTo(FdtError.None));
    }

    [OneTimeTearDown]
    public void Close() => _buffer.Dispose();

    [Test]
    public void WalksEveryNodeParentsFirst()
    {
        var names = new List<string>();
        foreach (var node in _tree.Descendants(_tree.Root))
        {
            names.Add($"{node.Depth}:{Encoding.ASCII.GetString(_tree.Name(node))}");
        }

        Assert.That(names, Is.EqualTo([
            "1:aliases", "1:cpus", "2:cpu@7", "2:cpu@8", "1:soc", "2:serial@10000000", "3:child", "2:serial@20000000", "1:deflt", "2:thing@1",
        ]));
    }

    [Test]
    public void WalksOnlyTheChildrenOfANode()
    {
        Assert.That(_tree.TryFind("/soc"u8, out var soc));
        var names = new List<string>();
        foreach (var node in _tree.Children(soc))
        {
            names.Add(Encoding.ASCII.GetString(_tree.Name(node)));
        }

        Assert.That(names, Is.EqualTo(["serial@10000000", "serial@20000000"]));
    }

    [Test]
    public void ListsPropertiesInOrder()
    {
        var names = new List<string>();
        foreach (var property in _tree.Properties(_tree.Root))
        {
            names.Add($"{Encoding.ASCII.GetString(property.Name)}:{property.Length}");
        }

        Assert.That(names, Is.EqualTo(["#address-cells:4", "#size-cells:4", "compatible:23", "empty:0"]));
    }

    [Test]
    public void ReadsNumbersStringsAndBytes()
    {
        Assert.That(_tree.TryFind("/soc/serial@10000000"u8, out var serial));
        Assert.That(_tree.TryUInt32(serial, "clock"u8, out var clock));
        Assert.That(clock, Is.EqualTo(0x384000));
        Assert.That(_tree.TryUInt64(serial, "clock"u8, out var wide));
        Assert.That(wide, Is.EqualTo(0x384000));
        Assert.That(_tree.TryUInt64(serial, "big"u8, out wide));
        Assert.That(wide, Is.EqualTo(0x123456789abcdef0));
        Assert.That(_tree.TryUInt32(serial, "big"u8, out _), Is.False);
        Assert.That(_tree.TryProperty(serial, "bytes"u8, out var bytes));
        Assert.That(bytes.Bytes.ToArray(), Is.EqualTo(new byte[] { 0xde, 0xad, 0xbe, 0xef, 1 }));
        Assert.That(bytes.CellCount, Is.EqualTo(1));
        Assert.That(bytes.TryString(out _), Is.False);
        Assert.That(_tree.TryProperty(serial, "compatible"u8, out var compatible));
        Assert.That(compatible.TryString(out var text));
        Assert.That(text.SequenceEqual("ns16550a"u8));
        Assert.That(_tree.TryProperty(_tree.Root, "compatible"u8, out compatible));
        Assert.That(compatible.TryString(out _), Is.False, "two strings are no string");
        Assert.That(compatible.HasString("board,family"u8));
        Assert.That(compatible.HasString("board"u8), Is.False);
        Assert.That(_tree.TryProperty(_tree.Root, "empty"u8, out var empty));
        Assert.That(empty.TryString(out _), Is.False);
    }

    [Test]
    public void ReadsRegByTheParentsCells()
    {
        Assert.That(_tree.TryFind("/soc/serial@10000000"u8, out var serial));
        Assert.That(_tree.TryReg(serial, 0, out var address, out var size));
        Assert.That((address, size), Is.EqualTo((0x110000000UL, 0x100UL)));
        Assert.That(_tree.TryReg(serial, 1, out address, out size));
        Assert.That((address, size), Is.EqualTo((0x220000000UL, 0x200UL)));
        Assert.That(_tree.TryReg(serial, 2, out _, out _), Is.False);
        Assert.That(_tree.TryReg(serial, -1, out _, out _), Is.False);
        Assert.That(_tree.TryFind("/cpus/cpu@8"u8, out var cpu));
        Assert.That(_tree.TryReg(cpu, 0, out address, out size));
        Assert.That((address, size), Is.EqualTo((8UL, 0UL)));
        Assert.That(_tree.TryFind("/deflt/thing@1"u8, out var thing));
        Assert.That(_tree.TryReg(thing, 0, out address, out size), "a parent without cells has 2 and 1");
        Assert.That((address, size), Is.EqualTo((1UL, 2UL)));
    }

    [Test]
    public void FindsByPathAliasAndCompatible()
    {
        Assert.That(_tree.TryFind("serial0"u8, out var serial));
        Assert.That(_tree.Name(serial).SequenceEqual("serial@10000000"u8));
        Assert.That(_tree.TryFind("serial0/child"u8, out var child));
        Assert.That(_tree.Name(child).SequenceEqual("child"u8));
        Assert.That(_tree.TryFind("/soc/serial"u8, out serial), "the unit address may be left out");
        Assert.That(_tree.Name(serial).SequenceEqual("serial@10000000"u8));
        Assert.That(_tree.TryFind("/"u8, out var root));
        Assert.That(root.Depth, Is.Zero);
        Assert.That(_tree.TryFind("/soc/seria"u8, out _), Is.False);
        Assert.That(_tree.TryFind("/soc/child"u8, out _), Is.False);
        Assert.That(_tree.TryFind("nothing"u8, out _), Is.False);
        Assert.That(_tree.TryFind(""u8, out _), Is.False);
        Assert.That(_tree.TryFind("/soc/serial@20000000"u8, out var other));
        Assert.That(_tree.IsCompatible(other, "other"u8));
        Assert.That(_tree.IsCompatible(serial, "other"u8), Is.False);
        Assert.That(_tree.IsCompatible(other, "othe"u8), Is.False);
    }

    [Test]
    public void ReadsStatusAndReservations()
    {
        Assert.That(_tree.TryFind("/cpus/cpu@7"u8, out var cpu));
        Assert.That(_tree.IsEnabled(cpu), Is.False);
        Assert.That(_tree.TryFind("/cpus/cpu@8"u8, out cpu));
        Assert.That(_tree.IsEnabled(cpu));
        Assert.That(_tree.TryReservation(1, out var address, out var size));
        Assert.That((address, size), Is.EqualTo((0x123456789aUL, 0x1000UL)));
        Assert.That(_tree.TryReservation(2, out _, out _), Is.False);
    }

    [Test]
    public void PassesOverNops()
    {
        // A node and a property become NOPs, the way libfdt deletes in place.
        var blob = Tools.Compile("/dts-v1/; / { a = <1>; b = <2>; gone { c = <3>; }; kept { d = <4>; }; };");
        Patch(blob, "gone", 0);
        Nop(blob, 1, 16);
        using var buffer = new GuardedBuffer(blob);
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.TryUInt32(tree.Root, "a"u8, out _), Is.False);
        Assert.That(tree.TryUInt32(tree.Root, "b"u8, out var b));
        Assert.That(b, Is.EqualTo(2));
        Assert.That(tree.TryFind("/gone"u8, out _), Is.False);
        Assert.That(tree.TryFind("/kept"u8, out var kept));
        Assert.That(tree.TryUInt32(kept, "d"u8, out var d));
        Assert.That(d, Is.EqualTo(4));

        static void Patch(byte[] blob, string name, int extra)
        {
            var at = blob.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name)) - 4;
            // BEGIN_NODE, name (8 bytes with padding), a property of one cell (16 bytes), END_NODE.
            for (var i = at; i < at + 4 + 8 + 16 + 4 + extra; i += 4)
            {
                new byte[] { 0, 0, 0, 4 }.CopyTo(blob, i);
            }
        }

        static void Nop(byte[] blob, int property, int length)
        {
            var at = BitConverter.ToInt32([blob[11], blob[10], blob[9], blob[8]]) + 8 + ((property - 1) * length);
            for (var i = at; i < at + length; i += 4)
            {
                new byte[] { 0, 0, 0, 4 }.CopyTo(blob, i);
            }
        }
    }

    [Test]
    public void PassesOverHugeValuesWithoutReadingThem()
    {
        const int Huge = 1 << 30;
        using var buffer = new GuardedBuffer(Huge + 4096L);
        var small = Tools.Compile("/dts-v1/; / { g@0 { kernel = \"\"; }; g@1 { label = \"z\"; }; };");
        small.CopyTo(buffer.Span);
        var header = new FdtHeader(small);

        // Stretch the first value: what follows it moves to the end of the buffer.
        var value = small.AsSpan().IndexOf("g@0\0"u8) + 4 + 12;
        small.AsSpan(value + 4).CopyTo(buffer.Span[(value + Huge)..]);
        FdtHeader.Write(buffer.Span, value - 8, Huge);
        FdtHeader.Write(buffer.Span, 4, small.Length + Huge - 4);
        FdtHeader.Write(buffer.Span, 12, header.Strings + Huge - 4);
        FdtHeader.Write(buffer.Span, 36, header.StructureSize + Huge - 4);

        // Nobody reads the value to walk past it: a byte of it would end the test run.
        buffer.Forbid(1 << 20, Huge - (2 << 20));
        Assert.That(FdtReader.Open(buffer.Pointer, buffer.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.TryFind("/g@0"u8, out var first));
        Assert.That(tree.TryProperty(first, "kernel"u8, out var kernel));
        Assert.That(kernel.Length, Is.EqualTo(Huge));
        Assert.That(tree.TryFind("/g@1"u8, out var second));
        Assert.That(tree.TryProperty(second, "label"u8, out var label) && label.HasString("z"u8));
    }
}
