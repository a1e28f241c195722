using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using NUnit.Framework;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Disks;
using Rvirt.Tool.Files;

namespace Rvirt.Tests.SystemTests;

/// <summary>Debian guests on the HiFive Unleashed as QEMU has it, with a root on a partition of the SD card each, reached over its Ethernet controller.</summary>
[Category("System,Image")]
public sealed class UnleashedDevicesTests
{
    private const int FirstAddress = 15;
    private const string GuestAddresses = "52:54:00:72:76:";

    /// <summary>A file arrives, is on the card, is read back, and is still there after a reboot; guests reach each other, which the wire does not see, and the wire.</summary>
    [TestCase(Firmware.Stub, 2, 16)]
    [TestCase(Firmware.Sbi, 1, 1)]
    public void DebianHasItsRootOnTheCardAndIsReachedOverTheWire(Firmware firmware, int guests, int fileMiB)
    {
        using var folder = new TemporaryFolder();
        var capture = folder.File("wire.pcap");
        var socket = folder.File("monitor");
        var specs = Enumerable.Range(0, guests).Select(i => new GuestSpec(
            $"guest{i}", Repository.Kernel, Repository.Initrd, $"console=ttyS0 panic=1 rvirt.name=guest{i} rvirt.address={Address(i)}", 192 << 20, 1, null)
        {
            Disk = CardPartition.LabelOf(i),
            Network = "wire",
        }).ToList();
        var forwards = string.Concat(Enumerable.Range(0, guests).Select(i => $",hostfwd=tcp:127.0.0.1:0-{Address(i)}:22"));
        using var qemu = UnleashedGuestTests.Start(
            firmware, GuestMachine.PackBlob(folder, specs), harts: guests + 1, memory: 320 + (192 * guests),
            ["-drive", $"if=sd,format=raw,cache=unsafe,file={Card(folder, guests)}", "-nic", $"user,id=net0{forwards}", "-object", $"filter-dump,id=dump0,netdev=net0,file={capture}", .. QemuMonitor.Arguments(socket)]);
        for (var i = 0; i < guests; i++)
        {
            qemu.ExpectAnywhere($@"(\[guest{i}\] )?rvirt-guest: ssh ready after [\d.]+ s on guest{i}", 400);
        }

        Ssh[] guest;
        using (var monitor = new QemuMonitor(socket, qemu))
        {
            var ports = monitor.SshPorts();
            guest = [.. Enumerable.Range(0, guests).Select(i => new Ssh(ports[Address(i)]))];
        }

        // Both at once, each to its own partition.
        var files = guest.Index().Select(one => RandomNumberGenerator.GetBytes((one.Index == 0 ? fileMiB : 1) << 20)).ToArray();
        guest.Index().AsParallel().ForAll(one => one.Item.Run("cat >/root/file && sync && echo 3 >/proc/sys/vm/drop_caches", 240, new MemoryStream(files[one.Index])));
        for (var i = 0; i < guests; i++)
        {
            Assert.That(guest[i].Run("hostname"), Is.EqualTo($"guest{i}"));
            Assert.That(guest[i].Run("cat /sys/class/net/eth0/address"), Is.EqualTo(GuestAddresses + (i + 1).ToString("x2", CultureInfo.InvariantCulture)));
            ExpectFile(guest[i], files[i]);
        }

        if (guests > 1)
        {
            Assert.That(guest[0].Run($"ping -c 5 {Address(1)}", 240), Does.Contain("5 packets received"));
        }

        guest[0].RunToTheEnd("reboot");
        qemu.ExpectAnywhere("rvirt: guest guest0 reboots", 120);
        qemu.Skip();
        qemu.ExpectAnywhere(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 400);
        ExpectFile(guest[0], files[0]);
        Assert.That(qemu.Serial, Does.Not.Contain("I/O error"));
        foreach (var one in guest)
        {
            one.RunToTheEnd("poweroff");
        }

        Assert.That(qemu.WaitForExit(240), Is.Zero, qemu.Describe);
        var frames = WireCapture.Frames(capture);
        var senders = frames.Select(WireCapture.From).Where(address => address.StartsWith(GuestAddresses, StringComparison.Ordinal)).Distinct().Order();
        Assert.That(senders, Is.EqualTo(Enumerable.Range(1, guests).Select(i => $"{GuestAddresses}{i.ToString("x2", CultureInfo.InvariantCulture)}")));
        Assert.That(
            frames.Where(frame => WireCapture.From(frame).StartsWith(GuestAddresses, StringComparison.Ordinal)).Select(WireCapture.To),
            Has.None.StartsWith(GuestAddresses), "what guests send each other is on no wire");
    }

    private static string Address(int guest) => string.Create(CultureInfo.InvariantCulture, $"10.0.2.{FirstAddress + guest}");

    private static string Card(TemporaryFolder folder, int guests)
    {
        var root = folder.CopyDisk("root.ext4");
        var (status, output) = Commands.Run("/usr/sbin/resize2fs", [root, "96M"]);
        Assert.That(status, Is.Zero, output);
        CardImage.Make(folder.File("card.img"), [.. Enumerable.Range(0, guests).Select(i => CardPartition.OfGuest(i, root))], WholeFile.OnDisk, new Programs());
        return folder.File("card.img");
    }

    private static void ExpectFile(Ssh guest, byte[] file)
    {
        using var back = new MemoryStream();
        guest.Copy("cat /root/file", null, back, 240);
        Assert.That(SHA256.HashData(back.ToArray()), Is.EqualTo(SHA256.HashData(file)));
    }
}
