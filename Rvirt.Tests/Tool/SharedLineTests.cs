using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using NUnit.Framework;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.Tool;

/// <summary>One serial line for a person and for scripts that ask the monitor.</summary>
public sealed class SharedLineTests
{
    private readonly StringBuilder _seen = new();
    private readonly Queue<ReadOnlyMemory<byte>> _sent = new();
    private Func<string, string> _answer = null!;
    private FakeLine _machine = null!;
    private SharedLine _line = null!;

    [SetUp]
    public void Connect()
    {
        _seen.Clear();
        _answer = _ => "one\r\ntwo\r\nrvirt: ok\r\n";
        _sent.Clear();
        _line = new SharedLine(_sent.Enqueue, bytes => _seen.Append(Encoding.Latin1.GetString(bytes.Span)));
        _machine = new FakeLine(text => _line.Receive(Encoding.Latin1.GetBytes(text)), command => _answer(command));
    }

    // The machine takes what was sent, until nothing more is.
    private MonitorAnswer Answer(System.Threading.Tasks.Task<MonitorAnswer> asked)
    {
        while (_sent.TryDequeue(out var bytes))
        {
            _machine.Type(bytes);
        }

        return asked.GetAwaiter().GetResult();
    }

    [Test]
    public void AQuestionLeavesNothingOnTheScreen()
    {
        _machine.Print("hello\r\nlogin: ");
        var answer = Answer(_line.Ask("guests"));
        Assert.That(answer.Lines, Is.EqualTo(["one", "two"]));
        Assert.That(answer.IsOk, Is.True);
        Assert.That(_machine.Asked, Is.EqualTo(["!guests"]), "as a script");
        _machine.Print("root\r\n");
        Assert.That(_seen.ToString(), Is.EqualTo("hello\r\nlogin: root\r\n"));
    }

    [Test]
    public void ABegunLineIsOnTheScreenOnceHoweverOftenOneAsks()
    {
        _machine.Print("login: ");
        Answer(_line.Ask("guests"));
        Answer(_line.Ask("guests"));
        _machine.Print("root");
        Answer(_line.Ask("guests"));
        _machine.Print("\r\n");
        Assert.That(_seen.ToString(), Is.EqualTo("login: root\r\n"));
    }

    [Test]
    public void ALineThatIsAnotherThanBeforeIsShownFromItsStart()
    {
        _machine.Print("logger\r\nlogin: ");
        _answer = _ =>
        {
            _machine.Print("\r\nlogout");
            return "rvirt: ok\r\n";
        };
        Answer(_line.Ask("guests"));
        Assert.That(_seen.ToString(), Is.EqualTo("logger\r\nlogin: \r\nlogout"));
    }

    [Test]
    public void AChangeOfFocusIsSeen()
    {
        _machine.Print("login: ");
        Answer(_line.Ask("focus web"));
        Assert.That(_seen.ToString(), Is.EqualTo("login: \r\n--- web (last 7 bytes, 0 lost) ---\r\nlogin: "));
    }

    [Test]
    public void WhatTheGuestPrintsMeanwhileFollows()
    {
        _machine.Print("login: ");
        _answer = _ =>
        {
            _machine.Print("root\r\nPassword: ");
            return "rvirt: ok\r\n";
        };
        Answer(_line.Ask("x"));
        Assert.That(_seen.ToString(), Is.EqualTo("login: \r\nPassword: "), "the model shows the begun line alone");
    }

    [Test]
    public void WhatAPersonTypesMeanwhileIsTheGuests()
    {
        _answer = _ =>
        {
            _line.Type("ls\r"u8.ToArray());
            return "rvirt: ok\r\n";
        };
        Answer(_line.Ask("guests"));
        Assert.That(_machine.Typed.ToString(), Is.EqualTo("ls\r"));
        Assert.That(_machine.Asked, Is.EqualTo(["!guests"]));
    }

    [Test]
    public void WhatTheHypervisorSaysMeanwhileIsNoPartOfAnAnswer()
    {
        _machine.Print("hello\r\n");
        _answer = _ => "one\r\nrvirt: guest db has ended\r\ntwo\r\nrvirt: ok\r\n";
        Assert.That(Answer(_line.Ask("guests")).Lines, Is.EqualTo(["one", "two"]));
        Assert.That(_seen.ToString(), Is.EqualTo("hello\r\nrvirt: guest db has ended\r\n"));
    }

    [Test]
    public void AnErrorIsTheAnswersEnd()
    {
        _answer = command => $"rvirt: error: {command[1..]}: no command of that name; help names all\r\n";
        var answer = Answer(_line.Ask("gests"));
        Assert.That((answer.IsOk, answer.End), Is.EqualTo((false, "rvirt: error: gests: no command of that name; help names all")));
        Assert.That(answer.Lines, Is.Empty);
    }

    [Test]
    public void QuestionsTakeTurns()
    {
        var second = default(System.Threading.Tasks.Task<MonitorAnswer>);
        _answer = command =>
        {
            second ??= _line.Ask("second");
            return $"{command}\r\nrvirt: ok\r\n";
        };
        Assert.That(Answer(_line.Ask("first")).Lines, Is.EqualTo(["!first"]));
        Assert.That(Answer(second!).Lines, Is.EqualTo(["!second"]));
    }

    [Test]
    public void AMachineWithoutAMonitorIsNamed()
    {
        var typed = new StringBuilder();
        _line = new SharedLine(bytes => typed.Append(Encoding.Latin1.GetString(bytes.Span)), _ => { });
        var asked = _line.Ask("guests");
        _line.Receive("--- there is no monitor ---\r\n"u8.ToArray());
        Assert.That(asked.GetAwaiter().GetResult().End, Is.EqualTo("rvirt: error: there is no monitor on this line"));
        _line.Type("x"u8.ToArray());
        Assert.That(typed.ToString(), Is.EqualTo("\x1dMx"));
    }

    [Test]
    public void WhoeverLosesPatienceFreesTheLine()
    {
        var typed = new StringBuilder();
        _line = new SharedLine(bytes => typed.Append(Encoding.Latin1.GetString(bytes.Span)), _ => { });
        using var patience = new CancellationTokenSource();
        var asked = _line.Ask("guests", patience.Token);
        _line.Type("x"u8.ToArray());
        patience.Cancel();
        Assert.That(() => asked.GetAwaiter().GetResult(), Throws.InstanceOf<IOException>().With.Message.EqualTo("the monitor does not answer"));
        Assert.That(typed.ToString(), Is.EqualTo("\x1dM\x1d" + "Bx"));
    }

    /// <summary>What ends the machine is answered: what was shown before comes no more.</summary>
    [Test]
    public void AnAnswerThatCameBeforeTheLineEndedIsOne()
    {
        _line = new SharedLine(_ => { }, _ => { });
        var asked = _line.Ask("shutdown");
        _line.Receive("--- monitor (last 7 bytes, 0 lost) ---\r\nrvirt> !shutdown\r\nrvirt: ok\r\n"u8.ToArray());
        Assert.That(asked.IsCompleted, Is.False);
        _line.Close("the serial line has ended");
        Assert.That(asked.GetAwaiter().GetResult().IsOk);
        Assert.That(() => _line.Close("the terminal has ended"), Throws.Nothing);
    }

    [Test]
    public void AnotherEscapeIsFollowedWhereItWasSet()
    {
        var typed = new StringBuilder();
        _line = new SharedLine(bytes => typed.Append(Encoding.Latin1.GetString(bytes.Span)), _ => { });
        void Ask(string command, string end)
        {
            typed.Clear();
            var asked = _line.Ask(command);
            _line.Receive(Encoding.ASCII.GetBytes($"--- monitor (last 7 bytes, 0 lost) ---\r\nrvirt> !{command}\r\n{end}\r\n"));
            _line.Receive("--- web (last 0 bytes, 0 lost) ---\r\n"u8.ToArray());
            Assert.That(asked.IsCompleted);
        }

        Ask("escape ^t", "rvirt: ok");
        Assert.That(typed.ToString(), Is.EqualTo("\u001dM\u0015!escape ^t\r\u0014B"));
        Ask("escape ^1", "rvirt: error: ^1: no");
        Assert.That(typed.ToString(), Is.EqualTo("\u0014M\u0015!escape ^1\r\u0014B"));
        Ask("escape", "rvirt: ok");
        Assert.That(typed.ToString(), Is.EqualTo("\u0014M\u0015!escape\r\u0014B"));
        Assert.That(() => _line.Ask("escape none"), Throws.TypeOf<FormatException>());
    }

    [TestCase("!kill web")]
    [TestCase("  ! kill web ")]
    public void AScriptMaySayItselfThatItIsOne(string command)
    {
        Answer(_line.Ask(command));
        Assert.That(_machine.Asked, Is.EqualTo(["!kill web"]));
    }

    [TestCase("")]
    [TestCase(" ! ")]
    public void NothingIsNoQuestion(string command) => Assert.That(() => _line.Ask(command), Throws.TypeOf<FormatException>().With.Message.Contains("help"));

    [Test]
    public void WithoutAnEscapeThereIsNoWayToTheMonitor()
    {
        _line = new SharedLine(_ => { }, _ => { }, null);
        Assert.That(() => _line.Ask("guests"), Throws.InstanceOf<IOException>().With.Message.Contains("no escape"));
    }

    [Test]
    public void ALineThatEndsIsAnErrorForWhoAsks()
    {
        _line = new SharedLine(_ => { }, _ => { });
        var asked = _line.Ask("guests");
        _line.Close("the serial line has ended");
        Assert.That(() => asked.GetAwaiter().GetResult(), Throws.InstanceOf<IOException>().With.Message.EqualTo("the serial line has ended"));
        Assert.That(() => _line.Ask("guests"), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void ACommandIsOneLine() => Assert.That(() => _line.Ask("kill web\rkill db"), Throws.TypeOf<FormatException>());
}
