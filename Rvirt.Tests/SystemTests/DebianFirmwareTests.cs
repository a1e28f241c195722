using System;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>What Debian's kernel makes of the SBI extensions that booting does not take, in one boot.</summary>
[Category("System,Image")]
public sealed class DebianFirmwareTests
{
    private GuestMachine _machine = null!;

    private Ssh Guest => _machine.Guests[0];

    [OneTimeSetUp]
    public void Boot()
    {
        _machine = GuestMachine.BootDebian(Firmware.Stub, 1, TimeSpan.FromSeconds(900));
        try
        {
            _machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 240);
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
    public void FindsTheFirmwareCounters() =>
        Assert.That(Guest.Run("dmesg | grep riscv-pmu-sbi"), Does.Contain("SBI PMU extension is available").And.Contain("16 firmware and 0 hardware counters"));

    /// <summary>Illegal instructions, and timers set; Rvirt's first own event is 0x100, which the program cannot say.</summary>
    [Test, DependsOnTest(nameof(FindsTheFirmwareCounters), AllowFailure = true)]
    public void CountsFirmwareEventsAsPerfDoes()
    {
        using var folder = new TemporaryFolder();
        Guest.CopyFile(BareProgram.BuildForLinux(folder, "counter-program.S"), "/root/count");
        Assert.That(Guest.Run("/root/count 4; echo $?; /root/count 5; echo $?; /root/count 0; echo $?"), Is.EqualTo("0\n0\n4"), "misaligned loads cannot be counted");
    }

    /// <summary>Asleep until something is typed on the serial line, which may wake it.</summary>
    [Test, DependsOnTest(nameof(CountsFirmwareEventsAsPerfDoes), AllowFailure = true)]
    public void SuspendsToRAMAndWakesByItsUART()
    {
        // The prompt may have been there before: an empty line has it there again.
        _machine.Qemu.Send("\n");
        _machine.Qemu.Expect("guest0 login: ", 60);
        Assert.That(Guest.Run("cat /sys/power/mem_sleep"), Does.Contain("[deep]"));
        Guest.Run("cat /proc/uptime > /root/before; for device in /sys/class/tty/ttyS0/power/wakeup /sys/devices/platform/soc/10000000.serial/power/wakeup; do [ -e $device ] && echo enabled > $device; done; true");
        using var session = Guest.Converse("echo mem > /sys/power/state; echo awake");
        _machine.Qemu.Expect("PM: suspend entry \\(deep\\)", 60);
        _machine.Qemu.ExpectTyping("\n", "PM: suspend exit");
        Assert.That(session.StandardOutput.ReadLine(), Is.EqualTo("awake"));
        session.WaitForExit();
        Assert.That(Guest.Run("dmesg | grep -c 'PM: suspend exit'"), Is.EqualTo("1"));
    }

    [Test, DependsOnTest(nameof(SuspendsToRAMAndWakesByItsUART), AllowFailure = true)]
    public void PowersOffWithSuccess()
    {
        Guest.RunToTheEnd("poweroff");
        Assert.That(_machine.Qemu.WaitForExit(120), Is.Zero, _machine.Qemu.Describe);
    }
}
