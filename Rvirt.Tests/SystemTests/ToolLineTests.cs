using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.SystemTests;

/// <summary><c>rvirt run</c> with a description of two guests, and <c>rvirt console</c>, <c>monitor</c> and <c>guests</c> beside it, as a person has them in several terminals.</summary>
[Category("System,Image")]
public sealed class ToolLineTests
{
    private readonly List<Terminal> _terminals = [];
    private TemporaryFolder _folder = null!;
    private string _blob = "";

    [SetUp]
    public void Pack()
    {
        _folder = new TemporaryFolder();
        var payload = BareProgram.Build(_folder, "talk-payload.S", 0x80200000);
        _blob = GuestMachine.PackBlob(_folder, [new GuestSpec("web", payload, null, "", 64 << 20, 1, []), new GuestSpec("db", payload, null, "", 32 << 20, 1, [])]);
    }

    [TearDown]
    public void End()
    {
        _terminals.ForEach(terminal => terminal.Dispose());
        _terminals.Clear();
        _folder.Dispose();
    }

    private string[] Words(params string[] words) =>
        ["-u", "RVIRT_SETTINGS", "-u", "NATIVE", "-u", "INITRD", $"XDG_RUNTIME_DIR={_folder.File("run")}", "dotnet", typeof(RunCommand).Assembly.Location, .. words];

    // The tool gives an answer twenty seconds; a busy host may need more.
    private (int Status, string Output) Tool(params string[] words)
    {
        (int Status, string Output) result = default;
        Patience.Until(
            () =>
            {
                result = Commands.Run("env", Words(words));
                return !result.Output.Contains(MonitorAnswer.None, StringComparison.Ordinal);
            },
            "an answer of the monitor");
        return result;
    }

    private Terminal Open(params string[] words)
    {
        var terminal = new Terminal(Words(words));
        _terminals.Add(terminal);
        return terminal;
    }

    private Terminal Boot()
    {
        Assert.That(Repository.Image(Firmware.Stub), Is.Not.Empty);
        var terminal = Open("run", _blob, "--guests", "2", "--ssh-port", $"{HostPorts.Free()}", "--firmware", "stub");
        Patience.Until(() => terminal.Shows("[web] ready\r\n") && terminal.Shows("[db] ready\r\n"), "both guests wait for input");
        return terminal;
    }

    [Test]
    public void PeopleAndScriptsDriveGuestsThroughOneLine()
    {
        var first = Boot();
        var (status, output) = Tool("monitor", "guests");
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Match(@"^  #  name .*\n  0  web +running .*\n  1  db +running .*\nrvirt: ok\n$"));
        (status, output) = Tool("monitor", "mem web 0x70000000");
        Assert.That((status, output), Is.EqualTo((1, "rvirt: error: 0x70000000: no RAM of the guest\n")));
        (status, output) = Tool("monitor", "focus", "nobody");
        Assert.That((status, output), Is.EqualTo((1, "rvirt: error: nobody: no guest of that name or number\n")));

        (status, output) = Tool("guests");
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Match(@"\n +web +running .*\n +db +running ").And.Match(@"\n +traps/s +web +db ").And.Match(@"\n +mmio +\d+ +\d+ ").And.Not.Contain("\u001b"));
        Patience.Until(() => Tool("[suggest:14]", "rvirt console ").Output.Split('\n') is var names && names.Contains("web") && names.Contains("db"), "guests complete too");

        var picture = _folder.File("traps.svg");
        (status, output) = Tool("trace", picture);
        Assert.That(status, Is.Zero, output);
        Assert.That(File.ReadAllText(picture), Does.Contain("<title>all: "));

        var events = _folder.File("traps.json");
        (status, output) = Tool("trace", events);
        Assert.That(status, Is.Zero, output);
        CheckEvents(events);
        (status, output) = Tool("guests", "--count", "2", "--every", "1");
        Assert.That(status, Is.Zero, output);
        Assert.That(Regex.Matches(output, @"\n +web +running "), Has.Count.EqualTo(2), output);

        // A second terminal moves the focus, and both see and type on.
        var second = Open("console", "db");
        first.Expect("--- db (last 0 bytes, 0 lost) ---\r\n");
        second.Expect("--- db (last 0 bytes, 0 lost) ---\r\n");
        second.Type("one\r");
        first.Expect("<one>\r\n");
        second.Expect("<one>\r\n");
        first.Type("two\r");
        second.Expect("<two>\r\n");
        second.Type("\u0001x");
        Assert.That(second.Status, Is.Zero);

        // Where the console's key is another one, whoever asked for that, and the others, go on with it.
        Assert.That(Tool("monitor", "escape", "^T"), Is.EqualTo((0, "rvirt: ok\n")));
        Assert.That(Tool("monitor", "escape"), Is.EqualTo((0, "  Ctrl-T\nrvirt: ok\n")));
        (status, output) = Tool("monitor", "escape", "none");
        Assert.That((status, output), Is.EqualTo((1, "rvirt: error: without an escape nobody would reach the monitor over this line again\n")));
        Assert.That(Tool("monitor", "!shutdown"), Is.EqualTo((0, "rvirt: ok\n")), "what ends the machine is answered");
        Assert.That(first.Status, Is.Zero, "as the machine ends");
    }

    // What Perfetto takes: an instant for each trap, on the track of its hart, which has a name; and of a track, one behind the other.
    private static void CheckEvents(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var events = json.RootElement.GetProperty("traceEvents").EnumerateArray().ToLookup(one => one.GetProperty("ph").GetString());
        Assert.That(events.Select(kind => kind.Key), Is.EquivalentTo(["M", "i"]));
        var named = events["M"].Where(one => one.GetProperty("name").GetString() is "thread_name").Select(Track).ToList();
        Assert.That(named, Is.Unique);
        foreach (var track in events["i"].GroupBy(Track))
        {
            Assert.That(named, Does.Contain(track.Key));
            Assert.That(track.Select(one => one.GetProperty("ts").GetDouble()), Is.Ordered.And.All.GreaterThanOrEqualTo(0));
            Assert.That(track.Select(one => one.GetProperty("name").GetString()), Has.None.Empty);
        }

        static (int Process, int Thread) Track(JsonElement one) => (one.GetProperty("pid").GetInt32(), one.GetProperty("tid").GetInt32());
    }

    // A terminal as a person has it, with a line discipline: script(1) stands between it and the test.
    private Terminal OpenAtTerminal(string before, string[] words, string after)
    {
        static string Quote(string word) => $"'{word}'";
        var terminal = new Terminal(["script", "-qefc", $"{before}; env {string.Join(' ', Words(words).Select(Quote))}; status=$?; {after}; exit $status", "/dev/null"]);
        _terminals.Add(terminal);
        return terminal;
    }

    [Test]
    public void AtATerminalEachKeyGoesWhereItShould()
    {
        Assert.That(Repository.Image(Firmware.Stub), Is.Not.Empty);
        var (before, after) = (_folder.File("before"), _folder.File("after"));
        var first = OpenAtTerminal($"stty -a >{before}", ["run", _blob, "--guests", "2", "--ssh-port", $"{HostPorts.Free()}", "--firmware", "stub"], $"stty -a >{after}");
        Patience.Until(() => first.Shows("[web] ready") && first.Shows("[db] ready"), "both guests wait for input");
        first.Type("\u001d0");
        first.Expect("--- web (last ");
        // Neither a line's end nor Ctrl-C, Ctrl-D, Ctrl-Z or Backspace are the terminal's.
        first.Type("a\u0003b\u0004c\u001ad\u007fe\r");
        first.Expect("<a\u0003b\u0004c\u001ad\u007fe>");
        first.Type("\u001dm");
        first.Expect("rvirt> ");
        first.Type("guests\r");
        first.Expect("rvirt: ok");
        first.Type("\u001d1");
        first.Expect("--- db (last ");

        var second = OpenAtTerminal($"stty -a >{before}2", ["console"], $"stty -a >{after}2");
        Patience.Until(
            () =>
            {
                second.Type("\u001d0");
                return second.Shows("--- web (last ");
            },
            "it has joined");
        second.Type("\u0003\u0004\r");
        second.Expect("<\u0003\u0004>");
        second.Type("\u0001x");
        Assert.That(second.Status, Is.Zero);
        Assert.That(File.ReadAllText($"{after}2"), Is.EqualTo(File.ReadAllText($"{before}2")));

        first.Type("\u0001x");
        Assert.That(first.Status, Is.Zero);
        Assert.That(File.ReadAllText(after), Is.EqualTo(File.ReadAllText(before)), "the terminal is as it was");
    }

    [Test]
    public void QEMUsOwnKeysEndIt() => EndsBy(terminal => terminal.Type("\u0001x"), 0);

    [Test]
    public void ASignalEndsQEMUToo() => EndsBy(terminal => Commands.Run("kill", ["-TERM", $"{terminal.Process.Id}"]), 0);

    [Test]
    public void QEMUDoesNotOutliveItsTerminal() => EndsBy(terminal => Commands.Run("kill", ["-KILL", $"{terminal.Process.Id}"]), 128 + 9);

    private void EndsBy(Action<Terminal> end, int status)
    {
        var terminal = Boot();
        var qemu = File.ReadAllText($"/proc/{terminal.Process.Id}/task/{terminal.Process.Id}/children").Trim();
        Assert.That(File.ReadAllText($"/proc/{qemu}/cmdline"), Does.StartWith("qemu-system-riscv64\0").And.Contain(_blob));
        end(terminal);
        Assert.That(terminal.Status, Is.EqualTo(status));
        Patience.Until(() => !Path.Exists($"/proc/{qemu}"), "QEMU has ended");
    }
}
