using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Debian guests that share one network card of the machine: each is reached over SSH at an address of its own, and they reach each other without the wire.</summary>
[Category("System,Image")]
public sealed class WireNetworkTests
{
    private const int FirstAddress = 15, FileBytes = 4 << 20;
    private const string GuestAddresses = "52:54:00:72:76:";

    [TestCase(Firmware.Stub, 2)]
    public void Each_guest_is_reached_at_its_own_address_and_the_wire_holds_no_more_than_it_should(Firmware firmware, int guests)
    {
        using var folder = new TemporaryFolder();
        var capture = folder.File("wire.pcap");
        var socket = folder.File("monitor");
        var arguments = new List<string>();
        var specs = new List<GuestSpec>();
        for (var i = 0; i < guests; i++)
        {
            arguments.AddRange(
            [
                "-drive", $"if=none,id=disk{i},format=raw,cache=unsafe,file={folder.CopyDisk($"disk{i}.img")}",
                "-device", $"virtio-blk-device,drive=disk{i},bus=virtio-mmio-bus.{i}",
            ]);
            specs.Add(new GuestSpec($"guest{i}", Repository.Kernel, Repository.Initrd, $"console=ttyS0 panic=1 rvirt.name=guest{i}", 256 << 20, 1, [(uint)i]) { Network = "wire" });
        }

        var forwards = string.Concat(Enumerable.Range(0, guests).Select(i => $",hostfwd=tcp:127.0.0.1:0-10.0.2.{FirstAddress + i}:22"));
        using var qemu = QemuMachine.Start(
            [
                .. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, specs), memory: 320 + (256 * guests), harts: 2), .. arguments,
                "-netdev", $"user,id=net0{forwards}", "-device", "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.7",
                "-object", $"filter-dump,id=dump0,netdev=net0,file={capture}", .. QemuMonitor.Arguments(socket),
            ],
            TimeSpan.FromSeconds(1500));
        for (var i = 0; i < guests; i++)
        {
            qemu.ExpectAnywhere($@"\[guest{i}\] rvirt-guest: ssh ready after [\d.]+ s on guest{i}", 900);
        }

        // Addresses were dealt in the order in which guests asked.
        var addresses = new SortedDictionary<string, (string Address, Ssh Ssh)>(StringComparer.Ordinal);
        using (var monitor = new QemuMonitor(socket, qemu))
        {
            foreach (var (address, port) in monitor.SshPorts())
            {
                var ssh = new Ssh(port);
                addresses.Add(ssh.Run("hostname"), (address, ssh));
            }
        }

        Assert.That(addresses.Keys, Is.EqualTo(specs.Select(guest => guest.Name)));
        var file = RandomNumberGenerator.GetBytes(FileBytes);
        var sum = Convert.ToHexStringLower(SHA256.HashData(file));
        foreach (var (_, ssh) in addresses.Values)
        {
            Assert.That(ssh.Run("cat >/tmp/file && sha256sum </tmp/file", 240, new MemoryStream(file)), Does.StartWith(sum));
            using var back = new MemoryStream();
            ssh.Copy("cat /tmp/file", null, back, 240);
            Assert.That(Convert.ToHexStringLower(SHA256.HashData(back.ToArray())), Is.EqualTo(sum));
        }

        Assert.That(addresses["guest0"].Ssh.Run($"ping -c 5 {addresses["guest1"].Address}", 240), Does.Contain("5 packets received"));
        Assert.That(addresses["guest0"].Ssh.Run("cat /sys/class/net/eth0/address"), Is.EqualTo(GuestAddresses + "01"));
        foreach (var (_, ssh) in addresses.Values)
        {
            ssh.RunToTheEnd("poweroff");
        }

        Assert.That(qemu.WaitForExit(240), Is.Zero, qemu.Describe);
        var frames = WireCapture.Frames(capture);
        var senders = frames.Select(WireCapture.From).Where(address => address.StartsWith(GuestAddresses, StringComparison.Ordinal)).Distinct().Order();
        Assert.That(senders, Is.EqualTo(Enumerable.Range(1, guests).Select(i => $"{GuestAddresses}{i.ToString("x2", CultureInfo.InvariantCulture)}")));
        Assert.That(
            frames.Where(frame => WireCapture.From(frame).StartsWith(GuestAddresses, StringComparison.Ordinal)).Select(WireCapture.To),
            Has.None.StartsWith(GuestAddresses), "what guests send each other is on no wire");
    }
}
