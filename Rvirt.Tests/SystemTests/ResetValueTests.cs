using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>A guest's devices are in the state after reset in which the board's are: the same program reads all their registers on both.</summary>
[Category("System,Image")]
public sealed class ResetValueTests
{
    private const ulong FirstSlot = 0x1000_1000, LastSlot = 0x1000_8000;

    // What a mediated device offers is less, or other, than the host's: the features, and the largest size of a queue.
    private static readonly ulong[] _mediated = [0x10, 0x34];

    [TestCase(Firmware.Stub, true)]
    [TestCase(Firmware.Stub, false)]
    [TestCase(Firmware.Sbi, true)]
    public void Every_register_of_every_device_is_as_on_the_board(Firmware firmware, bool legacy)
    {
        var board = Run(Firmware.Native, legacy);
        var guest = Run(firmware, legacy);
        Assert.That(board, Has.Count.GreaterThan(350));
        Assert.That(board[FirstSlot + 8], Is.EqualTo(2), "there is a disk");
        Assert.That(guest.Keys, Is.EqualTo(board.Keys));
        var differences = board.Where(register => guest[register.Key] != register.Value && !IsMediated(register.Key) && (legacy || !IsVersionOfNothing(register.Key)))
            .Select(register => $"{register.Key:x}: {register.Value:x} on the board, {guest[register.Key]:x} for a guest");
        Assert.That(differences, Is.Empty);
        foreach (var slot in new ulong[] { 0, 1, 2 })
        {
            Assert.That(guest[FirstSlot + (slot << 12) + 0x34], Is.InRange(1, board[FirstSlot + (slot << 12) + 0x34]), "no larger queues than the board's");
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
        ];
        using var qemu = QemuMachine.Start([.. start, .. devices, "-cpu", "rv64,h=off,sstc=off"], System.TimeSpan.FromMinutes(3));
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
