using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Devices.Console;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Console;

public unsafe class ConsoleTests
{
    [Test]
    public void OneGuestAloneWritesAsItIs()
    {
        using var guest = new TestGuest();
        Print(guest, 0, "login: ");
        Assert.That(guest.Output, Is.EqualTo("login: "));
    }

    [Test]
    public void LinesOfSeveralGuestsCarryTheirNamesAndStayWhole()
    {
        using var guest = new TestGuest(guests: 2);
        Print(guest, 0, "one ");
        Print(guest, 1, "two\r\n");
        Print(guest, 0, "three\r\n");
        Assert.That(guest.Output, Is.EqualTo("[g1] two\r\n[g0] one three\r\n"));
    }

    [Test]
    public void APromptAppearsWhenItsGuestGoesIdleAndAgainAfterAnotherLine()
    {
        using var guest = new TestGuest(guests: 2);
        var host = guest.Machine.Host;
        Print(guest, 0, "login: ");
        Assert.That(guest.Output, Is.Empty);
        guest.Bus->Idle(ref host);
        guest.Bus->Idle(ref host);
        Print(guest, 0, "r");
        guest.Bus->Idle(ref host);
        Print(guest, 1, "two\r\n");
        Print(guest, 0, "oot\r\n");
        Assert.That(guest.Output, Is.EqualTo("[g0] login: r\r\n[g1] two\r\n[g0] login: root\r\n"));
    }

    [Test]
    public void AGuestThatPollsForInputShowsItsPrompt()
    {
        using var guest = new TestGuest(guests: 2);
        foreach (var b in "=> "u8)
        {
            Assert.That(guest.Read(0x1000_0005, 1) & 0x20, Is.EqualTo(0x20));
            guest.Write(0x1000_0000, b, 1);
        }

        Assert.That(guest.Output, Is.Empty);
        for (var i = 0; i < 10; i++)
        {
            guest.Read(0x1000_0005, 1);
        }

        Assert.That(guest.Output, Is.EqualTo("[g0] => "));
    }

    [Test]
    public void ALineWithoutEndComesOutInPieces()
    {
        using var guest = new TestGuest(guests: 2);
        Print(guest, 1, new string('x', 600) + "\n");
        Assert.That(guest.Output, Is.EqualTo("[g1] " + new string('x', 600) + "\n"));
    }

    [Test]
    public void TheHypervisorsLinesStandAlone()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        Print(guest, 0, "half a li");
        var writer = ConsoleMultiplexer<DeviceHost>.BeginMessage(guest.Console, ref host);
        writer.Text("page "u8).Hex(0x8000_0fff).Text(" of "u8).Decimal(1209).Text("/"u8).Decimal(0).Text("/"u8).Hex(0)
            .Text("/"u8).Decimal(ulong.MaxValue).Text("/"u8).Hex(ulong.MaxValue);
        guest.Console->EndMessage(ref host);
        Assert.That(guest.Output, Is.EqualTo(
            "half a li\r\nrvirt: page 0x80000fff of 1209/0/0x0/18446744073709551615/0xffffffffffffffff\r\n"));
    }

    [Test]
    public void APanicTakesTheConsoleFromWhoeverHoldsIt()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        ConsoleMultiplexer<DeviceHost>.BeginMessage(guest.Console, ref host).Text("half"u8);
        guest.Console->Finish(ref host);
        Assert.That(guest.Output, Is.EqualTo("rvirt: half"));
    }

    [Test]
    public void InputReachesTheGuestsUARTAndInterruptsIt()
    {
        using var guest = new TestGuest();
        guest.Write(0x0c00_0028, 1);
        guest.Write(0x0c00_2080, 1 << 10);
        guest.Write(0x1000_0002, 1, 1);
        guest.Write(0x1000_0001, 1, 1);
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.False);
        guest.Machine.Type("ls\n");
        Assert.That(guest.ServeInterrupts(), Is.True);
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.True);
        Assert.That(guest.Read(0x0c20_1004), Is.EqualTo(10));
        var text = new StringBuilder();
        while ((guest.Read(0x1000_0005, 1) & 1) != 0)
        {
            text.Append((char)guest.Read(0x1000_0000, 1));
        }

        guest.Write(0x0c20_1004, 10);
        Assert.That(text.ToString(), Is.EqualTo("ls\n"));
        Assert.That(guest.Bus->ExternalInterruptPending(0), Is.False);
        Assert.That(guest.ServeInterrupts(), Is.False);
    }

    [Test]
    public void PastedTextIsNotLost()
    {
        using var guest = new TestGuest();
        guest.Write(0x1000_0002, 1, 1);
        var text = new string([.. Enumerable.Range(0, 5000).Select(i => (char)('a' + (i % 26)))]);
        guest.Machine.Type(text);
        var read = new StringBuilder();
        for (var i = 0; i < 20000 && read.Length < text.Length; i++)
        {
            guest.ServeInterrupts();
            if ((guest.Read(0x1000_0005, 1) & 1) != 0)
            {
                read.Append((char)guest.Read(0x1000_0000, 1));
            }
        }

        Assert.That(read.ToString(), Is.EqualTo(text));
    }

    [Test]
    public void AGuestThatStartsAgainGetsInputWhateverItLeftUnread()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        guest.Machine.Type(new string('x', 3000));
        guest.ServeAll();

        Assert.That(guest.Bus->ResetAll(ref host), Is.True);
        var read = new StringBuilder();
        for (var i = 0; i < 6000; i++)
        {
            guest.ServeInterrupts();
            if ((guest.Read(0x1000_0005, 1) & 1) != 0)
            {
                read.Append((char)guest.Read(0x1000_0000, 1));
            }
        }

        guest.Machine.Type("login");
        for (var i = 0; i < 10; i++)
        {
            guest.ServeInterrupts();
            if ((guest.Read(0x1000_0005, 1) & 1) != 0)
            {
                read.Append((char)guest.Read(0x1000_0000, 1));
            }
        }

        Assert.That(read.ToString(), Is.EqualTo("login"));
    }

    [Test]
    public void InputGoesOnToTheGuestThatGetsTheFocus()
    {
        using var guest = new TestGuest(guests: 2);
        var host = guest.Machine.Host;
        guest.Machine.Type("x");
        guest.ServeInterrupts();
        guest.Console->SetFocus(ref host, 1);
        guest.Machine.Type("y");
        guest.ServeAll();

        Assert.That(guest.Console->TakeInput(1), Is.EqualTo('y'));
        guest.Console->SetFocus(ref host, 2);
        Assert.That(guest.Console->Focus, Is.EqualTo(1), "a guest that is not there");
    }

    /// <summary>It reads nothing, and more is typed than it has room for; then another is chosen, or gets the focus because this one has ended.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public void InputGoesOnAtTheNextGuestWhereTheLastHasNoRoom(bool ended)
    {
        using var guest = new TestGuest(guests: 2);
        var host = guest.Machine.Host;
        guest.Machine.Type(new string('x', GuestConsole.InputCapacity + 1000));
        guest.ServeAll();

        if (ended)
        {
            Assert.That(guest.Console->PassFocus(ref host, 0, 1), Is.True);
        }
        else
        {
            guest.Console->SetFocus(ref host, 1);
        }

        guest.Machine.Type("login");
        guest.ServeAll();

        Assert.That(guest.Typed(1), Is.EqualTo("login"));
        Assert.That(guest.Typed(0), Is.EqualTo(new string('x', GuestConsole.InputCapacity)), "its room was used up");
    }

    [Test]
    public void ABreakReachesTheGuestBehindWhatWasTypedBeforeIt()
    {
        using var guest = new TestGuest();
        guest.Write(0x1000_0002, 1, 1);
        guest.Machine.Type("ab");
        guest.Machine.Break();
        guest.Machine.Type("c");
        guest.ServeInterrupts();
        var seen = new StringBuilder();
        for (var status = guest.Read(0x1000_0005, 1); (status & 1) != 0; status = guest.Read(0x1000_0005, 1))
        {
            var value = guest.Read(0x1000_0000, 1);
            seen.Append((status & 0x10) != 0 ? $"[break {value}]" : $"{(char)value}");
        }

        Assert.That(seen.ToString(), Is.EqualTo("ab[break 0]c"));
        guest.Machine.Break();
        guest.ServeInterrupts();
        var host = guest.Machine.Host;
        Assert.That(guest.Bus->ConsoleRead(ref host), Is.Zero, "an SBI call knows no break");
        Assert.That(guest.Bus->ConsoleRead(ref host), Is.EqualTo(-1));
    }

    [Test]
    public void ATerminalThatStopsDoesNotStopTheMachine()
    {
        using var guest = new TestGuest();
        guest.Machine.UartStalled = true;
        Print(guest, 0, new string('x', 40));
        guest.Machine.UartStalled = false;
        Print(guest, 0, "back");
        guest.ServeAll();

        Assert.That(guest.Output, Is.EqualTo(new string('x', 40) + "back"));
    }

    [Test]
    public void SBIConsoleCallsShareTheTerminal()
    {
        using var guest = new TestGuest();
        var host = guest.Machine.Host;
        guest.Bus->ConsoleWrite(ref host, (byte)'a');
        Assert.That(guest.Output, Is.EqualTo("a"));
        Assert.That(guest.Bus->ConsoleRead(ref host), Is.EqualTo(-1));
        guest.Machine.Type("bc");
        guest.ServeInterrupts();
        Assert.That(guest.Bus->ConsoleRead(ref host), Is.EqualTo('b'));
        Assert.That(guest.Bus->ConsoleRead(ref host), Is.EqualTo('c'));
        Assert.That(guest.Bus->ConsoleRead(ref host), Is.EqualTo(-1));
    }

    private static void Print(TestGuest guest, int number, string text)
    {
        var host = guest.Machine.Host;
        foreach (var b in Encoding.ASCII.GetBytes(text))
        {
            guest.Console->Output(ref host, number, b);
        }
    }
}
