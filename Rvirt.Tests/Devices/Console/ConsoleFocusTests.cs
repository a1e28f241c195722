using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Console;

/// <summary>What a person at the terminal of several guests types and sees, to the byte.</summary>
internal sealed unsafe class ConsoleFocusTests
{
    private const char Escape = '\x1d';

    private TestGuest _guest = null!;

    /// <summary>Two guests, where a test does not say otherwise.</summary>
    [SetUp]
    public void Begin() => _guest = new TestGuest(guests: 2);

    [TearDown]
    public void End() => _guest.Dispose();

    private void Begin(int guests)
    {
        End();
        _guest = new TestGuest(guests: guests);
    }

    [Test]
    public void ADigitShowsAGuestAndWhatItPrintedMeanwhile()
    {
        Print(0, "a\r\n");
        Print(1, "b\r\n");
        Assert.That(Seen(), Is.EqualTo("[g0] a\r\n[g1] b\r\n"));
        Type($"{Escape}1");
        Assert.That(Seen(), Is.EqualTo("--- g1 (last 0 bytes, 0 lost) ---\r\n"));
        Print(0, "hidden\r\nlogin: ");
        Print(1, "raw\x1b[2J");
        Assert.That(Seen(), Is.EqualTo("raw\x1b[2J"));
        Type($"{Escape}0");
        Assert.That(Seen(), Is.EqualTo("\r\n--- g0 (last 15 bytes, 0 lost) ---\r\nhidden\r\nlogin: "));
        Print(0, "live");
        Assert.That(Seen(), Is.EqualTo("live"));
    }

    [Test]
    public void APromptThatWasSeenIsShownAgainWithItsGuest()
    {
        var host = _guest.Machine.Host;
        Print(1, "old\r\nlogin: ");
        _guest.Console->Flush(ref host, 1);
        Assert.That(Seen(), Is.EqualTo("[g1] old\r\n[g1] login: "));
        Type($"{Escape}1");
        Assert.That(Seen(), Is.EqualTo("\r\n--- g1 (last 7 bytes, 0 lost) ---\r\nlogin: "));
    }

    [Test]
    public void InputFollowsTheFocusAndTheEscapeTwiceIsOne()
    {
        Begin(guests: 3);
        Type($"a{Escape}{Escape}b{Escape}2c{Escape}nd{Escape}pe{Escape}af");
        Assert.That(Typed(0), Is.EqualTo($"a{Escape}bd"));
        Assert.That(Typed(1), Is.Empty);
        Assert.That(Typed(2), Is.EqualTo("cef"));
        Assert.That(_guest.Console->Focus, Is.EqualTo(2));
    }

    [Test]
    public void WithOneGuestOnlyTheEscapeIsTakenFromTheLine()
    {
        Begin(guests: 1);
        var bytes = string.Concat(Enumerable.Range(0, 128).Where(i => i != Escape).Select(i => (char)i));
        Type(bytes);
        Assert.That(Typed(0), Is.EqualTo(bytes));
        Print(0, bytes);
        Assert.That(Seen(), Is.EqualTo(bytes));
        Type($"{Escape}{Escape}");
        Assert.That(Typed(0), Is.EqualTo($"{Escape}"));
        Assert.That(Seen(), Is.Empty);
    }

    [TestCase('9', "there is no such guest: the last is 1")]
    [TestCase('m', "there is no monitor")]
    [TestCase('q', "keys after Ctrl-]: 0-9 n p guest, m monitor, a all, ? help, Ctrl-] itself")]
    public void AnotherKeyIsDroppedAndAnsweredByALine(char key, string answer)
    {
        Type($"{Escape}{key}x");
        Assert.That(Seen(), Is.EqualTo($"--- {answer} ---\r\n"));
        Assert.That(Typed(0), Is.EqualTo("x"));
    }

    [Test]
    public void HelpNamesKeysAndGuests()
    {
        Type($"{Escape}1{Escape}?");
        Assert.That(Seen(), Does.EndWith("""
            --- keys after Ctrl-]: 0-9 n p guest, m monitor, a all, ? help, Ctrl-] itself ---
            ---   0 g0 ---
            ---   1 g1: has the focus ---

            """.ReplaceLineEndings("\r\n")));
    }

    [Test]
    public void AllShowsWhatEachPrintedMeanwhileWithNames()
    {
        Type($"{Escape}1");
        Seen();
        Print(0, "one\r\ntwo\r\n");
        Print(1, "seen\r\n");
        Assert.That(Seen(), Is.EqualTo("seen\r\n"));
        Type($"{Escape}a");
        Assert.That(Seen(), Is.EqualTo("--- all guests; input goes to g1 ---\r\n[g0] one\r\n[g0] two\r\n"));
        Print(1, "three\r\n");
        Assert.That(Seen(), Is.EqualTo("[g1] three\r\n"));
    }

    [Test]
    public void LabelsSurviveCarriageReturns()
    {
        var host = _guest.Machine.Host;
        Print(0, "10%\r20%\r\r\n\r\n\rx\n");
        Assert.That(Seen(), Is.EqualTo("[g0] 10%\r[g0] 20%\r\r\n[g0] \r\n[g0] \r[g0] x\n"));
        Print(1, "30%\r");
        _guest.Console->Flush(ref host, 1);
        Assert.That(Seen(), Is.EqualTo("[g1] 30%\r"));
        Print(1, "40%");
        _guest.Console->Flush(ref host, 1);
        Assert.That(Seen(), Is.EqualTo("[g1] 40%"));
    }

    [Test]
    public void WhatTheRingLostOfAGuestThatIsNotShownIsCounted()
    {
        Type($"{Escape}0");
        Seen();
        var text = new string([.. Enumerable.Range(0, 70_000).Select(i => (char)('a' + (i % 26)))]);
        Print(1, text);
        Assert.That(_guest.Console->Guest(1)->UntoldBytes, Is.EqualTo(70_000 - 65_536));
        Type($"{Escape}1");
        Assert.That(Seen(), Is.EqualTo($"--- g1 (last 65536 bytes, 4464 lost) ---\r\n{text[4464..]}"));
        Print(1, "!");
        Assert.That(Seen(), Is.EqualTo("!"));
    }

    [Test]
    public void AGuestThatFloodsLosesLinesOfItsOwnAlone()
    {
        _guest.Machine.UartStalled = true;
        var line = new string('f', 98) + "\r\n";
        Print(0, "first\r\n");
        for (var i = 0; i < 700; i++)
        {
            Print(1, line);
        }

        Print(0, "second\r\n");
        _guest.Machine.UartStalled = false;
        ServeAll();
        var lines = Seen().Split("\r\n");
        Assert.That(lines[0], Is.EqualTo("[g0] first"));
        Assert.That(lines[1], Does.Match(@"^\[g1\] \[lost 44 lines\] f{34}$"), "65536 bytes hold 655 lines of 100, and 36 bytes of another with its end");
        Assert.That(lines[2], Is.EqualTo("[g0] second"), "in turns");
        Assert.That(lines.Skip(3).Take(655), Is.All.EqualTo("[g1] " + line.Trim()));
        Assert.That(lines[658..], Is.EqualTo([""]));
        Assert.That(_guest.Console->Guest(0)->UntoldBytes, Is.Zero);
    }

    [Test]
    public void NobodyWaitsForTheTerminal()
    {
        Begin(guests: 1);
        _guest.Machine.UartSlow = true;
        Print(0, "0123456789abcdefghij");
        Assert.That(Seen(), Is.EqualTo("0123456789abcdef"), "what the transmitter has room for");
        var before = _guest.Machine.MmioAccesses;
        Print(0, "klmnopqrstuvwxyz");
        Assert.That(_guest.Machine.MmioAccesses, Is.EqualTo(before), "while its interrupt is awaited the UART is left alone");
        Assert.That(_guest.ServeInterrupts(), Is.False);
        _guest.Machine.SendFifo();
        Assert.That(_guest.ServeInterrupts(), Is.True);
        Assert.That(Seen(), Is.EqualTo("ghijklmnopqrstuv"));
        _guest.Machine.SendFifo();
        Assert.That(_guest.ServeInterrupts(), Is.True);
        Assert.That(Seen(), Is.EqualTo("wxyz"));
        _guest.Machine.SendFifo();
        ServeAll();
        Assert.That(_guest.ServeInterrupts(), Is.False, "nothing waits, nothing interrupts");
    }

    [Test]
    public void ATerminalThatIsNeverFullDoesNotKeepTheHart()
    {
        Type($"{Escape}0");
        Print(1, new string('x', 10_000));
        Seen();
        _guest.Machine.Type($"{Escape}1");
        var host = _guest.Machine.Host;
        _guest.Console->Serve(ref host);
        Assert.That(Seen(), Has.Length.EqualTo(512));
        ServeAll();
        Assert.That(Seen(), Does.EndWith(new string('x', 9_000)));
    }

    [Test]
    public void TheEscapeGetsThroughToAGuestThatHangsWithAFullBuffer()
    {
        Type($"{Escape}0{new string('x', 70_000)}");
        Assert.That(Seen(), Is.EqualTo("--- g0 (last 0 bytes, 0 lost) ---\r\n\a"), "rung once");
        Assert.That(_guest.Console->Guest(0)->LostInput, Is.EqualTo(70_000 - 65_536));
        Type($"{Escape}1y{Escape}?");
        Assert.That(Typed(1), Is.EqualTo("y"));
        Assert.That(Seen(), Does.Contain("---   0 g0: 4464 bytes of input lost ---\r\n"));
        _guest.Console->TakeInput(0);
        Type($"{Escape}0zz");
        Assert.That(Seen(), Does.EndWith("\a"), "there was room for one, and then there was none again");
    }

    [Test]
    public void MessagesStandBetweenWhatWasPrintedBeforeAndAfterThem()
    {
        _guest.Machine.UartStalled = true;
        Print(0, "before\r\n");
        Print(1, "before\r\n");
        Say("message");
        Print(0, "after\r\n");
        _guest.Machine.UartStalled = false;
        ServeAll();
        Assert.That(Seen(), Is.EqualTo("[g0] before\r\n[g1] before\r\nrvirt: message\r\n[g0] after\r\n"));
        Type($"{Escape}1");
        Seen();
        Print(1, "half");
        Say("shown whoever is");
        Assert.That(Seen(), Is.EqualTo("half\r\nrvirt: shown whoever is\r\n"));
    }

    [Test]
    public void UntilInterruptsAreOnTheUARTIsPolled()
    {
        Begin(guests: 1);
        var host = _guest.Machine.Host;
        var uart = default(HostUartDriver<DeviceHost>);
        uart.Take<HostUart16550>(ref host, new Rvirt.Core.DeviceTree.HostDevice { Base = FakeMachine.UartBase });
        var memory = System.Runtime.InteropServices.NativeMemory.AllocZeroed(ConsoleMultiplexer<DeviceHost>.BytesNeeded(1));
        var console = (ConsoleMultiplexer<DeviceHost>*)System.Runtime.InteropServices.NativeMemory.AllocZeroed((nuint)sizeof(ConsoleMultiplexer<DeviceHost>));
        try
        {
            console->Initialize(uart, memory, 1);
            _guest.Machine.UartSlow = true;
            // The line sends while it is looked at.
            _guest.Machine.Reading = _ => _guest.Machine.SendFifo();
            ConsoleMultiplexer<DeviceHost>.BeginMessage(console, ref host).Text("a line that is longer than the transmitter's FIFO"u8);
            console->EndMessage(ref host);
            Assert.That(Seen(), Is.EqualTo("rvirt: a line that is longer than the transmitter's FIFO\r\n"));
        }
        finally
        {
            System.Runtime.InteropServices.NativeMemory.Free(memory);
            System.Runtime.InteropServices.NativeMemory.Free(console);
        }
    }

    [Test]
    public void TheEndSendsWhatWaits()
    {
        var host = _guest.Machine.Host;
        _guest.Machine.UartStalled = true;
        Print(0, "whole\r\npart");
        Say("the end");
        _guest.Machine.UartStalled = false;
        _guest.Console->Finish(ref host);
        Assert.That(Seen(), Is.EqualTo("[g0] whole\r\n[g0] part\r\nrvirt: the end\r\n"));
        ServeAll();
        Assert.That(_guest.ServeInterrupts(), Is.False, "and nothing interrupts any more");
    }

    [Test]
    public void TheMonitorHasASideOfItsOwn()
    {
        var host = _guest.Machine.Host;
        _guest.Console->AttachMonitor();
        ConsoleMultiplexer<DeviceHost>.MonitorWriter(_guest.Console, ref host).Text("rvirt> "u8);
        Assert.That(Seen(), Is.Empty);
        _guest.Machine.Type($"{Escape}mhelp\r{Escape}{Escape}");
        var input = _guest.Console->Serve(ref host);
        Assert.That((input.Guests, input.Monitor), Is.EqualTo((0UL, true)));
        Assert.That(_guest.Console->MonitorHasFocus, Is.True);
        Assert.That(Seen(), Is.EqualTo("--- monitor (last 7 bytes, 0 lost) ---\r\nrvirt> "));
        foreach (var typed in $"help\r{Escape}")
        {
            Assert.That(_guest.Console->TakeMonitorInput(), Is.EqualTo(typed));
        }

        Assert.That(_guest.Console->TakeMonitorInput(), Is.EqualTo(-1));
        Print(0, "hidden\r\n");
        ConsoleMultiplexer<DeviceHost>.MonitorWriter(_guest.Console, ref host).Text("help\n"u8).Decimal(12).Newline();
        Assert.That(Seen(), Is.EqualTo("help\r\n12\r\n"));
        Type($"{Escape}0");
        Assert.That(_guest.Console->MonitorHasFocus, Is.False);
        Assert.That(Seen(), Is.EqualTo("--- g0 (last 8 bytes, 0 lost) ---\r\nhidden\r\n"));
    }

    /// <summary>A message of another hart's, which may come between any two bytes, waits until the monitor has said what it says at a time, also where the UART is full.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public void NoMessageComesIntoALineOfTheMonitor(bool isStalled)
    {
        var host = _guest.Machine.Host;
        _guest.Console->AttachMonitor();
        Type($"{Escape}m");
        Seen();
        _guest.Machine.UartStalled = isStalled;
        _guest.Console->BeginMonitor();
        var writer = ConsoleMultiplexer<DeviceHost>.MonitorWriter(_guest.Console, ref host);
        writer.Text("r"u8);
        Say("guest g1 reboots");
        writer.Text("virt: ok\nrvirt> "u8);
        _guest.Console->EndMonitor(ref host);
        _guest.Machine.UartStalled = false;
        ServeAll();
        Assert.That(Seen(), Is.EqualTo("rvirt: ok\r\nrvirt> \r\nrvirt: guest g1 reboots\r\nrvirt> "));
        Say("nothing waits");
        Assert.That(Seen(), Is.EqualTo("\r\nrvirt: nothing waits\r\nrvirt> "));
    }

    /// <summary>What is being typed to the monitor is shown again below a message that came between two keys, so that people go on typing and scripts find their echo in one piece.</summary>
    [TestCase("gue")]
    [TestCase("regs db \u001b[K\b\b")]
    [TestCase("")]
    [TestCase(null)]
    public void ALineThatAMessageCutsIsShownAgainFromItsPrompt(string? typed)
    {
        // Longer than what is held back of a guest's line.
        typed ??= new string('x', 3 * GuestConsole.LineCapacity);
        var host = _guest.Machine.Host;
        _guest.Console->AttachMonitor();
        Type($"{Escape}m");
        var writer = ConsoleMultiplexer<DeviceHost>.MonitorWriter(_guest.Console, ref host);
        writer.Text("rvirt: ok\nrvirt> "u8);
        foreach (var key in Encoding.ASCII.GetBytes(typed))
        {
            writer.Text([key]);
        }

        Seen();
        Say("one");
        ServeAll();
        Assert.That(Seen(), Is.EqualTo($"\r\nrvirt: one\r\nrvirt> {typed}"));
        writer.Text("sts\n"u8);
        Assert.That(Seen(), Is.EqualTo("sts\r\n"));
        Say("two");
        Assert.That(Seen(), Is.EqualTo("rvirt: two\r\n"), "the line has ended");
    }

    /// <summary>A guest's line is its own affair: nothing that it printed comes twice where it alone is shown.</summary>
    [Test]
    public void AGuestsLineThatAMessageCutsIsLeftAsItWas()
    {
        Type($"{Escape}0");
        Print(0, "login: ro");
        Seen();
        Say("one");
        Print(0, "ot");
        Assert.That(Seen(), Is.EqualTo("\r\nrvirt: one\r\not"));
    }

    [TestCase("", "--- all guests; input goes to g0 ---\r\n[g0] hidden\r\n")]
    [TestCase("\x1d" + "1", "--- g1 (last 6 bytes, 0 lost) ---\r\nprompt")]
    public void TheMonitorsKeyAgainGoesBackToWhatWasShown(string before, string after)
    {
        var host = _guest.Machine.Host;
        _guest.Console->AttachMonitor();
        Type(before);
        Print(1, "prompt");
        _guest.Console->Flush(ref host, 1);
        Type($"{Escape}m");
        Print(0, "hidden\r\n");
        Seen();
        Type($"{Escape}mx");
        Assert.That(Seen(), Is.EqualTo(after));
        Assert.That(Typed(_guest.Console->Focus), Is.EqualTo("x"));
    }

    /// <summary>A script goes to the monitor and back whoever has the focus, and the monitor's own person is where they were.</summary>
    [TestCase("", "--- all guests; input goes to g0 ---\r\n")]
    [TestCase("\x1d" + "1", "--- g1 (last 0 bytes, 0 lost) ---\r\n")]
    [TestCase("\x1dm", "--- monitor (last 0 bytes, 0 lost) ---\r\n")]
    public void AScriptLeavesWhatWasShownAsItWas(string before, string after)
    {
        _guest.Console->AttachMonitor();
        Type(before);
        var (focus, monitor) = (_guest.Console->Focus, _guest.Console->MonitorHasFocus);
        Type($"{Escape}Mx{Escape}My");
        Assert.That((_guest.Console->TakeMonitorInput(), _guest.Console->TakeMonitorInput()), Is.EqualTo(((int)'x', (int)'y')));
        Seen();
        Type($"{Escape}B");
        Assert.That(Seen(), Is.EqualTo(after));
        Assert.That((_guest.Console->Focus, _guest.Console->MonitorHasFocus), Is.EqualTo((focus, monitor)));
        Type($"{Escape}B");
        Assert.That(Seen(), Does.StartWith("--- keys after"), "there is nothing to go back to");
    }

    [Test]
    public void WhatAScriptHasShownIsShownOnceItHasGone()
    {
        var host = _guest.Machine.Host;
        _guest.Console->AttachMonitor();
        Type($"{Escape}M");
        Seen();
        _guest.Console->SetFocus(ref host, 1);
        ConsoleMultiplexer<DeviceHost>.MonitorWriter(_guest.Console, ref host).Text("ok\n"u8);
        Assert.That(Seen(), Is.EqualTo("ok\r\n"), "the monitor speaks on");
        Type($"{Escape}Bx");
        Assert.That(Seen(), Is.EqualTo("--- g1 (last 0 bytes, 0 lost) ---\r\n"));
        Assert.That(Typed(1), Is.EqualTo("x"));
    }

    [Test]
    public void InputPassesOnFromAGuestThatEnds()
    {
        Begin(guests: 3);
        var host = _guest.Machine.Host;
        Assert.That(_guest.Console->PassFocus(ref host, 0, 1), Is.True);
        Assert.That((_guest.Console->Focus, Seen()), Is.EqualTo((1, "")), "all are shown, as before");
        Assert.That(_guest.Console->PassFocus(ref host, 0, 2), Is.False, "it has no focus to pass on");
        Type($"{Escape}1");
        Seen();
        Assert.That(_guest.Console->PassFocus(ref host, 1, 2), Is.True);
        Assert.That(Seen(), Is.EqualTo("--- g2 (last 0 bytes, 0 lost) ---\r\n"));
        Type("x");
        Assert.That(Typed(2), Is.EqualTo("x"));
    }

    [Test]
    public void ARestartBeginsALine()
    {
        var host = _guest.Machine.Host;
        Print(0, "half");
        _guest.Console->ResetGuest(ref host, 0);
        Print(0, "new\r\n");
        Assert.That(Seen(), Is.EqualTo("[g0] half\r\n[g0] new\r\n"));
        Print(0, "shown");
        _guest.Console->Flush(ref host, 0);
        Print(1, "other\r\n");
        _guest.Console->ResetGuest(ref host, 0);
        Print(0, "new\r\n");
        Assert.That(Seen(), Is.EqualTo("[g0] shown\r\n[g1] other\r\n[g0] new\r\n"));
    }

    [Test]
    public void AnotherEscapeCanBeChosenOrNone()
    {
        _guest.Console->SetEscape('\x18');
        Type($"{Escape}1\x18" + "1x");
        Assert.That(Typed(0), Is.EqualTo($"{Escape}1"));
        Assert.That(Typed(1), Is.EqualTo("x"));
        _guest.Console->SetEscape(ConsoleEscape.None);
        Type("\x18" + "0y");
        Assert.That(Typed(1), Is.EqualTo("\x18" + "0y"));
    }

    [TestCase("", 0x1d)]
    [TestCase("console=ttyS0 rvirt.escape=^A", 1)]
    [TestCase("rvirt.escape=^x quiet", 24)]
    [TestCase("rvirt.escape=^_", 31)]
    [TestCase("rvirt.escape=^@", 0)]
    [TestCase("rvirt.escape=none", -1)]
    [TestCase("xrvirt.escape=^A", 0x1d)]
    [TestCase("rvirt.escape=", null)]
    [TestCase("rvirt.escape=A", null)]
    [TestCase("rvirt.escape=^", null)]
    [TestCase("rvirt.escape=^1", null)]
    [TestCase("rvirt.escape=^AB", null)]
    [TestCase("rvirt.escape=^M", null)]
    [TestCase("rvirt.escape=^j", null)]
    public void TheHostsCommandLineNamesTheEscape(string commandLine, int? expected)
    {
        var found = ConsoleEscape.TryFind(Encoding.ASCII.GetBytes(commandLine), out var escape);
        Assert.That(found ? escape : (int?)null, Is.EqualTo(expected));
    }

    [Test]
    public void ABreakIsNoKey()
    {
        _guest.Console->SetEscape(0);
        _guest.Machine.Break();
        ServeAll();
        Assert.That(_guest.Console->TakeInput(0), Is.EqualTo(0x1000));
    }

    private void Say(string text)
    {
        var host = _guest.Machine.Host;
        ConsoleMultiplexer<DeviceHost>.BeginMessage(_guest.Console, ref host).Text(Encoding.ASCII.GetBytes(text));
        _guest.Console->EndMessage(ref host);
    }

    private void Print(int number, string text)
    {
        var host = _guest.Machine.Host;
        foreach (var b in Encoding.Latin1.GetBytes(text))
        {
            _guest.Console->Output(ref host, number, b);
        }
    }

    private void Type(string text)
    {
        _guest.Machine.Type(text);
        ServeAll();
    }

    // The guest's own UART takes none of it: this looks at what the console keeps.
    private void ServeAll() => _guest.ServeAll(deliver: false);

    private string Typed(int number) => _guest.Typed(number);

    private string Seen()
    {
        var text = _guest.Output;
        _guest.Machine.Output.Clear();
        return text;
    }
}
