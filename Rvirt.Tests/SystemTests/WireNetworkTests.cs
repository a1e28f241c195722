using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// Debian guests that share one network card and one disk of the machine: each has its root on a partition of its own, is reached over SSH at an address of its own, and they reach each other
/// without the wire.
/// </summary>
[Category("System,Image")]
public sealed class WireNetworkTests
{
    private const int FirstAddress = 15, FileBytes = 4 << 20, GuestMiB = 160;
    private const string GuestAddresses = "52:54:00:72:76:";

    [TestCase(Firmware.Stub, 4)]
    public void EachGuestIsReachedAtItsOwnAddressAndTheWireHoldsNoMoreThanItShould(Firmware firmware, int guests)
    {
        // More than a run of all tests has time for are asked for by name.
        guests = int.TryParse(Environment.GetEnvironmentVariable("RVIRT_WIRE_GUESTS"), CultureInfo.InvariantCulture, out var asked) ? asked : guests;
        using var folder = new TemporaryFolder();
        var capture = folder.File("wire.pcap");
        var socket = folder.File("monitor");
        var specs = Enumerable.Range(0, guests).Select(i => new GuestSpec(
            $"guest{i}", Repository.Kernel, Repository.Initrd, $"console=ttyS0 panic=1 rvirt.name=guest{i}", GuestMiB << 20, 1, null)
        {
            Disk = PartitionedDisk.Label(i),
            Network = "wire",
        }).ToList();
        var forwards = string.Concat(Enumerable.Range(0, guests).Select(i => $",hostfwd=tcp:127.0.0.1:0-10.0.2.{FirstAddress + i}:22"));
        using var qemu = QemuMachine.Start(
            [
                .. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, specs), memory: 320 + (GuestMiB * guests), harts: 2),
                .. PartitionedDisk.Arguments(PartitionedDisk.Make(folder, guests)),
                "-netdev", $"user,id=net0{forwards}", "-device", "virtio-net-device,netdev=net0",
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
        // All at once, each to its own disk; then what is there, and nowhere in memory, is each one's own.
        var files = addresses.Keys.ToDictionary(name => name, _ => RandomNumberGenerator.GetBytes(FileBytes));
        Parallel.ForEach(addresses, guest => guest.Value.Ssh.Run("cat >/root/file && sync && echo 3 >/proc/sys/vm/drop_caches", 240, new MemoryStream(files[guest.Key])));
        foreach (var (name, (_, ssh)) in addresses)
        {
            using var back = new MemoryStream();
            ssh.Copy("cat /root/file", null, back, 240);
            Assert.That(SHA256.HashData(back.ToArray()), Is.EqualTo(SHA256.HashData(files[name])), name);
        }

        Assert.That(addresses["guest0"].Ssh.Run($"ping -c 5 {addresses["guest1"].Address}", 240), Does.Contain("5 packets received"));
        Assert.That(addresses["guest0"].Ssh.Run("cat /sys/class/net/eth0/address"), Is.EqualTo(GuestAddresses + "01"));
        Assert.That(qemu.Serial, Does.Not.Contain("I/O error"));
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
