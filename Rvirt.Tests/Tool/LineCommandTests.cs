using System;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using Moq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Files;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.Tool;

/// <summary>The commands that speak with a running machine over its line.</summary>
public sealed class LineCommandTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    [SetUp]
    public void Listen()
    {
        _output.GetStringBuilder().Clear();
        _errors.GetStringBuilder().Clear();
    }

    [TestCase("one\ntwo\nrvirt: ok\n", 0, "one\ntwo\nrvirt: ok\n", "")]
    [TestCase("rvirt: error: kill: no guest\n", 1, "", "rvirt: error: kill: no guest\n")]
    public void MonitorSaysTheAnswerAndEndsWithItsStatus(string answer, int status, string output, string errors)
    {
        var lines = new Mock<ILines>(MockBehavior.Strict);
        var stream = new Conversation(answer);
        lines.Setup(all => all.Join("/shared")).Returns(stream);
        Assert.That(MonitorCommand.Run(new LineChoice.Chosen(null, "/shared", 0, 0x1d), "kill web", lines.Object, _output, _errors), Is.EqualTo(status));
        Assert.That((_output.ToString(), _errors.ToString(), stream.Said), Is.EqualTo((output, errors, "monitor kill web\n")));
    }

    [Test]
    public void NobodyWhoSharesALineIsNamed()
    {
        var lines = new Mock<ILines>();
        Assert.That(
            () => MonitorCommand.Run(new LineChoice.Chosen(null, "/shared", 0, 0x1d), "guests", lines.Object, _output, _errors),
            Throws.InstanceOf<IOException>().With.Message.Contains("nobody shares a line at /shared: rvirt run does, and rvirt console --line PATH"));
    }

    [Test]
    public void ATerminalLineIsSetToItsSpeed()
    {
        using var folder = new TemporaryFolder();
        var device = folder.Write("tty", "from the machine"u8);
        var programs = new Mock<IPrograms>(MockBehavior.Strict);
        programs.Setup(all => all.Run("stty", "-F", device, "9600", "raw", "-echo", "clocal"));
        using var line = new Lines(programs.Object).Open(device, 9600);
        var buffer = new byte[4];
        line.ReadExactly(buffer);
        Assert.That(Encoding.ASCII.GetString(buffer), Is.EqualTo("from"));
        programs.VerifyAll();
        Assert.That(() => new Lines(programs.Object).Open(folder.File("none"), 9600), Throws.InstanceOf<IOException>().With.Message.Contains("is missing"));
    }

    [TestCase("^]", 0x1d)]
    [TestCase("^a", 1)]
    [TestCase("]", null)]
    [TestCase("^1", null)]
    public void TheEscapeIsNamedAsOnTheHostsCommandLine(string key, int? expected)
    {
        if (expected is { } value)
        {
            Assert.That(LineChoice.KeyOf(key), Is.EqualTo(value));
        }
        else
        {
            Assert.That(() => LineChoice.KeyOf(key), Throws.TypeOf<FormatException>().With.Message.Contains(key));
        }
    }

    /// <summary>A terminal on a machine's line, a second one, and a script, all over the socket that the first shares.</summary>
    [Test]
    public async Task PeopleAndScriptsShareALine()
    {
        using var folder = new TemporaryFolder();
        var serial = folder.File("serial");
        using var machine = new SocketMachine(serial, _ => "1 web\r\nrvirt: ok\r\n");
        using var first = new FakeTerminal();
        using var second = new FakeTerminal();
        var lines = new Lines(Mock.Of<IPrograms>());
        var shared = new LineChoice.Chosen(null, folder.File("shared"), 0, 0x1d);
        var one = Task.Run(() => ConsoleCommand.Run(shared with { Line = serial }, null, lines, first, TextWriter.Null));
        Patience.Until(() => Path.Exists(shared.Socket), "the line is shared");
        machine.Print("login: ");
        Patience.Until(() => first.Seen.EndsWith("login: ", StringComparison.Ordinal), "the first terminal sees it");
        var two = Task.Run(() => ConsoleCommand.Run(shared, "web", lines, second, TextWriter.Null));
        second.Type("x");
        Patience.Until(() => machine.Typed == "x", "the second types");
        machine.Print("hello");
        const string Seen = "login: \r\n--- web (last 7 bytes, 0 lost) ---\r\nlogin: hello";
        Patience.Until(() => second.Seen.EndsWith("hello", StringComparison.Ordinal), "the second terminal sees it");
        Assert.That(second.Seen, Is.EqualTo(Seen), "with what was there before");
        Assert.That(machine.Asked, Is.EqualTo("!focus web"));
        Assert.That(MonitorCommand.Run(shared, "guests", lines, _output, _errors), Is.Zero);
        Assert.That(_output.ToString(), Is.EqualTo("1 web\nrvirt: ok\n"));
        Assert.That(first.Seen, Is.EqualTo(Seen), "nobody sees another's questions");

        second.Type("\x01x");
        Assert.That(await two, Is.Zero);
        first.Type("\x01\x01y");
        Patience.Until(() => machine.Typed == "x\x01y", "Ctrl-A twice is one");
        first.Type("\x01x");
        Assert.That(await one, Is.Zero);
        Assert.That(Path.Exists(shared.Socket), Is.False);
    }

    [Test]
    public async Task TheEndOfTheLineEndsTheTerminal()
    {
        using var folder = new TemporaryFolder();
        var serial = folder.File("serial");
        var machine = new SocketMachine(serial, _ => "rvirt: ok\r\n");
        using var terminal = new FakeTerminal();
        var run = Task.Run(() => ConsoleCommand.Run(new LineChoice.Chosen(serial, folder.File("shared"), 0, 0x1d), null, new Lines(Mock.Of<IPrograms>()), terminal, TextWriter.Null));
        Patience.Until(() => Path.Exists(folder.File("shared")), "the line is shared");
        machine.Dispose();
        Assert.That(await run, Is.Zero);
    }

    // Says one thing, and keeps what was said to it.
    private sealed class Conversation(string answer) : MemoryStream(Encoding.ASCII.GetBytes(answer))
    {
        public string Said { get; private set; } = "";

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, System.Threading.CancellationToken cancellationToken = default)
        {
            Said += Encoding.ASCII.GetString(buffer.Span);
            return default;
        }
    }
}
