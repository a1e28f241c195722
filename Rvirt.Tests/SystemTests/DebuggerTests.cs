using System;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// The hypervisor under gdb-multiarch, as <c>make qemu-gdb</c> and <c>make gdb</c> set it up, and what it prints when it meets a bug:
/// the debugger plants one, an instruction that does not exist, in the middle of a device access.
/// </summary>
[TestFixture(Firmware.Stub, Category = "System,Image")]
[TestFixture(Firmware.Sbi, Category = "System,Image")]
public sealed class DebuggerTests(Firmware firmware)
{
    private const string File = HypervisorDebugger.UartSource;
    private int _line;
    private string _debugger = "";
    private string _serial = "";
    private int _status;

    [OneTimeSetUp]
    public void PlantABug()
    {
        _line = HypervisorDebugger.UartLine;
        Assert.That(_line, Is.Positive);
        using var folder = new TemporaryFolder();
        var socket = folder.File("gdb");
        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(firmware, Repository.UBootElf, memory: 512), "-S", "-gdb", $"unix:{socket},server=on,wait=off"], TimeSpan.FromSeconds(120));
        UnixSockets.AwaitListener(socket, qemu.Process);
        string[] steps =
        [
            $"break {File}:{_line}", "continue", "set $stvec = (unsigned long)&rvirt_trace_vector", "ignore 1 30", "continue", "backtrace", "list", "info vcpu",
            "set {short}$pc = 0", "delete", "detach",
        ];
        _debugger = HypervisorDebugger.Run(firmware, socket, steps, TimeSpan.FromSeconds(90));
        _status = qemu.WaitForExit(60);
        _serial = qemu.Serial;
    }

    [Test]
    public void StopsAtALineOfCSharpAndListsIt() => Assert.Multiple(() =>
    {
        Assert.That(_debugger, Does.Match($@"Breakpoint 1, .*{Regex.Escape(File)}:{_line}"));
        Assert.That(_debugger, Does.Match($@"\n{_line}\t.*_uart\.Write\("));
    });

    [Test]
    public void ShowsTheCallsInCSharp() =>
        Assert.That(_debugger, Does.Match($@"(?s)#0 .*{Regex.Escape(File)}:\d+.*#\d+ .*TrapDispatch.*\.\w+PageFault .*cause=(15|7).*TrapDispatch\.cs:\d+.*rvirt_trap_vector"));

    [Test]
    public void ShowsWhatTheGuestDoes() => Assert.Multiple(() =>
    {
        Assert.That(_debugger, Does.Match(@"hart 0: in the hypervisor, guest mode S, pc 0x[89][0-9a-f]{7}\b"));
        Assert.That(_debugger, Does.Match(@"a0 0x[0-9a-f]+ .*a1 0x1000000[0-7]|a[0-7] 0x1000000[0-7]"), "the UART's address in a register of U-Boot's");
        Assert.That(_debugger, Does.Match(@"traps: emulated [1-9]\d*  sbi-calls \d+  page-faults [1-9]\d*  mmio [1-9]\d*  exceptions \d+  interrupts \d+  host-interrupts \d+  timers-set \d+\n"));
    });

    [Test]
    public void ABugEndsTheMachineWithAReport() => Assert.Multiple(() =>
    {
        Assert.That(_serial, Does.Match("rvirt: panic: the hypervisor trapped: scause 0x2 sepc 0x80[0-9a-f]{6} stval 0x[0-9a-f]+ sstatus 0x[0-9a-f]+"));
        Assert.That(Regex.Matches(_serial, @"rvirt:  ( (ra|sp|gp|tp|[ast]\d+) +0x[0-9a-f]+)+"), Has.Count.EqualTo(8), "31 registers");
        Assert.That(_status, Is.EqualTo(2), "the status that only a panic has");
    });

    /// <summary>The debugger has turned tracing on, as the monitor does it, after the first characters that the guest printed.</summary>
    [Test]
    public void TheReportHasTheLastTraps()
    {
        var lines = Regex.Matches(_serial, @"rvirt: trace of hart 0: time (\d+) pc 0x([89][0-9a-f]{7}) ([^\r\n]*)");
        Assert.That(lines, Has.Count.EqualTo(16), _serial);
        Assert.That(lines.Select(line => ulong.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture)), Is.Ordered);
        Assert.That(lines[^1].Groups[3].Value, Is.EqualTo("store page fault value 0x10000000"), "the one that the bug was planted in");
        Assert.That(lines.Select(line => line.Groups[3].Value), Is.SupersetOf(["load page fault value 0x10000005"]), "the guest asks whether there is room");
        Assert.That(_debugger, Does.Contain($"pc 0x{lines[^1].Groups[2].Value}"), "where the debugger saw the guest");
    }

    [Test]
    public void TheReportNamesTheCallsInCSharp()
    {
        var calls = Regex.Match(_serial, "rvirt: calls:((?: 0x[0-9a-f]+)+)");
        Assert.That(calls.Success, Is.True, _serial);
        var addresses = calls.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var (status, names) = Commands.Run("llvm-symbolizer-19", ["-e", Repository.Image(firmware), .. addresses]);
        Assert.That(status, Is.Zero, names);
        var files = Regex.Matches(names, @"([A-Za-z.]+\.(cs|S)):(\d+)").Select(match => match.Groups[1].Value + ":" + match.Groups[3].Value).ToList();
        Assert.That(files[0], Is.EqualTo($"{File}:{_line}"), names);
        Assert.That(files.Select(file => file.Split(':')[0]), Is.SupersetOf(["DeviceAccess.cs", "TrapHandler.cs", "TrapDispatch.cs"]), names);
    }
}
