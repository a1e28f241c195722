using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>The monitor over the serial line, as a person uses it: every command, on two guests that each run on a hart of their own.</summary>
[TestFixture(Firmware.Stub, Category = "System,Image")]
[TestFixture(Firmware.Resident, Category = "System,Image")]
[TestFixture(Firmware.Sbi, Category = "System,Image")]
public sealed class MonitorLineTests(Firmware firmware)
{
    private const string Escape = "\x1d";

    private TemporaryFolder _folder = null!;
    private QemuMachine _qemu = null!;
    private byte[] _payload = [];

    [SetUp]
    public void Start()
    {
        _folder = new TemporaryFolder();
        var payload = BareProgram.Build(_folder, "talk-payload.S", 0x80200000);
        _payload = Loaded(File.ReadAllBytes(payload));
        var blob = GuestMachine.PackBlob(_folder, [new GuestSpec("web", payload, null, "", 64 << 20, 1, []), new GuestSpec("db", payload, null, "", 32 << 20, 1, [])]);
        _qemu = QemuMachine.Start([.. GuestMachine.Rvirt(firmware, blob, memory: 384, harts: 2)], TimeSpan.FromSeconds(120));
        _qemu.ExpectAnywhere(@"\[web\] ready\r\n", 60);
        _qemu.ExpectAnywhere(@"\[db\] ready\r\n", 60);
        _qemu.Send(Escape + "m");
        _qemu.Expect(@"--- monitor \(last \d+ bytes, 0 lost\) ---\r\nrvirt> ", 30);
    }

    [TearDown]
    public void Stop()
    {
        _qemu.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void EveryCommandAnswers()
    {
        var commands = Ask("help").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]).ToArray();
        Assert.That(commands, Is.SupersetOf(["help", "guests", "trace", "shutdown"]));
        Assert.That(Ask("help walk"), Has.Length.EqualTo(1).And.Some.Contains("ADDRESS"));
        Assert.That(Ask("version").Single(), Does.Match(@"^  Rvirt \d+\.\d+\.\d+$"));

        Assert.That(Ask("guests")[1], Does.Match(@"^  0  web +running +1 +64 MiB +own +\d+\.\d % +1  00:0\d:\d\d +\d+$"));
        Assert.That(Ask("guests")[2], Does.Match(@"^  1  db +running +1 +32 MiB +own +[1-9]\d*\.\d % +1  00:0\d:\d\d +[1-9]\d*$"), "it polls its UART");
        Assert.That(Ask("vcpus db")[1], Does.Match(@"^  0  loaded +1  S +0x00000000802000[0-9a-f]{2}  started +[1-9]\d* +0$"));
        // Whichever hart booted is the first.
        Assert.That(string.Join('\n', Ask("cores")[1..]), Does.Match(@"^  0  ([01]) +web\.0 +busy +1\n  1  (?!\1)[01] +db\.0 +busy +1$"));

        var mmio = Mmio();
        Assert.That(mmio, Is.Positive);
        Patience.Until(() => Mmio() > mmio, "it polls on");
        Assert.That(Ask("stats db -r"), Is.Empty);

        var registers = string.Join('\n', Ask("regs db"));
        Assert.That(registers, Does.Match(@"  pc       0x00000000802000[0-9a-f]{2} \(S\)\n").And.Match(@"  s0   0x0000000010000000 "), "the other hart's, where the UART's address is");
        Assert.That(string.Join('\n', Ask("regs web.0")), Does.Match(@"  s0   0x0000000010000000 "));
        Assert.That(Ask("walk db 0x80200000"), Is.EqualTo(["  translation is off"]));
        Assert.That(Ask("mem db 0x80200000 16"), Is.EqualTo([$"  0x0000000080200000  0x{Word(0):x16} 0x{Word(8):x16}"]));
        Assert.That(Ask("shadow db")[0], Does.Match(@"^  tables +[1-9]\d* live of 512, [1-9]\d* made$"));
        Assert.That(Ask("devices db"), Has.Length.EqualTo(1), "it has none");

        Assert.That(Ask("trace 1"), Is.Empty, "nothing is noted down");
        Assert.That(Ask("trace on"), Is.Empty);
        Patience.Until(() => Ask("trace 1 32").Length == 32, "the guest polls its UART");
        var traps = Ask("trace 1 32");
        Assert.That(traps, Has.Some.Match(@"^  time \d+ pc 0x802000[0-9a-f]{2} load page fault value 0x10000005$"));
        Assert.That(Ask("trace off"), Is.Empty);

        Assert.That(Answer("reset db"), Is.EqualTo("rvirt: error: reset: no command of that name; help names all"));
        Assert.That(Ask("escape"), Is.EqualTo(["  Ctrl-]"]));
        Assert.That(Ask("escape ^T"), Is.Empty);
        _qemu.Send("focus db\r");
        _qemu.Expect(@"--- db \(last 0 bytes, 0 lost\) ---\r\n", 30);
        _qemu.Send($"one{Escape}\r");
        _qemu.Expect("<one\x1d>\r\n", 30);
        _qemu.Send("\x14m");
        _qemu.Expect(@"--- monitor \(last \d+ bytes, 0 lost\) ---\r\n", 30);
        _qemu.Send("\r");
        _qemu.Expect("rvirt> ", 30);
        _qemu.Send("shutdown\r");
        _qemu.Expect("type the name again: ", 30);
        _qemu.Send("shutdown\r");
        _qemu.Expect("rvirt: ok\r\n", 30);
        Assert.That(_qemu.WaitForExit(30), Is.Zero, _qemu.Describe);
    }

    /// <summary>A guest's life, while its neighbour goes on.</summary>
    [Test]
    public void AGuestIsPausedKilledAndStartedAgain()
    {
        void Becomes(string state) => Patience.Until(() => Ask("guests")[2].Contains($" {state} ", StringComparison.Ordinal), state);
        Assert.That(Answer("resume db"), Is.EqualTo("rvirt: error: db: is running"));
        Assert.That(Answer("share db 200"), Is.EqualTo("rvirt: error: db: has harts to itself"));
        Assert.That(Ask("pause db"), Is.Empty);
        Becomes("paused");
        Assert.That(string.Join('\n', Ask("vcpus db")), Does.Contain("parked"));
        var registers = string.Join('\n', Ask("regs db"));
        Assert.That(string.Join('\n', Ask("regs db")), Is.EqualTo(registers), "it stands still");
        Assert.That(Ask("resume db"), Is.Empty);
        Becomes("running");
        _qemu.Send("restart db\r");
        _qemu.Expect("type the name again: ", 30);
        _qemu.Send("db\r");
        _qemu.Expect("rvirt: ok\r\n", 30);
        Patience.Until(() => Regex.IsMatch(Ask("guests")[2], " running .* 2  00:0"), "it has begun again");
        Assert.That(Ask("!kill db"), Is.Empty);
        Patience.Until(() => Ask("guests")[2].Contains("stopped: by request", StringComparison.Ordinal), "it has ended");
        Assert.That(Answer("pause db"), Is.EqualTo("rvirt: error: db: has stopped"));
        Assert.That(Ask("start db"), Is.Empty);
        Becomes("running");
        _qemu.Send($"{Escape}1hello\r");
        _qemu.Expect("<hello>\r\n", 30);
        _qemu.Send($"{Escape}0hello\r");
        _qemu.Expect("<hello>\r\n", 30);
    }

    /// <summary>The line of a terminal: history, completion, and an answer that is far longer than what goes out at once.</summary>
    [Test]
    public void ALineIsEditedAndALongAnswerIsWhole()
    {
        _qemu.Send("xvers\u0001\u0004\u0005\t\r");
        _qemu.Expect(@"  Rvirt \d+\.\d+\.\d+\r\nrvirt: ok\r\nrvirt> ", 30);
        _qemu.Send("\u001b[A\r");
        _qemu.Expect(@"version \r\n  Rvirt \d+\.\d+\.\d+\r\nrvirt: ok\r\nrvirt> ", 30);
        var lines = Ask("mem web 0x80200000 16384");
        Assert.That(lines, Has.Length.EqualTo(512));
        Assert.That(lines.Select((line, n) => line.StartsWith($"  0x{0x8020_0000 + (32 * n):x16}  0x{Word(32 * n):x16} ", StringComparison.Ordinal)), Is.All.True);

        // The guests have gone on meanwhile, and the monitor is still there.
        _qemu.Send($"{Escape}1hello\r");
        _qemu.Expect("<hello>\r\n", 30);
    }

    // What an ELF file loads first: its first segment of type 1 (ELF-64 object file format, program header).
    private static byte[] Loaded(byte[] elf)
    {
        var header = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(32));
        while (BinaryPrimitives.ReadUInt32LittleEndian(elf.AsSpan(header)) != 1)
        {
            header += 56;
        }

        return elf.AsSpan((int)BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(header + 8)), (int)BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(header + 32))).ToArray();
    }

    private ulong Word(int at) => at + 8 <= _payload.Length ? BinaryPrimitives.ReadUInt64LittleEndian(_payload.AsSpan(at)) : 0;

    private ulong Mmio() => ulong.Parse(Regex.Match(string.Join('\n', Ask("stats db")), @"mmio +(\d+)").Groups[1].Value, CultureInfo.InvariantCulture);

    // What a command says, without its last line, which is that all went well.
    private string[] Ask(string command)
    {
        var lines = Exchange(command);
        Assert.That(lines[^1], Is.EqualTo("rvirt: ok"), command);
        return lines[..^1];
    }

    private string Answer(string command) => Exchange(command)[^1];

    private string[] Exchange(string command)
    {
        _qemu.Send(command + "\r");
        var answer = _qemu.Expect($@"(?:^|\n|> ){Regex.Escape(command)}\r\n(?s:(.*?))(rvirt: (ok|error: [^\r\n]*))\r\nrvirt> ", 60);
        // A message of the hypervisor's can come between any two lines.
        return [.. answer.Groups[1].Value.Split("\r\n").SkipLast(1).Where(line => !line.StartsWith("rvirt: ", StringComparison.Ordinal)), answer.Groups[2].Value];
    }
}
