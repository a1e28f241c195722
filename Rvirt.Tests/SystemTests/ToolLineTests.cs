using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using NUnit.Framework;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Commands;

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

    private (int Status, string Output) Tool(params string[] words) => Commands.Run("env", Words(words));

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
    public void People_and_scripts_drive_guests_through_one_line()
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
        Assert.That(Tool("[suggest:14]", "rvirt console ").Output, Does.Contain("web\n").And.Contain("db\n"), "guests complete too");

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

        Tool("monitor", "shutdown");
        Assert.That(first.Status, Is.Zero, "as the machine ends");
    }

    [Test]
    public void QEMUs_own_keys_end_it() => EndsBy(terminal => terminal.Type("\u0001x"), 0);

    [Test]
    public void A_signal_ends_QEMU_too() => EndsBy(terminal => Commands.Run("kill", ["-TERM", $"{terminal.Process.Id}"]), 0);

    [Test]
    public void QEMU_does_not_outlive_its_terminal() => EndsBy(terminal => Commands.Run("kill", ["-KILL", $"{terminal.Process.Id}"]), 128 + 9);

    private void EndsBy(Action<Terminal> end, int status)
    {
        var terminal = Boot();
        var qemu = File.ReadAllText($"/proc/{terminal.Process.Id}/task/{terminal.Process.Id}/children").Trim();
        Assert.That(File.ReadAllText($"/proc/{qemu}/cmdline"), Does.StartWith("qemu-system-riscv64\0").And.Contain(_blob));
        end(terminal);
        Assert.That(terminal.Status, Is.EqualTo(status));
        Patience.Until(() => !Path.Exists($"/proc/{qemu}"), "QEMU has ended");
    }

    // A program with pipes for a keyboard and a screen.
    private sealed class Terminal : IDisposable
    {
        private readonly StringBuilder _screen = new();
        private int _seen;

        public Terminal(string[] words)
        {
            Process = Process.Start(new ProcessStartInfo("env", words) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            _ = Process.StandardOutput.BaseStream.CopyToAsync(new Screen(_screen));
        }

        public Process Process { get; }

        public int Status
        {
            get
            {
                Patience.Until(() => Process.HasExited, "the program ends");
                return Process.ExitCode;
            }
        }

        public void Type(string text)
        {
            Process.StandardInput.BaseStream.Write(Encoding.ASCII.GetBytes(text));
            Process.StandardInput.BaseStream.Flush();
        }

        public bool Shows(string text)
        {
            lock (_screen)
            {
                return _screen.ToString().Contains(text, StringComparison.Ordinal) || (Process.HasExited ? throw new AssertionException($"it ended without {text}:\n{_screen}") : false);
            }
        }

        /// <summary>Waits for what comes behind what was waited for before.</summary>
        public void Expect(string text) => Patience.Until(
            () =>
            {
                lock (_screen)
                {
                    var at = _screen.ToString().IndexOf(text, _seen, StringComparison.Ordinal);
                    _seen = at < 0 ? _seen : at + text.Length;
                    return at >= 0 || (Process.HasExited ? throw new AssertionException($"it ended without {text}:\n{_screen}") : false);
                }
            },
            text);

        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill(entireProcessTree: true);
                Process.WaitForExit();
            }

            Process.Dispose();
        }
    }

    private sealed class Screen(StringBuilder text) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (text)
            {
                text.Append(Encoding.Latin1.GetString(buffer, offset, count));
            }
        }
    }
}
