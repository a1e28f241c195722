using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Xml.Linq;
using Moq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Files;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.Tool;

/// <summary><c>rvirt trace</c>, on a monitor that answers as docs/monitor.md shows.</summary>
public sealed class TraceCommandTests
{
    private const string Cores = "  #  hart id  runs                    state          loads\r\n  0  0        -                       idle               0\r\n  1  7        web.0                   busy               3\r\nrvirt: ok\r\n";

    private const string Traps =
        "  time 5009980 pc 0xffffffff80a69824 illegal instruction value 0x10025073\r\n"
        + "  time 5009990 pc 0xffffffff80a69825 scause 0xa value 0x7\r\n"
        + "  time 5010010 pc 0xffffffff80a69824 illegal instruction value 0x12345\r\n"
        + "  time 5010020 pc 0xffffffff80a69828 timer interrupt\r\nrvirt: ok\r\n";

    private readonly List<string> _asked = [];

    private string Answer(string command)
    {
        lock (_asked)
        {
            _asked.Add(command);
        }

        return command.TrimStart('!') switch { "cores" => Cores, "trace 1 255" => Traps, "trace 0 255" => "rvirt: ok\r\n", _ => "rvirt: ok\r\n" };
    }

    private string Take(TemporaryFolder folder, string name, uint timebase = 10_000_000, Func<string, string>? answer = null)
    {
        _asked.Clear();
        var serial = folder.File("serial");
        using var machine = new SocketMachine(serial, answer ?? Answer);
        using var says = new StringWriter();
        var status = TraceCommand.Run(
            new LineChoice.Chosen(serial, null, 0, 0x1d), new Lines(Mock.Of<IPrograms>()), folder.File(name), timebase, () => _asked.Add("waits"), says);
        Assert.That((status, says.ToString().Trim()), Is.EqualTo((0, $"{folder.File(name)}: 4 traps")));
        return File.ReadAllText(folder.File(name));
    }

    [Test]
    public void ATraceHasEachTrapAtItsTimeOnItsHart()
    {
        using var folder = new TemporaryFolder();
        using var trace = JsonDocument.Parse(Take(folder, "traps.json"));
        var events = trace.RootElement.GetProperty("traceEvents").EnumerateArray().ToArray();
        var instants = events.Where(one => one.GetProperty("ph").GetString() == "i").Select(one => (
            one.GetProperty("name").GetString(), one.GetProperty("ts").GetDouble(), one.GetProperty("tid").GetInt32(), one.GetProperty("args").GetProperty("pc").GetString(),
            one.GetProperty("args").TryGetProperty("value", out var value) ? value.GetString() : null));
        (string?, double, int, string?, string?)[] expected =
        [
            ("illegal instruction", 0.0, 1, "0xffffffff80a69824", "0x10025073"), ("scause 0xa", 1.0, 1, "0xffffffff80a69825", "0x7"),
            ("illegal instruction", 3.0, 1, "0xffffffff80a69824", "0x12345"), ("timer interrupt", 4.0, 1, "0xffffffff80a69828", null),
        ];
        Assert.That(instants, Is.EqualTo(expected));
        Assert.That(events.Single(one => one.GetProperty("ph").GetString() == "M").GetProperty("args").GetProperty("name").GetString(), Is.EqualTo("hart 1"));
        Assert.That(_asked.Select(line => line.TrimStart('!')), Is.EqualTo(["cores", "trace on", "waits", "trace 0 255", "trace 1 255", "trace off"]));
    }

    [Test]
    public void ASlowerTimebaseStretchesIt()
    {
        using var folder = new TemporaryFolder();
        using var trace = JsonDocument.Parse(Take(folder, "traps.json", 1_000_000));
        Assert.That(trace.RootElement.GetProperty("traceEvents").EnumerateArray().Last().GetProperty("ts").GetDouble(), Is.EqualTo(40.0));
    }

    [Test]
    public void APictureHasCausesAndPlacesAsWideAsTheyAreFrequent()
    {
        using var folder = new TemporaryFolder();
        var boxes = XDocument.Parse(Take(folder, "traps.svg")).Root!.Elements().Select(group => (
            Title: group.Elements().First().Value, Width: (double)group.Elements().ElementAt(1).Attribute("width")!, X: (double)group.Elements().ElementAt(1).Attribute("x")!, Y: (double)group.Elements().ElementAt(1).Attribute("y")!));
        (string, double, double, double)[] expected =
        [
            ("all: 4 of 4", 1200.0, 0.0, 40.0), ("illegal instruction: 2 of 4", 600.0, 0.0, 20.0), ("0xffffffff80a69824: 2 of 4", 600.0, 0.0, 0.0),
            ("scause 0xa: 1 of 4", 300.0, 600.0, 20.0), ("0xffffffff80a69825: 1 of 4", 300.0, 600.0, 0.0),
            ("timer interrupt: 1 of 4", 300.0, 900.0, 20.0), ("0xffffffff80a69828: 1 of 4", 300.0, 900.0, 0.0),
        ];
        Assert.That(boxes, Is.EqualTo(expected));
    }

    [Test]
    public void TracingEndsAndNoFileIsLeftWhereTheAnswerIsNoTrace()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => Take(folder, "traps.svg", answer: command => command.Contains(" 1 ", StringComparison.Ordinal) ? "  what\r\nrvirt: ok\r\n" : Answer(command)),
            Throws.TypeOf<FormatException>().With.Message.EqualTo("the monitor says what is no trap: what"));
        Assert.That(_asked[^1].TrimStart('!'), Is.EqualTo("trace off"));
        Assert.That(Directory.GetFiles(folder.File(""), "*traps*"), Is.Empty);
    }

    [TestCase("traps.txt", 1u, "the name ends in .json or .svg")]
    [TestCase("traps.json", 0u, "--timebase is 1 or more")]
    public void WhatCannotBeWrittenIsRefusedBeforeAnythingIsAsked(string file, uint timebase, string expected) => Assert.That(
        () => TraceCommand.Run(new LineChoice.Chosen(null, "/nowhere", 0, 0x1d), Mock.Of<ILines>(), file, timebase, () => { }, TextWriter.Null),
        Throws.TypeOf<FormatException>().With.Message.Contains(expected));
}
