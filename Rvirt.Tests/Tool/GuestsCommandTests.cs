using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Moq;
using NUnit.Framework;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Terminals;
using Spectre.Console;

namespace Rvirt.Tests.Tool;

/// <summary>The table of guests: what the monitor says of each, and how many traps of each cause there were since the look before.</summary>
public sealed class GuestsCommandTests
{
    private const string Guests = """
          #  name             state                  vcpus  uptime      traps/s
          0  web              running                    2  00:12:33     125678
          1  a.rather.long.name.of.a.guest    stopped: failure 3         1  00:00:41         17
        rvirt: ok
        """;

    private readonly Mock<ILines> _lines = new(MockBehavior.Strict);
    private readonly Mock<TimeProvider> _clock = new();
    private readonly StringWriter _output = new();
    private readonly Queue<long> _traps = new();

    [SetUp]
    public void AnswerAsAMonitor()
    {
        _output.GetStringBuilder().Clear();
        _traps.Clear();
        var time = 0L;
        _clock.Setup(clock => clock.TimestampFrequency).Returns(10);
        _clock.Setup(clock => clock.GetTimestamp()).Returns(() => time);
        _lines.Setup(lines => lines.Join("/shared")).Returns(() => new Conversation(command =>
        {
            // Two seconds go by between two looks.
            time += command == "guests" ? 20 : 0;
            return command switch
            {
                "guests" => Guests,
                "stats 0" => $"  cause                     total        per s        vcpu0\n  emulated {_traps.Dequeue(),24}       122213     83026614\n  mmio                          7            3            4\nrvirt: ok",
                _ => "  cause                     total        per s        vcpu0\n  emulated                     17           17           17\n  mmio                          0            0            0\nrvirt: ok",
            };
        }));
    }

    private string[] Run(int? count)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(_output) });
        console.Profile.Width = 200;
        Assert.That(
            GuestsCommand.Run(new LineChoice.Chosen(null, "/shared", 0, 0x1d), _lines.Object, console, _clock.Object, count, TimeSpan.Zero, CancellationToken.None),
            Is.Zero);
        return [.. _output.ToString().Split('\n').Select(line => line.Trim()).Where(line => line.Any(char.IsLetter))];
    }

    [Test]
    public void ItIsShownOnceWhereNobodyLooks()
    {
        _traps.Enqueue(1000);
        var shown = Run(null);
        Assert.That(shown.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)), Is.EqualTo([
            new[] { "name", "state", "vcpus", "uptime", "traps/s" },
            ["web", "running", "2", "00:12:33", "125678"],
            ["a.rather.long.name.of.a.guest", "stopped:", "failure", "3", "1", "00:00:41", "17"],
            ["traps/s", "web", "a.rather.long.name.of.a.guest"],
            ["emulated", "122213", "17"],
            ["mmio", "3", "0"],
        ]));
        Assert.That(_output.ToString(), Does.Not.Contain("\u001b"), "no colours");
    }

    [Test]
    public void TrapsAreThoseSinceTheLookBefore()
    {
        _traps.Enqueue(1000);
        _traps.Enqueue(1500);
        _traps.Enqueue(7);
        var emulated = Run(3).Where(line => line.StartsWith("emulated", StringComparison.Ordinal)).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        Assert.That(emulated, Is.EqualTo(["122213", "250", "0"]), "500 in two seconds; fewer than before is none");
    }

    [Test]
    public void AnAnswerThatIsNoTableIsNamed()
    {
        _lines.Setup(lines => lines.Join("/shared")).Returns(() => new Conversation(_ => "  #  name\n  0\nrvirt: ok"));
        Assert.That(() => Run(1), Throws.TypeOf<FormatException>().With.Message.EqualTo("the monitor says 1 columns where 2 are titled: 0"));
        _lines.Setup(lines => lines.Join("/shared")).Returns(() => new Conversation(_ => "rvirt: error: no"));
        Assert.That(() => Run(1), Throws.TypeOf<IOException>().With.Message.EqualTo("no"));
    }

    // One question over a shared line.
    private sealed class Conversation(Func<string, string> answer) : Stream
    {
        private MemoryStream _said = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => _said.Read(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) =>
            _said = new MemoryStream(Encoding.Latin1.GetBytes(answer(Encoding.Latin1.GetString(buffer, offset, count).Trim()["monitor ".Length..]) + "\n"));
    }
}
