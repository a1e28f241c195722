using System;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Two Debian guests with cards on the private network: they find each other there, be it that each has a hart or that they share one, and nothing of it reaches the wires.</summary>
[Category("System,Image")]
public sealed class PrivateNetworkTests
{
    private const string PrivateAddresses = "52:54:00:72:76:";

    [TestCase(Firmware.Stub, 2, 16)]
    [TestCase(Firmware.Sbi, 1, 4)]
    public void GuestsReachEachOtherAndAFileArrivesAsItWasSent(Firmware firmware, int hostHarts, int megabytes)
    {
        using var folder = new TemporaryFolder();
        var captures = new[] { folder.File("wire0.pcap"), folder.File("wire1.pcap") };
        using var machine = GuestMachine.BootDebian(
            firmware, 2, TimeSpan.FromSeconds(900), hostHarts: hostHarts, network: "private",
            more: ["-object", $"filter-dump,id=dump0,netdev=net0,file={captures[0]}", "-object", $"filter-dump,id=dump1,netdev=net1,file={captures[1]}"]);
        for (var guest = 0; guest < 2; guest++)
        {
            machine.Qemu.ExpectAnywhere($@"\[guest{guest}\] rvirt-guest: ssh ready after [\d.]+ s on guest{guest}", 600);
        }

        for (var guest = 0; guest < 2; guest++)
        {
            Assert.That(
                machine.Guests[guest].Run($"ip link set eth1 up && ip addr add 192.168.77.{guest + 1}/24 dev eth1 && cat /sys/class/net/eth1/address"),
                Is.EqualTo($"52:54:00:72:76:0{guest + 1}"));
        }

        Assert.That(machine.Guests[0].Run("ping -c 5 192.168.77.2", 240), Does.Contain("5 packets received"));
        Assert.That(machine.Guests[1].Run("ping -c 5 -s 1400 192.168.77.1", 240), Does.Contain("5 packets received"));

        var sum = machine.Guests[0].Run($"head -c {megabytes << 20} /dev/urandom >/tmp/file && sha256sum </tmp/file", 240);
        Assert.That(sum, Has.Length.GreaterThanOrEqualTo(64));
        // A listener whose input ends closes its half, at which the sender would leave before all is sent.
        var received = Task.Run(() => machine.Guests[1].Run("mkfifo /tmp/open && { sleep 1000 >/tmp/open & nc -l -p 7777 </tmp/open | sha256sum; kill $!; }", 300));
        // Whoever listens may be late.
        machine.Guests[0].Run("until nc 192.168.77.2 7777 </tmp/file; do sleep 1; done", 300);
        Assert.That(received.GetAwaiter().GetResult(), Is.EqualTo(sum));

        // A frame of another's address goes nowhere; those of its own do again.
        Assert.That(
            machine.Guests[0].Run(
                "ip link set eth1 address 52:54:00:72:76:02 && ip neigh flush dev eth1 >/dev/null 2>&1; ping -c 3 -W 1 192.168.77.2 | grep -o '[0-9]* packets received'; "
                + "ip link set eth1 address 52:54:00:72:76:01 && ping -c 3 192.168.77.2 | grep -o '[0-9]* packets received'", 240),
            Is.EqualTo("0 packets received\n3 packets received"));

        foreach (var guest in machine.Guests)
        {
            guest.RunToTheEnd("poweroff");
        }

        Assert.That(machine.Qemu.WaitForExit(240), Is.Zero, machine.Qemu.Describe);
        foreach (var capture in captures)
        {
            var frames = WireCapture.Frames(capture);
            Assert.That(frames, Has.Count.GreaterThan(20), "the capture holds what goes over the wire");
            foreach (var frame in frames)
            {
                Assert.That(WireCapture.To(frame), Does.Not.StartWith(PrivateAddresses));
                Assert.That(WireCapture.From(frame), Does.Not.StartWith(PrivateAddresses));
            }
        }
    }
}
