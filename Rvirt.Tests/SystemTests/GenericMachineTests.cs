using System;
using System.IO;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>The image that knows no board, above OpenSBI, on the boards that QEMU has: it takes what their trees name.</summary>
[Category("System,Image")]
public sealed class GenericMachineTests
{
    private const int HartsOfIcicle = 4;

    private static string Image => Repository.ImageOf("rvirt-generic-sbi");

    /// <summary>Microchip's PolarFire SoC Icicle Kit, which Rvirt has no board for, with the tree that Linux has for it. Its firmware has no way to end it.</summary>
    [Test]
    public void DebianRunsOnABoardThatNobodyMadeAnImageFor()
    {
        using var folder = new TemporaryFolder();
        var guest = RamDiskTests.Debian(folder, []) with { Harts = 2, Network = "private" };
        using var qemu = StartIcicle(GuestMachine.PackBlob(folder, [guest]));
        qemu.Expect($"rvirt: generic board, Sv39, timers of the firmware, {HartsOfIcicle} harts\r", 60);
        qemu.Expect("rvirt: the board drives no clock, no network card, no disk, and guests do without\r", 60);
        qemu.Expect("guest0 login: ", 390);
        qemu.Send("root\n");
        qemu.Expect("Password: ", 60);
        qemu.Send(Repository.RootPassword + "\n");
        qemu.Expect("# ", 60);
        qemu.Send("echo $(nproc) harts, $(ls /sys/class/net/eth0/mtu)\n");
        qemu.Expect("2 harts, /sys/class/net/eth0/mtu", 60);
        qemu.Send("poweroff\n");
        qemu.Expect("rvirt: guest guest0 powered off", 120);
    }

    [Test]
    public void AGuestThatAsksForAWireIsRefusedThere()
    {
        using var folder = new TemporaryFolder();
        using var qemu = StartIcicle(GuestMachine.PackBlob(folder, [new GuestSpec("g", Payload(folder), null, "", 32 << 20, 1, []) { Network = "wire" }]));
        qemu.Expect("rvirt: error: guest g: it asks for a network with a wire, and the machine has no card", 60);
    }

    /// <summary>The boards that have images of their own need none: what ends them is found as everything else is.</summary>
    [TestCase("virt", 7)]
    [TestCase("sifive_u", 0, Description = "it is reset, and says nothing of why")]
    public void TheImageRunsOnTheOtherBoardsToo(string machine, int status)
    {
        using var folder = new TemporaryFolder();
        var blob = GuestMachine.PackBlob(folder, [new GuestSpec("g", Payload(folder), null, "", 32 << 20, 1, [])]);
        using var qemu = QemuMachine.Start(["-M", machine, "-smp", "2", "-m", "512M", "-no-reboot", "-kernel", Image, "-initrd", blob], TimeSpan.FromSeconds(240));
        qemu.Expect("rvirt: generic board, Sv39, (own timers|timers of the firmware), ", 60);
        qemu.Expect("rvirt: guest g reported a failure, code 7", 60);
        Assert.That(qemu.WaitForExit(60), Is.EqualTo(status), qemu.Describe);
    }

    /// <summary>RAM does not begin at the same place everywhere: the image as bytes, elsewhere than it was linked for.</summary>
    [TestCase(0x9000_0000u)]
    [TestCase(0x8a20_0000u)]
    public void TheImageRunsWhereverItIsLoaded(uint address)
    {
        using var folder = new TemporaryFolder();
        var (bytes, parts, file) = (Path.ChangeExtension(Image, ".bin"), folder.File("image.o"), folder.File("image.elf"));
        var (status, output) = Commands.Run("llvm-objcopy-19", ["-I", "binary", "-O", "elf64-littleriscv", bytes, parts]);
        Assert.That(status, Is.Zero, output);
        (status, output) = Commands.Run("ld.lld-19", ["-m", "elf64lriscv", "-N", $"-Tdata=0x{address:x}", "-e", $"0x{address:x}", "-o", file, parts]);
        Assert.That(status, Is.Zero, output);
        var blob = GuestMachine.PackBlob(folder, [new GuestSpec("g", Payload(folder), null, "", 32 << 20, 1, [])]);
        using var qemu = QemuMachine.Start(["-smp", "2", "-m", "1G", "-kernel", file, "-initrd", blob], TimeSpan.FromSeconds(240));
        qemu.Expect("rvirt: guest g reported a failure, code 7", 60);
        Assert.That(qemu.WaitForExit(60), Is.EqualTo(7), qemu.Describe);
    }

    private static string Payload(TemporaryFolder folder) => BareProgram.Build(folder, "failing-payload.S", 0x80200000);

    private static QemuMachine StartIcicle(string blob) => QemuMachine.Start(
        [
            "-M", "microchip-icicle-kit", "-smp", "5", "-m", "3G", "-bios", "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.bin",
            "-kernel", Image, "-dtb", Repository.TreeOf("mpfs-icicle-kit"), "-initrd", blob,
        ],
        TimeSpan.FromSeconds(600),
        line: 1);
}
