using System;
using System.Globalization;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// What Debian does with its real-time clock, in one boot on a host whose clock says 2033: it starts at that time, sets the clock, is woken by it, and finds
/// it set after a reboot. The native fixture shows that the tests are right.
/// </summary>
[TestFixture(Firmware.Native, Category = "System,Native")]
[TestFixture(Firmware.Stub, Category = "System,Image")]
[TestFixture(Firmware.Sbi, Category = "System,Image")]
public sealed class DebianClockTests(Firmware firmware)
{
    private const string Clock = "/sys/class/rtc/rtc0";
    private GuestMachine _machine = null!;

    private Ssh Guest => _machine.Guests[0];

    [OneTimeSetUp]
    public void Boot()
    {
        // Early in the day, so that it is still that day however long the tests take.
        _machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(900), more: ["-rtc", "base=2033-05-18T00:30:00"]);
        try
        {
            _machine.Qemu.Expect("rvirt-guest: ssh ready", 240);
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
    public void StartsAtTheHostsTime() =>
        Assert.That(Guest.Run($"date -u +%F; cat {Clock}/date; cat {Clock}/name").Split('\n'), Is.EqualTo(["2033-05-18", "2033-05-18", "goldfish_rtc 101000.rtc"]));

    [Test, DependsOnTest(nameof(StartsAtTheHostsTime), AllowFailure = true)]
    public void FindsTheNodesThatTheDocumentsTellOf()
    {
        if (firmware == Firmware.Native)
        {
            Assert.That(BoardTable.Offers("/soc/clint@2000000"), Is.False);
            return;
        }

        var nodes = Guest.Run("cd /proc/device-tree/ && find . -type d").Split('\n').Select(path => path == "." ? "/" : path[1..]).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(nodes.Where(node => BoardTable.Offers(node) is not true), Is.Empty, "not in the table");
            Assert.That(BoardTable.Rows.Where(row => row.Value && !BoardTable.IsAmong(row.Key, nodes)), Is.Empty, "not in the guest");
        });
    }

    /// <summary>
    /// The kernel makes the interrupt of each second from alarms. Where that second has come before its alarm is set the kernel wakes the program without an
    /// interrupt, so the program asks again.
    /// </summary>
    [Test, DependsOnTest(nameof(FindsTheNodesThatTheDocumentsTellOf), AllowFailure = true)]
    public void IsWokenByItsAlarm()
    {
        const string Interrupts = "awk '/101000.rtc/ { print $2 }' /proc/interrupts";
        using var folder = new TemporaryFolder();
        Guest.CopyFile(BareProgram.BuildForLinux(folder, "alarm-program.S"), "/root/alarm");
        var before = int.Parse(Guest.Run(Interrupts), CultureInfo.InvariantCulture);
        Patience.Until(
            () =>
            {
                Guest.Run("/root/alarm");
                return int.Parse(Guest.Run(Interrupts), CultureInfo.InvariantCulture) > before;
            },
            "an interrupt of the clock");
    }

    [Test, DependsOnTest(nameof(IsWokenByItsAlarm), AllowFailure = true)]
    public void SetsTheClockAndReadsItBack() => Assert.That(
        Guest.Run($"date -u -s '2040-02-29 12:00:00' > /dev/null && hwclock -u -w && date -u -s 2001-01-01 > /dev/null && hwclock -u -s && date -u +%F && cat {Clock}/date").Split('\n'),
        Is.EqualTo(["2040-02-29", "2040-02-29"]));

    /// <summary>As a clock with a battery does, and newer versions of QEMU; the board of QEMU 7.2 goes back to its host's time.</summary>
    [Test, DependsOnTest(nameof(SetsTheClockAndReadsItBack), AllowFailure = true)]
    public void KeepsTheTimeOverARebootAndForgetsTheAlarm()
    {
        Assert.That(Guest.Run($"/root/alarm leave; grep -E '^(alrm_date|alarm_IRQ)' /proc/driver/rtc; sync"), Does.Match(@"2041-01-01\nalarm_IRQ\s*: yes"));
        _machine.Qemu.Skip();
        Guest.RunToTheEnd("reboot");
        _machine.Qemu.Expect("rvirt-guest: ssh ready", 240);
        var kept = Is.EqualTo("2040-02-29").Or.EqualTo(firmware == Firmware.Native ? "2033-05-18" : "2040-02-29");
        Assert.That(Guest.Run("date -u +%F"), kept);
        Assert.That(Guest.Run("grep ^alarm_IRQ /proc/driver/rtc"), Does.EndWith(": no"));
    }
}
