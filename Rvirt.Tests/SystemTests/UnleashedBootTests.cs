using System;
using System.Collections.Generic;
using System.IO;
using NUnit.Framework;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Disks;
using Rvirt.Tool.Files;
using Rvirt.Tool.Machines;

namespace Rvirt.Tests.SystemTests;

/// <summary>The boot chains of the HiFive Unleashed, as QEMU has it with its switches as on the board: U-Boot's first stage from the card, and what that loads. The tree is the board's own there, with 8 GiB and four harts for guests.</summary>
[Category("System,Image")]
public sealed class UnleashedBootTests
{
    [Test]
    public void TheCardOfMakeSdcardBootsDebianInPlaceOfTheFirmware()
    {
        using var folder = new TemporaryFolder();
        var card = folder.File("card, the first.img");
        var (status, output) = Commands.Run("env", [$"CARD={card}", "MEMORY=256M", "dotnet", WorkingCopy.Find().Program("Rvirt.Tool", "Rvirt.Tool"), "sdcard"]);
        Assert.That(status, Is.Zero, output);
        using var qemu = Start(card);
        qemu.Expect("U-Boot SPL 20", 60);
        qemu.Expect("rvirt: HiFive Unleashed, Sv39, timers of the machine-mode part, 4 harts\r", 300);
        qemu.Expect("guest0 login: ", 400);
        qemu.Send("root\n");
        qemu.Expect("Password: ", 60);
        qemu.Send(Repository.RootPassword + "\n");
        qemu.Expect("# ", 60);
        qemu.Send("ip -o address show eth0; mount | grep ' / '\n");
        qemu.Expect(@"inet \d+\.\d+\.\d+\.\d+/24", 60);
        qemu.Expect("/dev/vda on / type ext4", 60);
        qemu.Send("poweroff\n");
        qemu.Expect("rvirt: guest guest0 powered off", 120);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    /// <summary>The same first stage, its OpenSBI, U-Boot itself, and Rvirt by bootm; a small guest, since that OpenSBI complains of much that a larger one does.</summary>
    [Test]
    public void BootmStartsRvirtAboveUBootsFirmware()
    {
        using var folder = new TemporaryFolder();
        var blob = GuestMachine.PackBlob(folder, [new GuestSpec("small", BareProgram.Build(folder, "failing-payload.S", 0x80200000), null, "", 32 << 20, 1, [])]);
        var fit = folder.File("rvirt.itb");
        FitImage.MakeForBootm(fit, Path.ChangeExtension(Repository.UnleashedImage(Firmware.Sbi), ".bin"), blob, WholeFile.OnDisk, new Programs());
        var card = folder.File("card.img");
        CardImage.Make(
            card,
            [
                new CardPartition("spl", new Guid("5b193300-fc78-40cd-8002-e86c45580b47"), Repository.OfUBoot("u-boot-spl.bin")) { Sector = 34 },
                new CardPartition("u-boot", new Guid("2e54b353-1271-4842-806f-e436d6af6985"), Repository.OfUBoot("u-boot.itb")) { Sector = 2082 },
            ],
            WholeFile.OnDisk,
            new Programs());
        using var qemu = Start(card, "-device", $"loader,file={fit},addr=0xa0000000,force-raw=on");
        qemu.Expect("U-Boot 20", 120);
        qemu.ExpectTyping("\n", "=> ");
        qemu.Send("bootm 0xa0000000 0xa0000000 ${fdtcontroladdr}\n");
        qemu.Expect("Starting kernel", 60);
        qemu.Expect("rvirt: HiFive Unleashed, Sv39, timers of the firmware, 4 harts", 60);
        qemu.ExpectAnywhere("rvirt: guest small reported a failure, code 7", 60);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    private static QemuMachine Start(string card, params IReadOnlyList<string> more) => QemuMachine.Start(
        [
            "-M", "sifive_u,msel=11", "-smp", "5", "-m", "8G", "-no-reboot", "-bios", Repository.OfUBoot("u-boot-spl.bin"),
            "-drive", $"if=sd,format=raw,cache=unsafe,file={card.Replace(",", ",,", StringComparison.Ordinal)}", "-nic", "user", .. more,
        ],
        TimeSpan.FromSeconds(900));
}
