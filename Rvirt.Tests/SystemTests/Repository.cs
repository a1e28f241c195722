using System;
using System.IO;
using NUnit.Framework;
using Rvirt.Tool.Machines;

namespace Rvirt.Tests.SystemTests;

/// <summary>Where builds leave what system tests need. What is missing fails a test, and says which command makes it.</summary>
internal static class Repository
{
    public static string Top { get; } = WorkingCopy.Find().Top;

    public static string Kernel => OfGuest("Image");

    public static string Initrd => OfGuest("initrd");

    public static string Disk => OfGuest("disk.ext4");

    /// <summary>A file of the guest of a suite of Debian.</summary>
    public static string OfGuest(string name, string suite = Suite.Pinned) =>
        suite == Suite.Pinned ? Need($"artifacts/guest/{name}", "make guest") : Need($"artifacts/guest-{suite}/{name}", $"make guest SUITE={suite}");

    /// <summary>The disk with a whole distribution.</summary>
    public static string DistributionDisk => Need("artifacts/debian/disk.ext4", "make debian");

    public static string Key => Need("artifacts/guest/id_ed25519", "make guest");

    public static string KnownHosts => Need("artifacts/guest/known_hosts", "make guest");

    public static string RootPassword => File.ReadAllText(Need("artifacts/guest/root-password", "make guest")).Trim();

    /// <summary>The benchmarks, of the configuration that the tests have.</summary>
    public static string Benchmarks =>
        Need($"Rvirt.Benchmarks/bin/{new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name}/net10.0/Rvirt.Benchmarks.dll", "dotnet build rvirt.sln");

    public static string UBootElf => Need("/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf", "make setup");

    public static string UBootBinary => Need("/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin", "make setup");

    /// <summary>The newest OpenSBI that Debian serves (guests/firmware.lock).</summary>
    public static string NewestOpenSbi => Need("artifacts/firmware/opensbi.bin", "make firmware");

    /// <summary>A file of U-Boot for the HiFive Unleashed (guests/firmware.lock).</summary>
    public static string OfUBoot(string name) => Need($"artifacts/firmware/{name}", "make firmware");

    /// <summary>Debian's stress-ng for a running guest (guests/stress.lock).</summary>
    public static string StressArchive => Need("artifacts/stress/stress.tar.gz", "guests/stress.sh");

    /// <summary>The device tree of a board, as the guest's kernel has it.</summary>
    public static string TreeOf(string board) => Need($"artifacts/trees/{board}.dtb", "guests/trees.sh");

    public static string Image(Firmware firmware) => Image("rvirt-qemu", firmware);

    /// <summary>The image for the HiFive Unleashed.</summary>
    public static string UnleashedImage(Firmware firmware) => Image("rvirt-unleashed", firmware);

    /// <summary>An image by its name.</summary>
    public static string ImageOf(string name) => Need($"artifacts/images/{name}.elf", "make image");

    private static string Image(string name, Firmware firmware) => firmware switch
    {
        Firmware.Stub or Firmware.Resident => ImageOf(name),
        Firmware.Sbi => ImageOf(name + "-sbi"),
        _ => throw new ArgumentOutOfRangeException(nameof(firmware)),
    };

    public static string FlatImage => Need("artifacts/images/rvirt-qemu-sbi.bin", "make image");

    private static string Need(string path, string command)
    {
        var full = Path.Combine(Top, path);
        Assert.That(File.Exists(full), Is.True, $"{path} is missing: run {command}");
        return full;
    }
}
