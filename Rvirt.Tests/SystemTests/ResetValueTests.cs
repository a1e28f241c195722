using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Devices.Virtio;

namespace Rvirt.Tests.SystemTests;

/// <summary>A guest's devices are in the state after reset in which the board's are: the same program reads all their registers on both.</summary>
[Category("System,Image")]
public sealed class ResetValueTests
{
    private const ulong FirstSlot = 0x1000_1000, LastSlot = 0x1000_8000;

    // What a mediated device offers is less, or other, than the host's: the features, and the largest size of a queue.
    private static readonly ulong[] _mediated = [0x10, 0x34];

    private static readonly ulong[] _slots = [0, 1, 2, 3, 4, 5];

    [TestCase(Firmware.Stub, true)]
    [TestCase(Firmware.Stub, false)]
    [TestCase(Firmware.Resident, true)]
    [TestCase(Firmware.Sbi, true)]
    public void EveryRegisterOfEveryDeviceIsAsOnTheBoard(Firmware firmware, bool legacy)
    {
        var board = Run(Firmware.Native, legacy);
        var guest = Run(firmware, legacy);
        Assert.That(board, Has.Count.GreaterThan(500));
        Assert.That(_slots.Select(slot => board[FirstSlot + (slot << 12) + 8]), Is.EqualTo(new ulong[] { 2, 4, 1, 8, 9, 18 }), "a device of each kind");
        Assert.That(guest.Keys, Is.EqualTo(board.Keys));
        var differences = board.Where(register => guest[register.Key] != register.Value && !IsMediated(register.Key) && (legacy || !IsVersionOfNothing(register.Key)))
            .Select(register => $"{register.Key:x}: {register.Value:x} on the board, {guest[register.Key]:x} for a guest");
        Assert.That(differences, Is.Empty);
        foreach (var slot in _slots)
        {
            Assert.That(guest[FirstSlot + (slot << 12) + 0x34], Is.InRange(1, board[FirstSlot + (slot << 12) + 0x34]), "no larger queues than the board's");
        }
    }

    /// <summary>
    /// No driver can read what size a queue has before it writes one: QEMU's monitor says it. Of what can be mediated only a socket is missing, which
    /// QEMU does not make without vhost.
    /// </summary>
    [TestCase(VirtioKind.Network, "virtio-net-device,netdev=net", 3u)]
    [TestCase(VirtioKind.Block, "virtio-blk-device,drive=disk", 1u)]
    [TestCase(VirtioKind.Console, "virtio-serial-device,max_ports=2", 6u)]
    [TestCase(VirtioKind.Entropy, "virtio-rng-device", 1u)]
    [TestCase(VirtioKind.Scsi, "virtio-scsi-device", 3u)]
    [TestCase(VirtioKind.FileSystem9P, "virtio-9p-device,fsdev=files,mount_tag=files", 1u)]
    [TestCase(VirtioKind.Input, "virtio-keyboard-device", 2u)]
    [TestCase(VirtioKind.Input, "virtio-tablet-device", 2u)]
    public void AQueueHasTheBoardsSizeUntilADriverWritesOne(uint kind, string device, uint queues)
    {
        using var folder = new TemporaryFolder();
        var disk = folder.Write("disk.img", new byte[1 << 20]);
        var socket = folder.File("monitor");
        string[] arguments =
        [
            "-bios", "none", "-S", "-netdev", "user,id=net", "-drive", $"if=none,id=disk,format=raw,file={disk}",
            "-fsdev", $"local,id=files,security_model=none,path={Path.GetDirectoryName(disk)}", "-device", device + ",id=asked",
        ];
        using var qemu = QemuMachine.Start([.. arguments, .. QemuMonitor.Arguments(socket)], TimeSpan.FromSeconds(60));
        using var monitor = new QemuMonitor(socket, qemu);
        var status = monitor.Human("info virtio-status /machine/peripheral/asked");
        Assert.That(status, Does.Match($@"\bdevice_id: +{kind}\b").And.Match($@"\bnum_vqs: +{queues}\b"));
        for (var queue = 0u; queue < queues; queue++)
        {
            var answer = monitor.Human($"info virtio-queue-status /machine/peripheral/asked {queue}");
            var size = Regex.Match(answer, @"\bnum: +(\d+)").Groups[1].Value;
            Assert.That(VirtioKind.DefaultQueueSize(kind, queue).ToString(CultureInfo.InvariantCulture), Is.EqualTo(size), $"queue {queue}");
        }
    }

    // A slot with nothing behind it tells the transport that the board has unless it is told otherwise: the legacy one.
    private static bool IsVersionOfNothing(ulong address) => address == LastSlot + 4;

    private static bool IsMediated(ulong address) => address is >= FirstSlot and < LastSlot && _mediated.Contains(address & 0xfff);

    private static SortedDictionary<ulong, ulong> Run(Firmware firmware, bool legacy)
    {
        using var folder = new TemporaryFolder();
        var disk = folder.Write("disk.img", new byte[1 << 20]);
        // The bare board starts in M-mode without firmware, which would leave traces in the UART.
        var payload = BareProgram.Build(folder, "registers-payload.S", firmware == Firmware.Native ? 0x8000_0000UL : 0x8020_0000);
        string[] start = firmware == Firmware.Native
            ? ["-m", "256M", "-bios", "none", "-kernel", payload]
            : [.. GuestMachine.Rvirt(firmware, payload, memory: 256)];
        string[] devices =
        [
            "-global", $"virtio-mmio.force-legacy={(legacy ? "true" : "false")}",
            "-drive", $"if=none,id=registers,format=raw,file={disk}", "-device", "virtio-blk-device,drive=registers,bus=virtio-mmio-bus.0",
            "-device", "virtio-rng-device,bus=virtio-mmio-bus.1",
            "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net,bus=virtio-mmio-bus.2",
            "-device", "virtio-scsi-device,bus=virtio-mmio-bus.3",
            "-fsdev", $"local,id=files,security_model=none,path={Path.GetDirectoryName(disk)}", "-device", "virtio-9p-device,fsdev=files,mount_tag=files,bus=virtio-mmio-bus.4",
            "-device", "virtio-keyboard-device,bus=virtio-mmio-bus.5",
        ];
        using var qemu = QemuMachine.Start([.. start, .. devices, "-cpu", "rv64,h=off,sstc=off"], TimeSpan.FromMinutes(3));
        Assert.That(qemu.WaitForExit(170), Is.Zero, qemu.Describe);
        var registers = new SortedDictionary<ulong, ulong>();
        foreach (Match line in Regex.Matches(qemu.Serial, "^([0-9a-f]{8}) ([0-9a-f]{8})\\r?$", RegexOptions.Multiline))
        {
            registers.Add(Hex(line.Groups[1].Value), Hex(line.Groups[2].Value));
        }

        return registers;
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
