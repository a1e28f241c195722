using System;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>What the monitor says of a guest with page tables, devices, and two harts that share one, over the serial line: what bare guests have not (<see cref="MonitorLineTests"/>).</summary>
[TestFixture(Firmware.Stub, Category = "System,Image")]
[TestFixture(Firmware.Resident, Category = "System,Image")]
[TestFixture(Firmware.Sbi, Category = "System,Image")]
public sealed class MonitorDebianTests(Firmware firmware)
{
    private const string Escape = "\x1d";

    [Test]
    public void DebianIsLookedInto()
    {
        using var machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(900), harts: 2, hostHarts: 1);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 300);
        string[] Ask(string command)
        {
            Assert.That(machine.AskMonitor(command, out var answer), Is.EqualTo("ok"), command);
            return [.. answer.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)];
        }

        void Paused() => Patience.Until(() => Ask("guests")[1].Contains(" paused ", StringComparison.Ordinal), "it stands still");
        machine.Guests[0].Run("(while :; do :; done) > /dev/null 2>&1 & (while :; do :; done) > /dev/null 2>&1 &");
        var harts = Ask("vcpus guest0")[1..];
        Assert.That(harts, Has.Length.EqualTo(2));
        Assert.That(harts, Is.All.Match(@"^  [01]  (loaded|ready|waits) +0  [SU] +0x[0-9a-f]{16}  (started|suspended) +[1-9]\d* +\d+$"));
        Patience.Until(() => Ask("vcpus guest0")[1..].Any(line => line.Contains(" ready ", StringComparison.Ordinal)), "both want to run");

        // The kernel's handler is where each of its harts comes again and again, and all have it at one address.
        Assert.That(Ask("pause guest0"), Is.Empty);
        Paused();
        for (var hart = 0; hart < 2; hart++)
        {
            var registers = string.Join('\n', Ask($"regs guest0.{hart}"));
            Assert.That(registers, Does.Match(@"satp     0x[89][0-9a-f]{15} "), "it translates");
            var handler = Regex.Match(registers, "stvec    (0x[0-9a-f]{16})").Groups[1].Value;
            var walk = Ask($"walk guest0.{hart} {handler}");
            Assert.That(walk, Has.Length.InRange(2, 5));
            Assert.That(walk[^1], Does.Match(@"^  level [0-4]  0x[0-9a-f]{16}  0x[0-9a-f]{16}  \d+ [KMG]iB  rw?x( u)?( g)? a( d)?  -> 0x[0-9a-f]+ \(host 0x[0-9a-f]+\); shadow: (none|\d+ [KMG]iB, view (user|kernel)( sum)?( mxr)?)$"));
            var place = Regex.Match(walk[^1], "-> (0x[0-9a-f]+)").Groups[1].Value;
            Assert.That(Ask($"mem guest0 {place} 8"), Has.Length.EqualTo(1));
            Assert.That(Ask($"break guest0 {place}"), Is.Empty);
            Assert.That(machine.AskMonitor("resume guest0"), Is.EqualTo("ok"));
            Paused();
            Assert.That(Ask("vcpus guest0")[1..], Has.Some.Contains(handler));
            Assert.That(Ask($"unbreak guest0 {place}"), Is.Empty);
        }

        Assert.That(Ask("resume guest0"), Is.Empty);
        var devices = Ask("devices guest0");
        Assert.That(devices, Has.Some.Match(@"^ +0  disk +0x10001000  1  +0x1000[1-8]000 +[1-9]\d* +[1-9]\d* +[1-9]\d* +0$"));
        Assert.That(devices, Has.Some.Match(@"^ +1  network +0x10002000  2  +0x1000[1-8]000 +[1-9]\d* +[1-9]\d* +[1-9]\d* +0$"));
        Assert.That(Ask("shadow guest0.1")[0], Does.Match(@"^  tables +[1-9]\d* live of \d+, [1-9]\d* made$"));

        Assert.That(Ask("share guest0 250"), Is.Empty);
        Assert.That(Ask("guests")[1], Does.Match(@"^  0  guest0 +running +2 +512 MiB +250 "));

        // As a person types it: a view of all guests, and of one again.
        var line = machine.Qemu;
        line.Send(Escape + "m");
        line.Expect("rvirt> ", 30);
        line.Send("focus all\r");
        line.Expect("--- all guests; ", 30);
        machine.Guests[0].Run("echo hello > /dev/ttyS0");
        line.Expect("hello", 60);
        line.Send(Escape + "0");
        line.Expect(@"--- guest0 \(last \d+ bytes, 0 lost\) ---", 30);
        machine.Guests[0].RunToTheEnd("poweroff");
        Assert.That(line.WaitForExit(240), Is.Zero, line.Describe);
    }
}
