using System;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Linux's early console, which prints by SBI calls: on a terminal its lines start where lines start.</summary>
[Category("System,Image")]
public sealed class EarlyConsoleTests
{
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void EachLineEndsWithOneCarriageReturnAndANewline(Firmware firmware)
    {
        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(firmware, Repository.Kernel), "-append", "earlycon=sbi console=ttyS0"], TimeSpan.FromSeconds(90));
        qemu.Expect(@"bootconsole \[sbi0\] disabled", 60);
        var text = qemu.Serial;
        var early = text[text.IndexOf("Linux version", StringComparison.Ordinal)..text.IndexOf("bootconsole [sbi0] disabled", StringComparison.Ordinal)];
        Assert.That(Regex.Count(early, @"\n"), Is.GreaterThan(100), "the kernel printed its beginnings");
        Assert.That(Regex.Count(early, @"(?<!\r)\r\n\["), Is.EqualTo(Regex.Count(early, @"\n")), qemu.Describe);
    }
}
