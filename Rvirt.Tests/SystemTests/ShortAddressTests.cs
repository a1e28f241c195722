using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// Hosts without Sv57, which QEMU 7.2 cannot be told to be: the image is compiled once more so that it leaves the longer modes alone.
/// With Sv39 the hypervisor lives in a hole of the guest's own addresses (FU540); with Sv48 the guest is left with Sv39.
/// </summary>
[Category("System,Image")]
public sealed class ShortAddressTests
{
    private readonly TemporaryFolder _images = new();

    private const string Responses = "Rvirt.Platform.Qemu/obj/Release/net10.0/";

    [OneTimeTearDown]
    public void RemoveImages() => _images.Dispose();

    [TestCase(8, "Sv39")]
    [TestCase(9, "Sv48")]
    public void BootsDebianToSsh(int longestMode, string name)
    {
        using var machine = GuestMachine.BootDebian(Firmware.Stub, 1, TimeSpan.FromSeconds(400), Image(longestMode));
        machine.Qemu.Expect($"rvirt: QEMU virt, {name}, ", 60);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 240);
        Assert.That(machine.Guests[0].Run("grep -m1 mmu /proc/cpuinfo"), Does.Match(@"mmu\s*: sv39"));
        machine.Guests[0].RunToTheEnd("poweroff");
        Assert.That(machine.Qemu.WaitForExit(120), Is.Zero, machine.Qemu.Describe);
    }

    /// <summary>The window has room for 19 GiB of addresses, and this board's RAM starts at 2 GiB. QEMU gives memory when it is touched.</summary>
    [TestCase(8, 1, 0, Description = "the guest's highest memory is used first")]
    [TestCase(16, 2, 0)]
    [TestCase(17, 1, 0)]
    [TestCase(18, 1, 1)]
    public void DebianHasAllMemoryThatTheWindowReaches(int gigabytes, int guests, int unreachable)
    {
        using var machine = GuestMachine.BootDebian(
            Firmware.Stub, guests, TimeSpan.FromSeconds(600), Image(8), hostMemory: gigabytes << 10, guestMemory: null);
        for (var guest = 0; guest < guests; guest++)
        {
            machine.Qemu.ExpectAnywhere($@"rvirt-guest: ssh ready after [\d.]+ s on guest{guest}", 300);
        }

        var total = 0.0;
        foreach (var guest in machine.Guests)
        {
            // What the kernel keeps for itself (its page structures above all) is less than a twentieth.
            total += double.Parse(guest.Run("awk '/MemTotal/ { print $2 / 1048576 }' /proc/meminfo"), CultureInfo.InvariantCulture);

            Assert.That(guest.Run("dd if=/dev/zero of=/run/fill bs=1M count=64 2>/dev/null; sync; md5sum < /run/fill"), Does.StartWith("7f614da9329cd3aebf59b91aadc30bf0"));
        }

        Assert.That(total, Is.InRange(((gigabytes - unreachable) * 0.95) - 0.3, gigabytes - unreachable));
        Assert.That(
            Regex.Matches(machine.Qemu.Serial, @"rvirt: warning: (\d+) MiB of memory lie above").Select(match => match.Groups[1].Value),
            Is.EqualTo(Enumerable.Repeat($"{unreachable << 10}", unreachable)));
        foreach (var guest in machine.Guests)
        {
            guest.RunToTheEnd("poweroff");
        }

        Assert.That(machine.Qemu.WaitForExit(120), Is.Zero, machine.Qemu.Describe);
    }

    /// <summary>RAM that QEMU does not have, at addresses whose root index would lie behind the root table: who used it would fault.</summary>
    [Test]
    public void MemoryFarAboveTheWindowIsLeftAlone()
    {
        using var folder = new TemporaryFolder();
        var tree = EditedTree(folder, text => text.Replace(
            "memory@80000000 {", "memory@4b00000000 { device_type = \"memory\"; reg = <0x4b 0 4 0>; };\nmemory@80000000 {", StringComparison.Ordinal));
        var payload = BareProgram.Build(folder, "fence-payload.S", 0x80200000);
        string[] arguments = [.. GuestMachine.Rvirt(Firmware.Stub, payload, image: Image(8)), "-dtb", tree];
        using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.EqualTo(7), qemu.Describe);
        Assert.That(qemu.Serial, Does.Contain("rvirt: warning: 16384 MiB of memory lie above"));
    }

    [TestCase("reg = <0x00 0xc000000 ", "reg = <0x05 0xc000000 ", "the machine's PLIC lies above")]
    [TestCase("reg = <0x00 0x10000000 ", "reg = <0x05 0x10000000 ", "the console's UART lies above")]
    [TestCase("reg = <0x00 0x10003000 ", "reg = <0x05 0x10003000 ", "a virtio slot lies above")]
    public void ADeviceAboveTheWindowIsRefusedByName(string reg, string highReg, string pattern)
    {
        using var folder = new TemporaryFolder();
        var tree = EditedTree(folder, text => text.Replace(reg, highReg, StringComparison.Ordinal));
        Refusal.Expect(Firmware.Stub, pattern, Repository.UBootElf, further: ["-dtb", tree], image: Image(8));
    }

    /// <summary>Bare firmware enters an image that was put high. The lower place is the highest that works, as far as the missing initrd.</summary>
    [TestCase(0x4a0200000UL, "no kernel given: hand one over as the initial RAM disk, on QEMU with -initrd KERNEL")]
    [TestCase(0x4bffff000UL, "the image lies above the addresses that Rvirt can map on this hart; load it lower")]
    [TestCase(0x4c0200000UL, "the image lies above the addresses that Rvirt can map on this hart; load it lower")]
    public void AnImageAboveTheWindowSaysSo(ulong address, string pattern)
    {
        const int Memory = 20 << 10;
        using var folder = new TemporaryFolder();
        var image = folder.File("rvirt.bin");
        var (status, output) = Commands.Run("riscv64-linux-gnu-objcopy", ["-O", "binary", Image(8, "rvirt-rvirt-qemu-sbi.rsp"), image]);
        Assert.That(status, Is.Zero, output);
        var bios = BareProgram.Build(folder, "bare-firmware.S", 0x80000000, "STIMECMP", $"NEXT={address}");
        using var qemu = QemuMachine.Start(
            [
                "-bios", bios, .. GuestMachine.Reserving(Memory), "-m", $"{Memory}M",
                "-device", $"loader,addr=0x{address:x},file={image},force-raw=on",
            ],
            TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Not.Zero, qemu.Describe);
        Assert.That(Regex.Matches(qemu.Serial, "rvirt: error: [^\r\n]*").Select(match => match.Value), Is.EqualTo(["rvirt: error: " + pattern]), qemu.Describe);
    }

    private static string EditedTree(TemporaryFolder folder, Func<string, string> edit)
    {
        var source = Tools.Decompile(Tools.DumpQemu("-m 768M"), warnings: false);
        var edited = edit(source);
        Assert.That(edited, Is.Not.EqualTo(source));
        return folder.Write("edited.dtb", Tools.Compile(edited));
    }

    // Each is compiled once for the fixture.
    private string Image(int longestMode, string response = "rvirt-rvirt-qemu.rsp")
    {
        var image = _images.File($"{response}-{longestMode}.elf");
        if (File.Exists(image))
        {
            return image;
        }

        var options = new List<string>(File.ReadAllLines(Path.Combine(Repository.Top, Responses, response)).Where(option =>
            !option.StartsWith("\"--output=", StringComparison.Ordinal) && !option.StartsWith("\"--symbols=", StringComparison.Ordinal)))
        {
            $"\"--output={image}\"",
            $"--define=LONGEST_MODE={longestMode}",
        };
        var file = _images.Write("options.rsp", System.Text.Encoding.UTF8.GetBytes(string.Join('\n', options)));
        var compiler = Path.Combine(Repository.Top, "Rvirt.Aot/bin/Release/net10.0/Rvirt.Aot.dll");
        var (status, output) = Commands.Run("dotnet", [compiler, "@" + file], TimeSpan.FromSeconds(240));
        Assert.That(status, Is.Zero, output);
        return image;
    }
}
