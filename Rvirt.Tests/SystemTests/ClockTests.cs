using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>A guest's real-time clock is the board's: the same program asks both for all they do.</summary>
[Category("System,Image")]
public sealed class ClockTests
{
    // All answers of the board's clock and interrupt controller to the steps of clock-payload.S that are not plainly zero.
    private static readonly (int Step, uint Answer)[] _marks =
    [
        (9, 0x12345678), (10, 0x12345678), (11, 0x23456789), (16, 1), (20, 1), (21, 0x89abcdef), (29, 1), (30, 11), (32, 1), (42, 1), (43, 11), (46, 0x10000000),
    ];

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void EveryAnswerIsAsOnTheBoard(Firmware firmware)
    {
        var board = OfTheBoard();
        Assert.That(board, Has.Count.EqualTo(54));
        Assert.That(_marks.Where(mark => board[mark.Step] != mark.Answer), Is.Empty, "the program asks what it means to ask");
        Assert.That(Run(firmware), Is.EqualTo(board));
    }

    /// <summary>The answers of QEMU's board.</summary>
    internal static List<uint> OfTheBoard() => Run(Firmware.Native);

    /// <summary>The answers that the program has printed.</summary>
    internal static List<uint> In(string output) =>
        [.. Regex.Matches(output, "^[0-9a-f]{8} ([0-9a-f]{8})\\r?$", RegexOptions.Multiline).Select(line => Convert.ToUInt32(line.Groups[1].Value, 16))];

    private static List<uint> Run(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "clock-payload.S", firmware == Firmware.Native ? 0x8000_0000UL : 0x8020_0000);
        string[] start = firmware == Firmware.Native
            ? ["-m", "256M", "-bios", "none", "-kernel", payload]
            : [.. GuestMachine.Rvirt(firmware, payload, memory: 256)];
        using var qemu = QemuMachine.Start([.. start, "-cpu", "rv64,h=off,sstc=off"], TimeSpan.FromMinutes(3));
        Assert.That(qemu.WaitForExit(170), Is.Zero, qemu.Describe);
        return In(qemu.Serial);
    }
}
