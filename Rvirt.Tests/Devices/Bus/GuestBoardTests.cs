using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Plic;
using Rvirt.Testing.Devices;
using Rvirt.Tests.Core.DeviceTree;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Devices.Bus;

/// <summary>The table of a guest's machine: the bus, the device tree and the documentation say the same of it. What they say is read with dtc and by hand.</summary>
public unsafe class GuestBoardTests
{
    private const ulong Step = 4096;

    // Every number is another one than the standard's.
    private static GuestBoard MadeUp()
    {
        var board = new GuestBoard { MemoryBase = 0x8000_0000, PlicSources = 60, UartClockFrequency = 1_843_200 };
        board[GuestDeviceKind.Plic] = new GuestWindow(0x2000_0000, 0x600000);
        board[GuestDeviceKind.TestDevice] = new GuestWindow(0x3000_2000, 0x1000);
        board[GuestDeviceKind.Clock] = new GuestWindow(0x3000_0000, 0x1000, interrupt: 33);
        board[GuestDeviceKind.Uart] = new GuestWindow(0x1_4000_0000, 0x100, interrupt: 40);
        board[GuestDeviceKind.Virtio] = new GuestWindow(0x5000_0000, 0x1000, interrupt: 50, count: 3);
        return board;
    }

    private static IEnumerable<TestCaseData> Boards()
    {
        yield return new TestCaseData(GuestBoard.Standard).SetArgDisplayNames("standard");
        yield return new TestCaseData(MadeUp()).SetArgDisplayNames("made up");
        var few = MadeUp();
        few.Remove(GuestDeviceKind.Uart);
        few.Remove(GuestDeviceKind.TestDevice);
        few.Remove(GuestDeviceKind.Virtio);
        yield return new TestCaseData(few).SetArgDisplayNames("few devices");
    }

    private static List<(string Name, ulong Base, ulong Size)> Nodes(in GuestBoard board)
    {
        var machine = GuestDeviceTreeTests.Describe(1) with { Board = board };
        var text = Tools.Decompile(GuestDeviceTreeTests.Generate(machine));
        var soc = text[text.IndexOf("\tsoc {", StringComparison.Ordinal)..];
        return [.. Regex.Matches(soc, @"(\w+)@([0-9a-f]+) \{[^}]*?\breg = <0x([0-9a-f]+) 0x([0-9a-f]+) 0x([0-9a-f]+) 0x([0-9a-f]+)>").Select(node =>
        {
            var cells = node.Groups.Values.Skip(3).Select(cell => ulong.Parse(cell.Value, NumberStyles.HexNumber)).ToArray();
            var start = (cells[0] << 32) | cells[1];
            Assert.That(node.Groups[2].Value, Is.EqualTo(start.ToString("x")), "the name says where it is");
            return (node.Groups[1].Value, start, (cells[2] << 32) | cells[3]);
        })];
    }

    [TestCaseSource(nameof(Boards))]
    public void WhatTheTreeNamesAnswersAndNothingElseDoes(GuestBoard board)
    {
        using var guest = new TestGuest(board: board);
        var host = guest.Machine.Host;
        var nodes = Nodes(guest.Bus->Board);
        Assert.That(nodes, Has.Count.EqualTo(Enum.GetValues<GuestDeviceKind>().Sum(kind => board[kind].Count)), "each device is a node");
        foreach (var (name, start, _) in nodes)
        {
            Assert.That(guest.Bus->Read(ref host, 0, start, 4, out _).Answered, $"{name}@{start:x}");
        }

        var edges = nodes.SelectMany(node => new[] { node.Base - 4, node.Base + node.Size, node.Base + node.Size + Step })
            .Concat(Enum.GetValues<GuestDeviceKind>().SelectMany(kind => new[] { GuestBoard.Standard[kind].Base, MadeUp()[kind].Base }))
            .Concat(Enumerable.Range(0, 64).Select(bit => 1UL << bit)).Append(0UL).Append(ulong.MaxValue - 3);
        foreach (var address in edges.Where(address => nodes.All(node => address - node.Base >= node.Size)))
        {
            Assert.That(guest.Bus->TryReadQuick(address, 4, out _), Is.False, $"quick {address:x}");
            Assert.That(guest.Bus->Read(ref host, 0, address, 4, out _).Answered, Is.False, $"read {address:x}");
            Assert.That(guest.Bus->Write(ref host, 0, address, 4, 0x5555).Answered, Is.False, $"write {address:x}");
        }
    }

    [Test]
    public void EachDeviceIsBehindItsOwnNode()
    {
        using var guest = new TestGuest(board: MadeUp());
        var host = guest.Machine.Host;
        var nodes = Nodes(guest.Bus->Board).ToLookup(node => node.Name, node => node.Base);
        guest.Write(nodes["serial"].Single(), 'x', 1);
        Assert.That(guest.Output, Is.EqualTo("x"));
        Assert.That(guest.Write(nodes["test"].Single(), 0x5555).Event, Is.EqualTo(GuestEvent.Shutdown));
        Assert.That(guest.Read(nodes["rtc"].Single()), Is.EqualTo((uint)guest.Machine.Clock));
        Assert.That(nodes["virtio_mmio"], Has.Exactly(3).Items);
        Assert.That(nodes["virtio_mmio"].Select(slot => guest.Read(slot)), Is.All.EqualTo(0x7472_6976));
        Assert.That(nodes["virtio_mmio"].Select(slot => guest.Read(slot + 8) != 0), Is.EqualTo([true, false, false]));
        guest.Write(nodes["plic"].Single() + 160, 1);
        Assert.That(guest.Read(nodes["plic"].Single() + 160), Is.EqualTo(1));
    }

    [TestCase(GuestDeviceKind.Clock, "rtc")]
    [TestCase(GuestDeviceKind.Uart, "serial")]
    [TestCase(GuestDeviceKind.Virtio, "virtio_mmio")]
    public void ADeviceWithoutAnInterruptNamesAndRaisesNone(GuestDeviceKind kind, string name)
    {
        var row = MadeUp()[kind];
        using var guest = new TestGuest(board: With(kind, new GuestWindow(row.Base, row.Size, interrupt: 0, row.Count)));
        var text = Tools.Decompile(GuestDeviceTreeTests.Generate(GuestDeviceTreeTests.Describe(1) with { Board = guest.Bus->Board }));
        var nodes = Regex.Matches(text, $@"{name}@[0-9a-f]+ \{{[^}}]*");
        Assert.That(nodes, Has.Count.EqualTo(row.Count));
        Assert.That(nodes.Select(node => node.Value), Has.None.Contain("interrupt"));
        Assert.That(Enumerable.Range(0, row.Count).Select(guest.Bus->Board[kind].InterruptOf), Is.All.Zero);
    }

    // The source in the tree is the one that the PLIC gives the driver.
    [Test]
    public void TheInterruptOfANodeIsTheOneItRaises()
    {
        using var guest = new TestGuest(board: MadeUp());
        var text = Tools.Decompile(GuestDeviceTreeTests.Generate(GuestDeviceTreeTests.Describe(1) with { Board = guest.Bus->Board }));
        var source = Convert.ToUInt32(Regex.Match(text, @"serial@[^}]*?interrupts = <0x([0-9a-f]+)>").Groups[1].Value, 16);
        var plic = Nodes(guest.Bus->Board).Single(node => node.Name == "plic").Base;
        guest.Write(plic + (4 * source), 1);
        guest.Write(plic + 0x2080 + (4 * (source / 32)), 1u << (int)(source % 32));
        guest.Write(0x1_4000_0001, 2, 1);
        Assert.That(guest.Read(plic + 0x20_1004), Is.EqualTo(source));
        Assert.That(text, Does.Contain("stdout-path = \"/soc/serial@140000000\""));
    }

    [Test]
    public void TheDocumentationHasTheTable()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Top, "docs", "guests.md"));
        var table = page[page.IndexOf("\n| | address | interrupt |", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n\n", StringComparison.Ordinal)];
        var rows = Regex.Matches(table, @"^\| (?<what>[^|]+) \| (?<at>0x[0-9a-f]{8})(?<further>[^|]*) \| (?<source>[^|]*)\|$", RegexOptions.Multiline)
            .ToDictionary(row => row.Groups["what"].Value.Split(' ', ':', ',')[0], row => row);
        var board = GuestBoard.Standard;
        (string Row, ulong Base, string Further, string Source)[] expected =
        [
            ("RAM", board.MemoryBase, "", ""),
            .. Enum.GetValues<GuestDeviceKind>().Where(board.Has).Select(kind => board[kind] is var window && window.Count > 1
                ? (Name(kind), window.Base, $", then each 0x{window.Size:x} further", $"{window.Interrupt} to {window.InterruptOf(window.Count - 1)}")
                : (Name(kind), window.Base, "", window.Interrupt == 0 ? "" : $"{window.Interrupt}")),
        ];
        Assert.That(rows.Keys, Is.EquivalentTo(expected.Select(row => row.Row)));
        foreach (var (name, start, further, source) in expected)
        {
            var row = rows[name];
            Assert.That(
                (row.Groups["at"].Value, row.Groups["further"].Value, row.Groups["source"].Value.Trim()), Is.EqualTo(($"0x{start:x8}", further, source)), name);
        }

        Assert.That(table, Does.Contain($"virtio-mmio slots 0 to {board[GuestDeviceKind.Virtio].Count - 1}"));
    }

    private static string Name(GuestDeviceKind kind) => kind switch
    {
        GuestDeviceKind.Plic => "PLIC",
        GuestDeviceKind.TestDevice => "test",
        GuestDeviceKind.Clock => "Goldfish",
        GuestDeviceKind.Uart => "16550A",
        GuestDeviceKind.Virtio => "virtio-mmio",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static GuestBoard With(GuestDeviceKind kind, GuestWindow window)
    {
        var board = MadeUp();
        board[kind] = window;
        return board;
    }

    private static IEnumerable<TestCaseData> Unsound()
    {
        yield return new TestCaseData(With(GuestDeviceKind.Clock, new GuestWindow(0x3000_2000, 0x1000, 33))).SetArgDisplayNames("two devices at one address");
        yield return new TestCaseData(With(GuestDeviceKind.Clock, new GuestWindow(0x3000_1ffc, 0x1000, 33))).SetArgDisplayNames("an end in another device");
        yield return new TestCaseData(With(GuestDeviceKind.Clock, new GuestWindow(0x3000_0000, 0x1000, 51))).SetArgDisplayNames("an interrupt of two");
        yield return new TestCaseData(With(GuestDeviceKind.Clock, new GuestWindow(0x3000_0000, 0x1000, 61))).SetArgDisplayNames("no such interrupt");
        yield return new TestCaseData(With(GuestDeviceKind.Clock, new GuestWindow(0x3000_0000, 0, 33))).SetArgDisplayNames("no bytes");
        yield return new TestCaseData(With(GuestDeviceKind.Clock, new GuestWindow(0x9000_0000, 0x1000, 33))).SetArgDisplayNames("in RAM");
        yield return new TestCaseData(With(GuestDeviceKind.Clock, new GuestWindow(0x7fff_f004, 0x1000, 33))).SetArgDisplayNames("into RAM");
        yield return new TestCaseData(With(GuestDeviceKind.Clock, new GuestWindow(0xffff_ffff_ffff_f004, 0x1000, 33))).SetArgDisplayNames("past the last address");
        yield return new TestCaseData(With(GuestDeviceKind.Uart, new GuestWindow(0x1_4000_0000, 0x100, 40, 2))).SetArgDisplayNames("two UARTs");
        yield return new TestCaseData(With(GuestDeviceKind.Virtio, new GuestWindow(0x5000_0000, 0x1000, 50, 9))).SetArgDisplayNames("nine slots");
        yield return new TestCaseData(With(GuestDeviceKind.Virtio, new GuestWindow(0x5000_0000, 0x1000, 50, -1))).SetArgDisplayNames("fewer than none");
        yield return new TestCaseData(With(GuestDeviceKind.Virtio, new GuestWindow(0x5000_0000, 0x2000, 50, 3))).SetArgDisplayNames("slots of another size");
        yield return new TestCaseData(With(GuestDeviceKind.Virtio, new GuestWindow(0x5000_0000, 0x1000, uint.MaxValue, 3))).SetArgDisplayNames("interrupts past the last number");
        yield return new TestCaseData(MadeUp() with { PlicSources = 96 }).SetArgDisplayNames("more sources than the PLIC has");
        yield return new TestCaseData(MadeUp() with { MemoryBase = 0xffff_ffff_4000_0000 }).SetArgDisplayNames("RAM past the last address");
    }

    [TestCaseSource(nameof(Unsound))]
    public void ABoardThatContradictsItselfIsSeen(GuestBoard board)
    {
        Assert.That(board.IsSound(0x1_0000_0000 - 0x2000_0000), Is.False);
        Assert.That(MadeUp().IsSound(0x8000_0000), "the board they were made from is sound");
    }

    [Test]
    public void NoBusIsMadeOfOne() =>
        Assert.That(() => new TestGuest(board: With(GuestDeviceKind.Clock, new GuestWindow(TestGuest.GuestRam, 0x1000, 33))), Throws.InvalidOperationException);

    [Test]
    public void ThePlicHasAsManySourcesAsABoardMayName()
    {
        var plic = default(VirtualPlic);
        plic.Reset(1);
        foreach (var (source, there) in new[] { (GuestBoard.MaximumSources, true), (GuestBoard.MaximumSources + 1, false) })
        {
            plic.TryWrite(4 * source, 7);
            plic.TryRead(4 * source, out var priority);
            Assert.That(priority != 0, Is.EqualTo(there), $"{source}");
        }
    }
}
