using System;
using System.Globalization;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Two Debian guests of two harts each share two of the host: one copies a file and compares sums all the time, whatever is done to the other.</summary>
[Category("System,Image")]
public sealed class NeighbourTests
{
    private const int FileBytes = 4 << 20;

    // How far it gets before it is restarted: its kernel's first line, all its harts, its first process, or nowhere.
    private static readonly string[] s_moments = ["Linux version", "smp: Brought up 1 node, 2 CPUs", "Run /init as init process", ""];

    [TestCase(Firmware.Stub, 50)]
    [TestCase(Firmware.Sbi, 4)]
    public void AGuestCopiesAFileWhileItsNeighbourIsRestartedPausedKilledAndPanics(Firmware firmware, int restarts)
    {
        using var machine = GuestMachine.BootDebian(firmware, 2, TimeSpan.FromSeconds(1800), harts: 2, hostHarts: 2);
        var (busy, other) = (machine.Guests[0], machine.Guests[1]);
        ExpectReady(machine, 0);
        ExpectReady(machine, 1);
        Assert.That(busy.Run($"head -c {FileBytes} /dev/urandom > /root/file && sha256sum < /root/file > /root/sum && wc -c < /root/file"), Is.EqualTo($"{FileBytes}"));
        busy.Run(
            "(while [ ! -e /tmp/enough ]; do cat /root/file > /root/copy; sync; echo 3 > /proc/sys/vm/drop_caches; "
            + "if sha256sum < /root/copy | cmp -s - /root/sum; then echo right; else echo WRONG; fi >> /root/log; done; echo done >> /root/log) > /dev/null 2>&1 &");
        GoesOn();

        for (var i = 0; i < restarts; i++)
        {
            machine.Qemu.Skip();
            Tell("!restart guest1");
            if (s_moments[i % s_moments.Length] is { Length: > 0 } moment)
            {
                machine.Qemu.Expect($@"\[guest1\] [^\r\n]*{moment}", 60);
            }
        }

        ExpectReady(machine, 1);
        GoesOn();
        Assert.That(other.Run("hostname; nproc"), Is.EqualTo("guest1\n2"));

        machine.Qemu.Skip();
        other.RunToTheEnd("echo c > /proc/sysrq-trigger");
        machine.Qemu.Expect(@"\[guest1\] [^\r\n]*Kernel panic", 90);
        ExpectReady(machine, 1);
        GoesOn();

        Tell("pause guest1");
        GoesOn();
        Tell("resume guest1");
        Assert.That(other.Run("hostname"), Is.EqualTo("guest1"));

        machine.Qemu.Skip();
        Tell("!kill guest1");
        GoesOn();
        Tell("start guest1");
        ExpectReady(machine, 1);

        busy.Run("touch /tmp/enough; until grep -q done /root/log; do sleep 1; done", 240);
        var copies = busy.Run("sort /root/log | uniq -c").Split('\n').Select(line => line.Trim()).ToList();
        Assert.That(copies, Has.Count.EqualTo(2).And.Some.EqualTo("1 done").And.Some.Match(@"^\d+ right$"));
        TestContext.Out.WriteLine($"{string.Join(", ", copies)} in {machine.Qemu.Age.TotalSeconds:F0} s");
        foreach (var guest in new[] { other, busy })
        {
            guest.RunToTheEnd("poweroff");
        }

        // One that was killed counts as one that failed.
        Assert.That(machine.Qemu.WaitForExit(240), Is.EqualTo(1), machine.Qemu.Describe);
        foreach (var guest in new[] { 0, 1 })
        {
            var (status, output) = Commands.Run("/usr/sbin/e2fsck", ["-fn", machine.Disk(guest)]);
            Assert.That(status, Is.Zero, output);
        }

        // What it was told before may not be done yet.
        void Tell(string command) => Patience.Until(() => machine.AskMonitor(command) == "ok", command);

        // Two more copies, of which the second began after this was asked.
        void GoesOn()
        {
            var before = Copies();
            Patience.Until(() => Copies() >= before + 2, "it goes on copying");
        }

        int Copies() => int.Parse(busy.Run("cat /root/log 2> /dev/null | wc -l"), CultureInfo.InvariantCulture);
    }

    private static void ExpectReady(GuestMachine machine, int guest) =>
        machine.Qemu.ExpectAnywhere($@"\[guest{guest}\] rvirt-guest: ssh ready after [\d.]+ s on guest{guest}", 300);
}
