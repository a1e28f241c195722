using System;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Commands;

namespace Rvirt.Tests.SystemTests;

/// <summary>gdb-multiarch in a guest's kernel, which is Debian's, by what that kernel says of its symbols: as docs/debugging.md has it.</summary>
[TestFixture(Firmware.Stub, Category = "System,Image")]
[TestFixture(Firmware.Resident, Category = "System,Image")]
[TestFixture(Firmware.Sbi, Category = "System,Image")]
public sealed class GuestDebuggerTests(Firmware firmware)
{
    private static readonly string s_tool = typeof(RunCommand).Assembly.Location;

    [Test]
    public void ABreakpointInAKernelBySymbol()
    {
        using var folder = new TemporaryFolder();
        string[] environment = ["-u", "RVIRT_SETTINGS", $"XDG_RUNTIME_DIR={folder.File("run")}"];
        (int Status, string Output) Tool(params string[] words) => Commands.Run("env", [.. environment, "dotnet", s_tool, .. words], TimeSpan.FromMinutes(2));
        Assert.That(Repository.Image(firmware), Is.Not.Empty);
        var blob = GuestMachine.PackBlob(folder, [new GuestSpec("web", Repository.Kernel, Repository.Initrd, "console=ttyS0 panic=1", 256 << 20, 2, [])]);
        string[] extra = firmware == Firmware.Resident ? ["--qemu-extra", "-append rvirt.mode=resident"] : [];
        using var terminal = new Terminal([.. environment, "dotnet", s_tool, "run", blob, "--disk", folder.Write("disk", new byte[1 << 20]), "--vcpus", "2", "--ssh-port", $"{HostPorts.Free()}", "--firmware", firmware == Firmware.Sbi ? "sbi" : "stub", .. extra]);
        terminal.Expect("rvirt-guest: no disk, shell in the initramfs");

        // Somebody opens a file now and then, whenever gdb looks.
        terminal.Type("(while :; do cat /proc/uptime; sleep 0.2; done) >/dev/null 2>&1 &\n");
        terminal.Type("grep -E ' (do_sys_openat2|do_sys_open)$' /proc/kallsyms; echo that was'' all\n");
        terminal.Expect("that was all");
        var list = folder.Write("kallsyms", Encoding.ASCII.GetBytes(string.Join('\n', Regex.Matches(terminal.Text, "[0-9a-f]{16} [tT] [a-z0-9_]+").Select(line => line.Value))));
        var symbols = folder.File("kernel.elf");
        var (status, output) = Tool("symbols", list, symbols);
        Assert.That(status, Is.Zero, output);
        string[] steps =
        [
            "set remotetimeout 600", $"file {symbols}", $"target remote | dotnet {s_tool} gdb web", "info threads", "break do_sys_openat2", "continue", "print/x $pc", "stepi", "stepi", "stepi",
            "print/x $pc", "continue", "print $satp != 0", "x/i $pc", "monitor mem web 0x80200000 8", "detach",
        ];
        (status, output) = Commands.Run("env", [.. environment, "gdb-multiarch", "-q", "-batch", "-nx", .. steps.SelectMany(step => new[] { "-ex", step })], TimeSpan.FromMinutes(5));
        Assert.That(status, Is.Zero, output);
        Assert.Multiple(() =>
        {
            Assert.That(output, Does.Match(@"\n[* ] 1 +Thread 1 .*\n[* ] 2 +Thread 2 "), "a thread for each hart");
            Assert.That(output, Does.Match(@"(?s)hit Breakpoint 1, 0x\w+ in do_sys_openat2 \(\).*hit Breakpoint 1, 0x\w+ in do_sys_openat2 \(\)"), "and again");
            Assert.That(output, Does.Match(@"\$3 = 1\n=> 0x\w+ <do_sys_openat2(\+\d+)?>:\t(?!ebreak|c\.ebreak)"), "its own instruction stands there for who looks");
            Assert.That(output, Does.Match(@"  0x0000000080200000 +0x\w+\s+rvirt: ok"));
        });
        var pcs = output.Split('\n').Where(line => line.StartsWith('$') && line.Contains(" = 0x", StringComparison.Ordinal)).Select(line => Convert.ToUInt64(line[(line.IndexOf('=', StringComparison.Ordinal) + 2)..], 16)).ToArray();
        Assert.That(pcs, Has.Length.EqualTo(2));
        Assert.That(pcs[1] - pcs[0], Is.InRange(3 * 2, 3 * 4), "three instructions of a function's beginning");

        // It goes on as if nothing had been.
        terminal.Type("dmesg | grep -ciE 'oops|bug:|call trace|unexpected'; echo and''more\n");
        terminal.Expect("0\r\nandmore");
        (status, output) = Tool("monitor", "guests");
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Match("  0  web +running "));
        Assert.That(Tool("monitor", "shutdown").Status, Is.Zero);
        Assert.That(terminal.Status, Is.Zero);
    }
}
