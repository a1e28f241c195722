using System;
using System.IO;
using System.Security.Cryptography;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Two Debian guests at once, in one boot: what one does or suffers leaves the other alone.</summary>
[TestFixture(Firmware.Stub, Category = "System,Image")]
[TestFixture(Firmware.Resident, Category = "System,Image")]
[TestFixture(Firmware.Sbi, Category = "System,Image")]
public sealed class TwoGuestsTests(Firmware firmware)
{
    private GuestMachine _machine = null!;

    [OneTimeSetUp]
    public void Boot()
    {
        _machine = GuestMachine.BootDebian(firmware, 2, TimeSpan.FromSeconds(900));
        try
        {
            ExpectReady(0, 300);
            ExpectReady(1, 300);
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
    public void CopiesAFileOnEachAtTheSameTime() => Parallel.For(0, 2, guest =>
    {
        var file = RandomNumberGenerator.GetBytes(16 << 20);
        var sum = Convert.ToHexStringLower(SHA256.HashData(file));
        var output = _machine.Guests[guest].Run("cat > /root/file && sync && hostname && sha256sum < /root/file", 240, new MemoryStream(file));
        Assert.That(output, Does.StartWith($"guest{guest}\n{sum}"));
        using var back = new MemoryStream();
        _machine.Guests[guest].Copy("cat /root/file", null, back, 240);
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(back.ToArray())), Is.EqualTo(sum));
    });

    [Test, DependsOnTest(nameof(CopiesAFileOnEachAtTheSameTime), AllowFailure = true)]
    public void GivesTypedInputToTheFirst()
    {
        _machine.Qemu.Send("root\n");
        _machine.Qemu.ExpectAnywhere(@"\[guest0\] (.*login: root|Password: )", 90);
        _machine.Qemu.Send("wrong\n");
    }

    [Test, DependsOnTest(nameof(GivesTypedInputToTheFirst), AllowFailure = true)]
    public void KeepsOneRunningWhileTheOtherReboots()
    {
        var before = Uptime(0);
        _machine.Qemu.Skip();
        _machine.Guests[1].RunToTheEnd("reboot");
        Assert.That(Uptime(0), Is.GreaterThan(before));
        ExpectReady(1, 300);
        Assert.That(_machine.Guests[1].Run("hostname"), Is.EqualTo("guest1"));
        Assert.That(Uptime(0), Is.GreaterThan(before));
    }

    [Test, DependsOnTest(nameof(KeepsOneRunningWhileTheOtherReboots), AllowFailure = true)]
    public void KeepsOneRunningWhileTheOtherCrashes()
    {
        var before = Uptime(0);
        _machine.Qemu.Skip();

        // panic=1 on its command line: the kernel restarts itself a second later.
        _machine.Guests[1].RunToTheEnd("echo c > /proc/sysrq-trigger");
        _machine.Qemu.ExpectAnywhere(@"\[guest1\] .*Kernel panic", 90);
        Assert.That(Uptime(0), Is.GreaterThan(before));
        ExpectReady(1, 300);
        Assert.That(_machine.Guests[1].Run("hostname"), Is.EqualTo("guest1"));
        Assert.That(Uptime(0), Is.GreaterThan(before));
    }

    [Test, DependsOnTest(nameof(KeepsOneRunningWhileTheOtherCrashes), AllowFailure = true)]
    public void GoesOnWhenOneIsPoweredOffAndEndsWithTheLast()
    {
        var before = Uptime(1);
        _machine.Qemu.Skip();
        _machine.Guests[0].RunToTheEnd("poweroff");
        _machine.Qemu.ExpectAnywhere("rvirt: guest guest0 powered off", 120);
        Assert.That(Uptime(1), Is.GreaterThan(before));
        Assert.That(_machine.Guests[1].Run("echo still here > /root/file && sync && cat /root/file"), Is.EqualTo("still here"));
        _machine.Guests[1].RunToTheEnd("poweroff");
        Assert.That(_machine.Qemu.WaitForExit(120), Is.Zero, _machine.Qemu.Describe);
        for (var guest = 0; guest < 2; guest++)
        {
            var (status, output) = Commands.Run("/usr/sbin/e2fsck", ["-fn", _machine.Disk(guest)]);
            Assert.That(status, Is.Zero, output);
        }
    }

    private double Uptime(int guest) =>
        double.Parse(_machine.Guests[guest].Run("cut -d' ' -f1 /proc/uptime"), System.Globalization.CultureInfo.InvariantCulture);

    private void ExpectReady(int guest, double seconds) =>
        _machine.Qemu.ExpectAnywhere($@"\[guest{guest}\] rvirt-guest: ssh ready after [\d.]+ s on guest{guest}", seconds);
}
