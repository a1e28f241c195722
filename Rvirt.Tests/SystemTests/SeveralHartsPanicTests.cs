using System;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// A bug that each of three harts meets within microseconds: the debugger plants an instruction that does not exist where the devices of guests are emulated, whose guests do nothing but
/// print. The hart that meets it first reports it, and no other one comes between.
/// </summary>
[TestFixture(Firmware.Stub, Category = "System,Image")]
[TestFixture(Firmware.Resident, Category = "System,Image")]
[TestFixture(Firmware.Sbi, Category = "System,Image")]
public sealed class SeveralHartsPanicTests(Firmware firmware)
{
    private const int Harts = 3;
    private const string File = HypervisorDebugger.UartSource;

    [Test]
    public void OneReportIsPrintedAndEndsTheMachine()
    {
        var line = HypervisorDebugger.UartLine;
        Assert.That(line, Is.Positive);
        using var folder = new TemporaryFolder();
        var program = BareProgram.Build(folder, "printer-payload.S", 0x8000_0000);
        var blob = GuestMachine.PackBlob(folder, [.. Enumerable.Range(0, Harts).Select(i => new GuestSpec($"guest{i}", program, null, "", 16 << 20, 1, []))]);
        var socket = folder.File("gdb");
        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(firmware, blob, memory: 512, harts: Harts), "-S", "-gdb", $"unix:{socket},server=on,wait=off"], TimeSpan.FromSeconds(240));
        UnixSockets.AwaitListener(socket, qemu.Process);
        // Each hart, which the debugger calls a thread, is waited for, however long it takes to get there.
        var threads = Enumerable.Range(1, Harts);
        string[] steps = [.. threads.Select(i => $"tbreak {File}:{line} thread {i}"), .. threads.Select(_ => "continue"), "info vcpu", "set {short}$pc = 0", "delete", "detach"];
        var debugger = HypervisorDebugger.Run(firmware, socket, steps, TimeSpan.FromSeconds(180));
        var status = qemu.WaitForExit(120);
        var serial = qemu.Serial;
        Assert.That(Regex.Matches(debugger, $@"hit Temporary breakpoint \d, .*{Regex.Escape(File)}:{line}"), Has.Count.EqualTo(Harts), debugger);
        Assert.That(Regex.Matches(debugger, firmware == Firmware.Resident ? "hart [0-2]: its guest is resident, " : "hart [0-2]: in the (guest|hypervisor), guest mode "), Has.Count.EqualTo(Harts), debugger);
        Assert.That(status, Is.EqualTo(2), "the status that only a panic has\n" + serial);
        var reports = Regex.Matches(serial, "rvirt: panic: ");
        Assert.That(reports, Has.Count.EqualTo(1), serial);
        var report = serial[reports[0].Index..];
        Assert.That(report, Does.Match(@"^rvirt: panic: the hypervisor trapped: scause 0x2 sepc 0x80[0-9a-f]{6} stval 0x[0-9a-f]+ [ms]status 0x[0-9a-f]+\s"));
        Assert.That(report.Split('\n').Select(text => text.Trim()).Where(text => text.Length > 0), Is.All.StartsWith("rvirt: "), "no guest prints any more, and nobody else");
        Assert.That(Regex.Matches(report, @"rvirt:  ( (ra|sp|gp|tp|[ast]\d+) +0x[0-9a-f]+)+"), Has.Count.EqualTo(8), "31 registers");
        Assert.That(report, Does.Match("rvirt: calls:( 0x[0-9a-f]+)+"));
    }
}
