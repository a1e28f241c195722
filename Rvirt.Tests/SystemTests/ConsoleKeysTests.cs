using System;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Several guests' consoles over one serial line, as a person at a terminal uses them.</summary>
[Category("System"), Category("Image")]
public sealed class ConsoleKeysTests
{
    private const string Escape = "\x1d";

    private static QemuMachine Start(TemporaryFolder folder, Firmware firmware, int guests, string append = "")
    {
        var payload = BareProgram.Build(folder, "talk-payload.S", 0x80200000);
        var blob = GuestMachine.PackBlob(
            folder, [.. Enumerable.Range(0, guests).Select(i => new Rvirt.Tool.Blobs.GuestSpec(i == 0 ? "web" : "db", payload, null, "", 64 << 20, 1, []))]);
        return QemuMachine.Start([.. GuestMachine.Rvirt(firmware, blob, memory: 384, harts: guests), "-append", append], TimeSpan.FromSeconds(120));
    }

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void TheFocusMovesBetweenTwoGuests(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        using var qemu = Start(folder, firmware, 2);
        qemu.ExpectAnywhere(@"\[web\] ready\r\n", 60);
        qemu.Expect(@"\[db\] ready\r\n", 60);
        qemu.Send("one\r");
        qemu.Expect(@"\[web\] <one>\r\n", 30);

        qemu.Send(Escape + "1");
        qemu.Expect(@"--- db \(last 0 bytes, 0 lost\) ---\r\n", 30);
        qemu.Send($"two{Escape}{Escape}\r");
        qemu.Expect("^<two\x1d>\r\n", 30);

        // What is not shown is kept.
        qemu.Send($"{Escape}0three\r");
        qemu.Expect(@"--- web \(last 0 bytes, 0 lost\) ---\r\n<three>\r\n", 30);
        qemu.Send($"{Escape}nfour\r");
        qemu.Expect(@"--- db \(last 0 bytes, 0 lost\) ---\r\n<four>\r\n", 30);
        qemu.Send($"{Escape}0Flood\r{Escape}1five\r");
        qemu.Expect(@"--- db \(last 0 bytes, 0 lost\) ---\r\n<five>\r\n", 30);
        qemu.Send($"{Escape}p");
        qemu.Expect(@"--- web \(last \d+ bytes, \d+ lost\) ---\r\n", 30);
        qemu.Expect(@"filler\r\n<Flood>\r\n", 30);

        qemu.Send(Escape + "?");
        qemu.Expect("--- keys after Ctrl-]: .*---\r\n---   0 web: has the focus ---\r\n---   1 db ---\r\n", 30);
        qemu.Send($"{Escape}asix\r");
        qemu.Expect("--- all guests; input goes to web ---\r\n", 30);
        qemu.Expect(@"\[web\] <six>\r\n", 30);
        qemu.Send($"Q\r{Escape}1Q\r");
        Assert.That(qemu.WaitForExit(30), Is.Zero, qemu.Describe);
        Assert.That(qemu.Serial, Does.Contain("rvirt: guest web powered off\r\n").And.Contain("rvirt: guest db powered off\r\n"));
    }

    /// <summary>The guest reads nothing any more, and its UART is full: the keys of the console work all the same, and what was typed waits.</summary>
    [Test]
    public void AGuestThatHangsKeepsNobodyFromTheOthers()
    {
        using var folder = new TemporaryFolder();
        using var qemu = Start(folder, Firmware.Stub, 2);
        qemu.ExpectAnywhere(@"\[web\] ready\r\n", 60);
        qemu.Expect(@"\[db\] ready\r\n", 60);
        qemu.Send("Hang\r");
        qemu.Send(new string('x', 3000));
        qemu.Send($"{Escape}1hello\r");
        qemu.Expect(@"<hello>\r\n", 60);
    }

    /// <summary>With one guest the line is its own but for the escape, which the host's command line chooses.</summary>
    [TestCase("", ']', 'X')]
    [TestCase("quiet rvirt.escape=^X", 'X', ']')]
    public void OneGuestHasTheLineToItself(string append, char escapeLetter, char otherLetter)
    {
        // The letters of Ctrl-] and Ctrl-X: a test whose name has the keys themselves is left out where a filter chooses tests.
        var (escape, other) = ((char)(escapeLetter & 0x1f), (char)(otherLetter & 0x1f));
        using var folder = new TemporaryFolder();
        using var qemu = Start(folder, Firmware.Stub, 1, append);
        qemu.Expect("ready\r\n", 60);
        qemu.Send($"\x01\t\x7f{other}{escape}{escape}\r");
        qemu.Expect($"^<\x01\t\x7f{other}{escape}>\r\n", 30);
        qemu.Send($"{escape}m");
        qemu.Expect(@"--- monitor \(.*---\r\nrvirt> ", 30);
        qemu.Send($"{escape}m");
        qemu.Expect(@"--- web \(.*---\r\n", 30);
        qemu.Send("Q\r");
        Assert.That(qemu.WaitForExit(30), Is.Zero, qemu.Describe);
    }

    /// <summary>What a guest prints faster than it goes out is all there at the end: the machine ends when it was sent.</summary>
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void AFloodEndsWhole(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        using var qemu = Start(folder, firmware, 1);
        qemu.Expect("ready\r\n", 60);
        qemu.Send("Flood\rQ\r");
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        Assert.That(qemu.Serial, Does.Contain("filler\r\n<Flood>\r\n").And.EndWith("rvirt: guest web powered off\r\n"));
    }
}
