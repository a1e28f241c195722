using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Pipes;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.Hypervisor.Monitor;
using Rvirt.Tool.Debugging;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.Tool;

/// <summary>What gdb is answered of a guest, letter by letter.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class GuestStubTests : IDisposable
{
    private readonly FakeGuest _guest = new();
    private readonly AnonymousPipeServerStream _toStub = new(PipeDirection.Out);
    private readonly MemoryStream _said = new();
    private readonly DebuggerLine _line;

    public GuestStubTests() => _line = new DebuggerLine(new AnonymousPipeClientStream(PipeDirection.In, _toStub.ClientSafePipeHandle), _said);

    public void Dispose()
    {
        _line.Dispose();
        _toStub.Dispose();
        _said.Dispose();
    }

    private static string Packet(string text) => $"${text}#{text.Sum(letter => letter) & 0xff:x2}";

    // What is said to each packet. All of them wait from the start: nothing depends on when they come.
    private string[] Answers(params string[] packets)
    {
        _toStub.Write(Encoding.Latin1.GetBytes(string.Concat(packets.Select(packet => packet == "\u0003" ? packet : Packet(packet)))));
        _toStub.Dispose();
        new GuestStub(_line, new DebuggedGuest(_guest.Ask, "web")).Run();
        return [.. Regex.Matches(Encoding.Latin1.GetString(_said.ToArray()), @"\$([^#]*)#").Select(answer => answer.Groups[1].Value)];
    }

    [Test]
    public void TheGuestStandsStillWhileGdbIsThereAndGoesOnAfterThat()
    {
        Assert.That(Answers("?", "D"), Is.EqualTo(["T05thread:1;", "OK"]));
        Assert.That(_guest.Asked, Is.EqualTo(["pause web", "resume web"]));
    }

    [TestCase("k")]
    [TestCase("vKill;1")]
    [TestCase("D;1")]
    [TestCase("")]
    public void HoweverGdbGoesWhatItSetIsTakenBack(string last)
    {
        Answers(["Z0,80000100,2", "Z0,80000104,4", .. last.Length == 0 ? [] : new[] { last }]);
        Assert.That(_guest.Asked, Is.EqualTo(["pause web", "break web 0x80000100", "break web 0x80000104", "unbreak web 0x80000100", "unbreak web 0x80000104", "resume web"]));
        Assert.That(_guest.State, Is.EqualTo("running"));
    }

    [Test]
    public void ItSaysWhatItCan()
    {
        var answers = Answers("qSupported:multiprocess+;swbreak+", "vMustReplyEmpty", "vCont?", "qAttached", "qC", "qfThreadInfo", "qsThreadInfo", "T2", "T3", "Hg2", "qC", "Hg0", "Hc-1", "Hg9", "X80000000,0:", "M80000000,1:00", "G00", "P1=00");
        Assert.That(
            answers,
            Is.EqualTo(["PacketSize=2000;qXfer:features:read+;QStartNoAckMode+;swbreak+", "", "", "1", "QC1", "m1,2", "l", "OK", "E01", "OK", "QC2", "OK", "OK", "E01", "", "E01", "E01", "E01"]));
    }

    [Test]
    public void RegistersAreThoseOfTheHartThatIsChosen()
    {
        for (var i = 1; i < 32; i++)
        {
            _guest.X[i] = 0x0102_0304_0506_0700 + (ulong)i;
        }

        var answers = Answers("g", "p20", "p1f", "pc1", "p5", "p61", "p999", "px", "Hg2", "p20");
        var words = Enumerable.Range(0, 32).Select(i => i == 0 ? "0000000000000000" : $"{i:x2}07060504030201").Append("0001008000000000");
        Assert.That(answers[0], Is.EqualTo(string.Concat(words)), "x0 to x31 and pc, the least byte first");
        Assert.That(answers[1..3], Is.EqualTo(["0001008000000000", "1f07060504030201"]));
        Assert.That(answers[3], Is.EqualTo("E01"), "no register of that number: CSRs begin at 0x41");
        Assert.That(answers[4], Is.EqualTo("0507060504030201"));
        Assert.That(answers[5..8], Is.EqualTo(["E01", "E01", "E01"]));
        Assert.That(answers[9], Is.EqualTo("0002008000000000"));
    }

    [TestCase(0x100, "sstatus", 0)]
    [TestCase(0x180, "satp", 1)]
    [TestCase(0x105, "stvec", 2)]
    [TestCase(0x142, "scause", 3)]
    [TestCase(0x141, "sepc", 4)]
    [TestCase(0x143, "stval", 5)]
    [TestCase(0x104, "sie", 6)]
    [TestCase(0x144, "sip", 7)]
    [TestCase(0x140, "sscratch", 8)]
    public void EachCSRHasTheNumberThatItsDescriptionSays(int number, string name, int place)
    {
        var answers = Answers("qXfer:features:read:target.xml:0,10000", $"p{65 + number:x}");
        Assert.That(answers[0], Does.StartWith("l<?xml").And.Contain($"<reg name=\"{name}\" bitsize=\"64\" regnum=\"{65 + number}\"/>").And.Contain("<architecture>riscv:rv64</architecture>"));
        Assert.That(answers[1], Is.EqualTo($"{place:x2}10000000000000"));
    }

    [Test]
    public void ALongDescriptionComesInParts()
    {
        var parts = Answers("qXfer:features:read:target.xml:0,500", "qXfer:features:read:target.xml:500,500", "qXfer:features:read:target.xml:a00,500", "qXfer:features:read:target.xml:9000,500");
        Assert.That(parts.Select(part => part[0]), Is.EqualTo("mlll"));
        Assert.That(string.Concat(parts.Select(part => part[1..])), Does.EndWith("</target>").And.Contain("regnum=\"31\"").And.Contain("name=\"satp\""));
    }

    [Test]
    public void MemoryIsReadAtAnyAddress()
    {
        new Random(1).NextBytes(_guest.Ram);
        string Bytes(int from, int count) => Convert.ToHexStringLower(_guest.Ram.AsSpan(from, count));
        Assert.That(
            Answers("m80000000,8", "m80000003,1", "m80000005,10", "m80000ffd,6", "m80001ff8,20", "m80002000,1", "m0,4", "m80000000,0", "m80000000", "mx,1"),
            Is.EqualTo([Bytes(0, 8), Bytes(3, 1), Bytes(5, 16), Bytes(0xffd, 6), Bytes(0x1ff8, 8), "E01", "E01", "", "E01", "E01"]));
    }

    [Test]
    public void ItGoesOnUntilAHartComesToABreakpoint()
    {
        _guest.Goes = () =>
        {
            if (_guest.Breakpoints.Count != 0)
            {
                _guest.Pc[1] = 0x8000_0300;
                _guest.State = "paused";
            }
        };
        Assert.That(Answers("Z0,80000300,2", "c", "qC", "z0,80000300,2", "z0,80000300,2", "Z1,80000300,2"), Is.EqualTo(["OK", "T05thread:2;swbreak:;", "QC2", "OK", "E01", ""]));
        Assert.That(_guest.Asked, Is.EqualTo(["pause web", "break web 0x80000300", "resume web", "unbreak web 0x80000300", "resume web"]));
    }

    [Test]
    public void GdbStopsWhatRuns()
    {
        Assert.That(Answers("c", "\u0003", "qC"), Is.EqualTo(["T05thread:1;", "QC1"]));
        Assert.That(_guest.Asked, Is.EqualTo(["pause web", "resume web", "pause web", "resume web"]));
    }

    [Test]
    public void AGuestThatEndsHasEnded()
    {
        _guest.Goes = () => _guest.State = "stopped: shutdown";
        Assert.That(Answers("Z0,80000300,2", "c"), Is.EqualTo(["OK", "W00"]));
    }

    [Test]
    public void AStepIsABreakpointAtWhatComesNext()
    {
        // c.nop, and jal x0, +0x100
        _guest.Ram[0x100] = 1;
        BitConverter.TryWriteBytes(_guest.Ram.AsSpan(0x102), 0x1000_006f);
        _guest.Goes = () =>
        {
            if (_guest.Breakpoints.Count != 0)
            {
                _guest.Pc[0] = _guest.Breakpoints.Single();
                _guest.State = "paused";
            }
        };
        Assert.That(Answers("s", "p20", "s", "p20"), Is.EqualTo(["T05thread:1;", "0201008000000000", "T05thread:1;", "0202008000000000"]));
        Assert.That(
            _guest.Asked,
            Is.EqualTo(["pause web", "break web 0x80000102", "resume web", "unbreak web 0x80000102", "break web 0x80000202", "resume web", "unbreak web 0x80000202", "resume web"]));
    }

    [Test]
    public void GdbsMonitorCommandAsksTheMonitor()
    {
        var answers = Answers("qRcmd," + Convert.ToHexString("unbreak web 0x1"u8), "qRcmd," + Convert.ToHexString("guests"u8));
        Assert.That(answers.Select(answer => Encoding.ASCII.GetString(Convert.FromHexString(answer))), Is.EqualTo(["rvirt: error: no breakpoint\n", "  #  name   state   vcpus\n  0  web    paused   2\nrvirt: ok\n"]));
    }

    [Test]
    public void WhatIsNoPacketIsAskedForAgain()
    {
        _toStub.Write("$qC#00$qC#b4$QStartNoAckMode#b0$qAttached#8f"u8);
        _toStub.Dispose();
        new GuestStub(_line, new DebuggedGuest(_guest.Ask, "web")).Run();
        Assert.That(Encoding.ASCII.GetString(_said.ToArray()), Is.EqualTo("-+$QC1#c5+$OK#9a$1#31"));
    }

    [Test]
    public void ALateAnswerIsWaitedFor()
    {
        var late = 0;
        MonitorAnswer Ask(string command) => late++ % 3 == 2 ? _guest.Ask(command) : new MonitorAnswer([], "rvirt: error: the monitor does not answer");
        _toStub.Write(Encoding.ASCII.GetBytes(Packet("Z0,80000100,2")));
        _toStub.Dispose();
        new GuestStub(_line, new DebuggedGuest(Ask, "web")).Run();
        Assert.That(_guest.Asked, Is.EqualTo(["pause web", "break web 0x80000100", "unbreak web 0x80000100", "resume web"]));
        Assert.That(() => new DebuggedGuest(_ => new MonitorAnswer([], "rvirt: error: the monitor does not answer"), "web").State(), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void NobodyOfThatNameIsSaid() => Assert.That(
        () => new GuestStub(_line, new DebuggedGuest(_guest.Ask, "mail")).Run(), Throws.InstanceOf<IOException>().With.Message.EqualTo("mail: no guest of that name or number"));

    [Test]
    public void AGuestThatDoesNotRunIsRefused()
    {
        _guest.State = "created";
        _guest.Goes = () => _guest.State = "created";
        Assert.That(
            () => new GuestStub(_line, new DebuggedGuest(command => command == "pause web" ? new MonitorAnswer([], "rvirt: error: web: has not started") : _guest.Ask(command), "web")).Run(),
            Throws.InstanceOf<IOException>().With.Message.EqualTo("the guest does not run: it is created"));
    }

    /// <summary>What the monitor itself says is understood: of the machine that docs/monitor.md shows.</summary>
    [Test]
    public void ItUnderstandsTheMonitor()
    {
        var world = new MonitorWorld();
        var asked = new List<string>();
        var guest = new DebuggedGuest(
            command =>
            {
                asked.Add(command);
                var lines = world.Ask(command);
                return new MonitorAnswer(lines[..^1], lines[^1]);
            },
            "web");
        var registers = guest.Registers(0);
        Assert.Multiple(() =>
        {
            Assert.That(guest.State(), Is.EqualTo("running"));
            Assert.That(guest.Harts(), Is.EquivalentTo(new Dictionary<int, ulong> { [0] = 0xffff_ffff_80a6_943e, [1] = 0x3f_8000_1234 }));
            Assert.That((registers.Pc, registers["satp"], registers["sscratch"]), Is.EqualTo((0xffff_ffff_80a6_943e, 0x8000_0000_0008_1a06, 0xff20_0000_0062_c000)));
            Assert.That(registers.X, Is.EqualTo(Enumerable.Range(0, 32).Select(n => n == 0 ? 0 : 0xffff_ffff_8000_0000 + (ulong)(n * 0x1001))));
            Assert.That(guest.Read(0, 0xffff_ffff_8000_0009, 8), Is.EqualTo(new byte[] { 0, 0, 0x80, 8, 0, 0, 0x80, 0x10 }), "by its page tables");
            Assert.That(guest.Read(0, 0x1000, 8), Is.Empty, "nothing is mapped there");
            Assert.That(guest.TryBreak(0, 0xffff_ffff_8000_0100), Is.False, "the monitor has no room");
            Assert.That(asked, Has.One.EqualTo("walk web.0 0xffffffff80000000").And.One.EqualTo("break web 0x80000100"));
        });
    }
}
