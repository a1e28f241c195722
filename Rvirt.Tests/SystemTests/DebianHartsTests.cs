using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using NUnit.Framework;
using Rvirt.Tests.Stress;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// Debian with several harts, each on one of the machine's or more of them than that: work on all at once, interrupts between them, code patched
/// under them, harts taken off and on, restarts asked for by another hart than the first. Not without Rvirt: there Debian stood still once, as QEMU's harts
/// went off and on beside much other work, and what QEMU and Linux do alone is no verdict on Rvirt.
/// </summary>
[TestFixture(Firmware.Stub, 2, 2, Category = "System,Image")]
[TestFixture(Firmware.Stub, 4, 4, Category = "System,Image")]
[TestFixture(Firmware.Stub, 4, 2, Category = "System,Image")]
[TestFixture(Firmware.Stub, 4, 1, Category = "System,Image")]
[TestFixture(Firmware.Sbi, 4, 4, Category = "System,Image")]
[TestFixture(Firmware.Sbi, 4, 2, Category = "System,Image")]
[TestFixture(Firmware.Sbi, 4, 1, Category = "System,Image")]
public sealed class DebianHartsTests(Firmware firmware, int harts, int hostHarts)
{
    private const string Ready = @"rvirt-guest: ssh ready after [\d.]+ s on guest0";
    private const string Online = "cat /sys/devices/system/cpu/online";

    // A shell for each hart, bound to it, that does WHAT; all at once.
    private const string OnEach = "for cpu in $(seq 0 LAST); do taskset -c $cpu sh -c 'WHAT' & done; wait";

    // What kernels say of harts that do not get on, or of memory that they do not see alike.
    private const string Trouble = "WARNING:|BUG:|Oops|Call Trace|Unable to handle|unexpected";

    // By a clock alone a kernel cannot tell a hart that Rvirt lost from one that a busy host keeps waiting, so it does not judge by one here (these are of
    // Linux's kernel-parameters.txt: stalls of RCU on harts and on tasks, soft lockups, hung tasks). What Rvirt loses, a timer, an interrupt between harts
    // or a hart, shows all the same: each test ends only when every hart has done its work.
    private const string WithoutClocks = KernelLog.WithoutClocks;

    private GuestMachine _machine = null!;

    private Ssh Guest => _machine.Guests[0];

    [OneTimeSetUp]
    public void Boot()
    {
        _machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(1800), harts: (uint)harts, hostHarts: hostHarts, append: WithoutClocks);
        try
        {
            _machine.Qemu.Expect(Ready, 600);
        }
        catch
        {
            _machine.Dispose();
            throw;
        }
    }

    [OneTimeTearDown]
    public void End() => _machine.Dispose();

    [Test]
    public void BringsUpAllItsHarts()
    {
        Assert.That(Guest.Run("grep -c ^processor /proc/cpuinfo"), Is.EqualTo(harts.ToString(CultureInfo.InvariantCulture)));
        Assert.That(Guest.Run("dmesg"), Does.Contain($"smp: Brought up 1 node, {harts} CPUs"));
    }

    [Test, DependsOnTest(nameof(BringsUpAllItsHarts), AllowFailure = true)]
    public void WorksOnAllOfThemAtOnce()
    {
        var file = RandomNumberGenerator.GetBytes(16 << 20);
        var sum = Convert.ToHexStringLower(SHA256.HashData(file));
        Guest.Run("cat > /root/file", 240, new MemoryStream(file));
        Assert.That(
            Guest.Run(Each("for i in 1 2 3; do sha256sum < /root/file; done"), 600).Split('\n'),
            Is.EqualTo(Enumerable.Repeat($"{sum}  -", 3 * harts)));
    }

    [Test, DependsOnTest(nameof(WorksOnAllOfThemAtOnce), AllowFailure = true)]
    public void TheyInterruptEachOther()
    {
        var rows = Guest.Run("grep -E \"Rescheduling|Function call\" /proc/interrupts").Split('\n')
            .Select(row => row.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..(1 + harts)].Select(count => long.Parse(count, CultureInfo.InvariantCulture)).ToArray())
            .ToList();
        Assert.That(rows, Has.Count.EqualTo(2));
        Assert.That(Enumerable.Range(0, harts).Select(hart => rows.Sum(row => row[hart])), Is.All.GreaterThan(0));
    }

    /// <summary>Each event that is traced is a nop in the kernel that becomes a jump, while no hart may run there.</summary>
    [Test, DependsOnTest(nameof(TheyInterruptEachOther), AllowFailure = true)]
    public void TheKernelPatchesItselfUnderAllOfThem()
    {
        var each = Each("while [ ! -e /tmp/patched ]; do /bin/true; done; echo done");
        Assert.That(
            Guest.Run(
                "mount -t tracefs none /sys/kernel/tracing; rm -f /tmp/patched; "
                + "(for i in $(seq 6); do for on in 1 0; do echo $on > /sys/kernel/tracing/events/sched/enable; done; done; touch /tmp/patched) & " + each, 600).Split('\n'),
            Is.EqualTo(Enumerable.Repeat("done", harts)));
    }

    /// <summary>
    /// Linux asks for a hart's start before that hart has stopped at times (it reports its death first), is told that it runs, and is asked again here.
    /// It also takes a hart for lost that needs more than a second to come, which a busy host can bring about: the kernel that has said so judges no more
    /// (the hart comes all the same, into a kernel that does not expect it), and another one does. A hart that never comes fails with each.
    /// </summary>
    [Test, DependsOnTest(nameof(TheKernelPatchesItselfUnderAllOfThem), AllowFailure = true)]
    public void ItsHartsGoOffAndOnWhileOthersWork()
    {
        const int Cycles = 6, Kernels = 4;
        const string State = "/sys/devices/system/cpu/cpu$cpu/online";
        const string Cycle = "for cpu in $(seq 1 LAST); do echo 0 > " + State + "; done; " + Online
            + "; for cpu in $(seq 1 LAST); do until echo 1 > " + State + "; do if dmesg | grep -q 'failed to come online'; then echo late; break 3; fi; done; done; " + Online;
        for (var kernel = 1; ; kernel++)
        {
            Assert.That(Guest.Run(KernelLog.WithoutFairServer).Split('\n'), Is.EqualTo(Enumerable.Repeat("0", harts)), "each hart's server is off");
            var lines = Guest.Run(
                $"(while [ ! -e /tmp/switched ]; do /bin/true; done) & rm -f /tmp/switched; for i in $(seq {Cycles}); do {Numbered(Cycle)}; done 2> /dev/null; touch /tmp/switched; wait",
                600).Split('\n');
            if (lines[^1] != "late" || kernel == Kernels)
            {
                Assert.That(lines, Is.EqualTo(Enumerable.Repeat(new[] { "0", $"0-{harts - 1}" }, Cycles).SelectMany(states => states)));
                return;
            }

            _machine.Qemu.Skip();
            Guest.RunToTheEnd("echo b > /proc/sysrq-trigger");
            _machine.Qemu.Expect(Ready, 600);
        }
    }

    [Test, DependsOnTest(nameof(ItsHartsGoOffAndOnWhileOthersWork), AllowFailure = true)]
    public void HasNothingToComplainAbout()
    {
        Assert.That(
            Guest.Run("cat /sys/module/rcupdate/parameters/rcu_cpu_stall_suppress /proc/sys/kernel/watchdog /proc/sys/kernel/hung_task_timeout_secs").Split('\n'),
            Is.EqualTo(["1", "0", "0"]), "the kernel took the words");
        Assert.That(Guest.Run($"dmesg | grep -A 60 -E \"{Trouble}\" || true"), Is.Empty, "with what the kernel says of it");
    }

    /// <summary>By SysRq at once: the last hart asks, and the others work.</summary>
    [Test, DependsOnTest(nameof(HasNothingToComplainAbout), AllowFailure = true)]
    public void TheLastOfItsHartsRestartsIt() => Restarts('b');

    /// <summary>The hart that panics stops the others by interrupts, and restarts the machine a second later.</summary>
    [Test, DependsOnTest(nameof(TheLastOfItsHartsRestartsIt), AllowFailure = true)]
    public void APanicOnTheLastOfItsHartsRestartsIt() => Restarts('c');

    [Test, DependsOnTest(nameof(APanicOnTheLastOfItsHartsRestartsIt), AllowFailure = true)]
    public void PowersOffWithStatus0AndACleanDisk()
    {
        Guest.RunToTheEnd("poweroff");
        Assert.That(_machine.Qemu.WaitForExit(240), Is.Zero, _machine.Qemu.Describe);
        var (status, output) = Commands.Run("/usr/sbin/e2fsck", ["-fn", _machine.Disk(0)]);
        Assert.That(status, Is.Zero, output);
    }

    private string Each(string what) => Numbered(OnEach).Replace("WHAT", what, StringComparison.Ordinal);

    private string Numbered(string text) => text.Replace("LAST", (harts - 1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private void Restarts(char key)
    {
        _machine.Qemu.Skip();
        Guest.Run($"sync; ({Each("while :; do :; done")}) > /dev/null 2>&1 &");
        Guest.RunToTheEnd($"taskset -c {harts - 1} sh -c 'echo {key} > /proc/sysrq-trigger'");
        _machine.Qemu.Expect(Ready, 600);
        Assert.That(Guest.Run(Online), Is.EqualTo($"0-{harts - 1}"));
    }
}
