using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>Programs of a few instructions, as guest or as firmware.</summary>
[Category("System")]
public sealed class BarePayloadTests
{
    [TestCase(Firmware.Native, Category = "Native")]
    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Resident, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void AGuestsFailureIsQemusExitStatus(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "failing-payload.S", 0x80200000);
        string[] arguments = firmware == Firmware.Native ? ["-kernel", payload] : [.. GuestMachine.Rvirt(firmware, payload, memory: 256)];
        using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(90));
        var status = qemu.WaitForExit(60);
        Assert.That(qemu.Serial, Does.Contain("x"), qemu.Describe);
        Assert.That(status, Is.EqualTo(7), qemu.Describe);
    }

    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void AGuestReadsItsTrapCounters(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(firmware, BareProgram.Build(folder, "trap-counters-payload.S", 0x80200000), memory: 256)], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Zero, qemu.Describe);
    }

    /// <summary>
    /// Which carriage returns stand before a newline is the firmware's to choose: a guest gets what the same program gets on the board, above
    /// the firmware that QEMU brings along and above the newest one, of which only the second has a debug console.
    /// </summary>
    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Resident, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void WhatAGuestPrintsBySBICallsLooksAsOnTheBoard(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "console-payload.S", 0x80200000);
        var guest = Printed([.. GuestMachine.Rvirt(firmware, payload, memory: 256)]);
        var old = Printed(["-kernel", payload]);
        var board = Printed(["-kernel", payload, "-bios", Repository.NewestOpenSbi]);
        Assert.That(board.Count(character => character == '>'), Is.EqualTo(3), "each call has printed");
        Assert.That(old.Count(character => character == '>'), Is.EqualTo(1), "there is no debug console");
        Assert.That(guest, Is.EqualTo(board).And.StartsWith(old));

        static string Printed(string[] arguments)
        {
            using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(60));
            Assert.That(qemu.WaitForExit(50), Is.Zero, qemu.Describe);
            var all = qemu.Serial;
            return all[all.IndexOf("<one", StringComparison.Ordinal)..(all.LastIndexOf('>') + 1)];
        }
    }

    /// <summary>
    /// A restart gives the guest what its first start gave it: zero in all x registers but a0 and a1, in f registers, fcsr and CSRs. A
    /// reset of QEMU's own board keeps most of them, which shows that the program can see what stays.
    /// </summary>
    [TestCase(Firmware.Native, Category = "Native")]
    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Resident, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void AGuestFindsNothingOfItsFormerLifeInItsRegisters(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "second-life-payload.S", 0x80200000);
        string[] arguments = firmware == Firmware.Native ? ["-kernel", payload] : [.. GuestMachine.Rvirt(firmware, payload, memory: 256)];
        using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(90));
        Assert.That(qemu.WaitForExit(60), firmware == Firmware.Native ? Is.InRange(1, 15) : Is.Zero, qemu.Describe);
    }

    /// <summary>What SysRq on a serial console needs; the program sees on the board what it sees as a guest.</summary>
    [TestCase(Firmware.Native, Category = "Native")]
    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void AGuestSeesABreakOnTheSerialLine(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "break-payload.S", 0x80200000);
        string[] arguments = firmware == Firmware.Native ? ["-kernel", payload] : [.. GuestMachine.Rvirt(firmware, payload, memory: 256)];
        var socket = folder.File("monitor");
        using var qemu = QemuMachine.Start([.. arguments, .. QemuMonitor.Arguments(socket)], TimeSpan.FromSeconds(90));
        using var monitor = new QemuMonitor(socket, qemu);
        qemu.Expect("ready", 60);
        qemu.Send("a");
        qemu.Expect(@"\[01 61\]", 30);
        monitor.Human("chardev-send-break serial0");
        qemu.Expect(@"\[11 00\]", 30);
        qemu.Send("h");
        qemu.Expect(@"\[01 68\]", 30);
        qemu.Send("q");
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    /// <summary>
    /// Firmware may leave hstatus.HU set, with which U-mode, and so a guest, would load past its tables from the host's memory; the last word
    /// is Rvirt's. QEMU's default processor has the H extension.
    /// </summary>
    [TestCase("HSTATUS=0x200", "STIMECMP")]
    [TestCase("HSTATUS=0", "STIMECMP")]
    [Category("Image")]
    public void AGuestHasNoLoadsOfTheHExtension(params string[] defines)
    {
        using var folder = new TemporaryFolder();
        var bare = BareProgram.Build(folder, "bare-firmware.S", 0x80000000, defines);
        var payload = BareProgram.Build(folder, "hypervisor-load-payload.S", 0x80200000);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Sbi, payload, memory: 256), "-bios", bare], TimeSpan.FromSeconds(90));
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    /// <summary>The boot loader's copy of the blob lies where the second guest's memory is; Rvirt moves it away, and nothing may stay.</summary>
    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void AGuestFindsNothingOfAnotherInItsMemory(Firmware firmware)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "scan-payload.S", 0x80200000);
        var secret = folder.Write("secret", System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("FORTHERS", 2 << 20))));
        GuestSpec[] guests =
        [
            new("first", payload, null, "", 64 << 20, 1, []),
            new("second", payload, null, "", 64 << 20, 1, []),
            new("third", Repository.UBootBinary, secret, "", 64 << 20, 1, []),
        ];
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, guests), harts: 3)], TimeSpan.FromSeconds(90));
        qemu.ExpectAnywhere("guest first powered off", 60);
        qemu.ExpectAnywhere("guest second powered off", 60);
    }

    /// <summary>QEMU puts its first device into slot 7 and the second into slot 6.</summary>
    [TestCase(7u, 6u, 0x41)]
    [TestCase(6u, 7u, 0x14)]
    [Category("Image")]
    public void AGuestHasItsDevicesInTheOrderOfItsDescription(uint first, uint second, int kinds)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "devices-payload.S", 0x80200000);
        var blob = GuestMachine.PackBlob(folder, [new("guest", payload, null, "", 64 << 20, 1, [first, second])]);
        using var qemu = QemuMachine.Start(
            [
                .. GuestMachine.Rvirt(Firmware.Stub, blob, memory: 256),
                "-device", "virtio-rng-device", "-netdev", "user,id=net,restrict=on", "-device", "virtio-net-device,netdev=net",
            ],
            TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.EqualTo(kinds), qemu.Describe);
    }

    /// <summary>What boot loaders take that know no ELF: the bytes as they lie in memory, with the header of a flat Linux image.</summary>
    [Test, Category("Image")]
    public void TheFlatImageStartsAsTheELFDoes()
    {
        using var folder = new TemporaryFolder();
        var image = Repository.FlatImage;
        Assert.That(File.ReadAllBytes(image).AsSpan(48, 8).SequenceEqual("RISCV\0\0\0"u8), "the header's magic number");
        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(Firmware.Sbi, BareProgram.Build(folder, "failing-payload.S", 0x80200000), memory: 256, image: image)], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.EqualTo(7), qemu.Describe);
    }

    /// <summary>The firmware of a bad-input test is a good one for a payload that needs only characters.</summary>
    [Test, Category("Native")]
    public void TheBareFirmwareRunsUBoot()
    {
        using var folder = new TemporaryFolder();
        var bare = BareProgram.Build(folder, "bare-firmware.S", 0x80000000);
        using var qemu = QemuMachine.Start(["-m", "256M", "-bios", bare, "-kernel", Repository.UBootElf], TimeSpan.FromSeconds(90));
        qemu.Expect("stop autoboot", 60);
    }

    /// <summary>What an image takes of memory or a boot medium: the bytes its program headers load.</summary>
    [TestCase(Firmware.Stub, Category = "Image")]
    [TestCase(Firmware.Sbi, Category = "Image")]
    public void TheImageIsUnder256KiB(Firmware firmware)
    {
        var file = File.ReadAllBytes(Repository.Image(firmware));
        var headers = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(32));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(56));
        var loaded = 0UL;
        for (var i = 0; i < count; i++)
        {
            var header = file.AsSpan((int)headers + (56 * i));
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == 1)
            {
                loaded += BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            }
        }

        TestContext.Out.WriteLine($"{firmware}: {loaded} bytes");
        Assert.That(loaded, Is.GreaterThan(0).And.LessThan(256 << 10));
    }
}
