using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>A start that cannot work: one line on the serial console says what is wrong, and QEMU ends with another status than 0.</summary>
internal static class Refusal
{
    /// <summary>Starts an image of Rvirt and expects just that.</summary>
    public static void Expect(
        Firmware firmware, string pattern, string? initrd, int memory = 768, int harts = 1, IEnumerable<string>? further = null, string? image = null)
    {
        string[] arguments = [.. GuestMachine.Rvirt(firmware, initrd, memory, harts, image), .. further ?? []];
        using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(90));
        var status = qemu.WaitForExit(60);
        var lines = Regex.Matches(qemu.Serial, "rvirt: error: [^\r\n]*");
        Assert.Multiple(() =>
        {
            Assert.That(lines, Has.Count.EqualTo(1), qemu.Describe);
            Assert.That(lines.Count == 0 ? "" : lines[0].Value, Does.Match(pattern), qemu.Describe);
            Assert.That(qemu.Serial, Does.Not.Contain("panic"), qemu.Describe);
            Assert.That(status, Is.Not.Zero, qemu.Describe);
        });
    }
}
