using System;
using System.Collections.Generic;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>U-Boot's S-mode build as the one payload, as ELF and as flat binary, with a disk it can list.</summary>
[Category("System")]
public sealed class UBootTests
{
    [TestCase(Firmware.Native, true, Category = "Native")]
    [TestCase(Firmware.Native, false, Category = "Native")]
    [TestCase(Firmware.Stub, true, Category = "Image")]
    [TestCase(Firmware.Stub, false, Category = "Image")]
    [TestCase(Firmware.Sbi, true, Category = "Image")]
    [TestCase(Firmware.Sbi, false, Category = "Image")]
    public void ReachesItsPromptAndListsTheDisk(Firmware firmware, bool elf)
    {
        using var folder = new TemporaryFolder();
        var payload = elf ? Repository.UBootElf : Repository.UBootBinary;
        List<string> arguments =
        [
            "-drive", $"if=none,id=disk0,format=raw,file={folder.CopyDisk("disk.img")}", "-device", "virtio-blk-device,drive=disk0",
        ];
        arguments.AddRange(firmware == Firmware.Native ? ["-m", "256M", "-kernel", payload] : GuestMachine.Rvirt(firmware, payload, memory: 512));

        using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(300));
        qemu.Expect("U-Boot 20", 90);
        // Its countdown ends by its own clock, however long this machine takes to answer; later it would search the disk first.
        qemu.ExpectTyping("\n", "=> ");
        qemu.Send("virtio info\n");
        qemu.Expect(@"Device 0: .*VirtIO Block Device", 60);
        qemu.Expect("=> ", 60);
        qemu.Send("ls virtio 0 /\n");
        qemu.Expect(@"<DIR>\s+\d+ etc", 60);
        qemu.Expect("=> ", 60);
        qemu.Send("poweroff\n");
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }
}
