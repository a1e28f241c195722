using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.Core.DeviceTree;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.Packages;

/// <summary>
/// A board of somebody else's: the files that docs/adding-a-board.md shows, in a folder of their own, with nothing of the repository but its
/// packages. Its machine is QEMU's under another name, and its UART and the device that ends it have names that only the board's own drivers drive;
/// its machine-mode part reaches hardware by macros of the board's own.
/// </summary>
[Category("System")]
public sealed partial class OutsideBoardTests
{
    private const int Memory = 320 + 512;

    private static readonly string[] s_files = ["Acme.One.csproj", "nuget.config", "AcmeOne.cs", "AcmeUart.cs", "AcmePower.cs", "Image.cs", "MachineMode/board.inc"];

    private readonly TemporaryFolder _folder = new();

    private string Board => _folder.File("Acme.One");

    private string Tree => _folder.File("acme-one.dtb");

    [OneTimeSetUp]
    public void Publish()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Top, "docs/adding-a-board.md"));
        var files = ShownFile().Matches(page).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        Assert.That(files.Keys, Is.EquivalentTo(s_files));
        Directory.CreateDirectory(Path.Combine(Board, "MachineMode"));
        foreach (var (name, text) in files)
        {
            File.WriteAllText(Path.Combine(Board, name), text);
        }

        // The page's folder of packages is a clone's beside the board's: here it holds what this run has packed.
        Directory.CreateDirectory(_folder.File("rvirt/artifacts"));
        Directory.CreateSymbolicLink(_folder.File("rvirt/artifacts/packages"), PackageFolder.Path);
        Publish(Board);
        File.WriteAllBytes(Tree, RenamedTree.Of(Memory));
    }

    private void Publish(string board)
    {
        var (status, output) = Commands.Run(
            "env",
            [
                $"NUGET_PACKAGES={_folder.File("cache")}", "dotnet", "publish", board, "-c", "Release", "--nologo", "-nodeReuse:false",
                "-p:UseSharedCompilation=false", "-p:RestoreIgnoreFailedSources=true",
            ],
            TimeSpan.FromMinutes(4));
        Assert.That(status, Is.Zero, output);
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void HasItsImagesWhereItIsPublished() =>
        Assert.That(Directory.GetFiles(Published("")).Select(Path.GetFileName), Is.SupersetOf(["acme-one.elf", "acme-one.sym", "acme-one-sbi.elf", "acme-one-sbi.sym", "acme-one-sbi.bin"]));

    /// <summary>What is ours came from the folder, into a cache that was empty.</summary>
    [Test]
    public void TakesPackagesAlone() =>
        Assert.That(
            Directory.GetDirectories(_folder.File("cache"), "rvirt.*").Select(Path.GetFileName),
            Is.EquivalentTo(["rvirt.core", "rvirt.mmu", "rvirt.devices", "rvirt.hypervisor", "rvirt.boot", "rvirt.aot"]));

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void BootsDebianToSsh(Firmware firmware)
    {
        using var machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(400), Image(firmware), more: ["-dtb", Tree]);
        machine.Qemu.Expect("rvirt: Acme One, ", 60);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 240);
        Assert.That(machine.Guests[0].Run("uname -m; cat /proc/device-tree/model"), Is.EqualTo("riscv64\nriscv-virtio,rvirt\0"), "the guest's board is no matter of the host's");
        machine.Guests[0].RunToTheEnd("poweroff");
        Assert.That(machine.Qemu.WaitForExit(120), Is.Zero, machine.Qemu.Describe);
    }

    /// <summary>
    /// More guests than harts, none of which traps: the other hart is started, and harts are taken away from them, by what the board's own macros say of its timer
    /// and its interrupts. Harts without Sstc, so that the machine-mode part sets the timer, or, below resident guests, C# does.
    /// </summary>
    [TestCase("")]
    [TestCase("rvirt.mode=resident")]
    public void GuestsShareHartsByTheBoardsOwnTimer(string arguments)
    {
        using var folder = new TemporaryFolder();
        var tree = folder.Write("two-harts.dtb", RenamedTree.Of(256, harts: 2, arguments: arguments));
        var counter = BareProgram.Build(folder, "share-payload.S", 0x80200000, "COUNT=1");
        var blob = GuestMachine.PackBlob(folder, [.. Enumerable.Range(0, 3).Select(i => new GuestSpec($"c{i}", counter, null, "", 8 << 20, 1, []))]);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Stub, blob, 256, 2, Image(Firmware.Stub)), "-cpu", "rv64,sstc=off", "-dtb", tree], TimeSpan.FromMinutes(2));
        qemu.Expect(arguments.Length == 0 ? "rvirt: Acme One, .*timers of the machine-mode part" : "rvirt: Acme One, .*resident guests", 60);
        var counted = new HashSet<string>();
        while (counted.Count < 3)
        {
            counted.Add(qemu.Expect(@"\[(c\d)\] =[0-9a-f]{16}", 60).Groups[1].Value);
        }
    }

    /// <summary>Without a device that C# drives the machine-mode part ends the machine, by the board's macros: status 2 is theirs alone.</summary>
    [Test]
    public void EndsByTheBoardsOwnMacros()
    {
        var tree = _folder.File("no-power.dtb");
        File.WriteAllBytes(tree, RenamedTree.Of(Memory, power: "acme,other"));
        using (var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Stub, Repository.UBootElf, Memory, 1, Image(Firmware.Stub)), "-dtb", tree], TimeSpan.FromMinutes(2)))
        {
            qemu.ExpectTyping("\n", "=> ");
            qemu.Send("poweroff\n");
            Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        }

        using var failing = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Stub, null, Memory, 1, Image(Firmware.Stub)), "-dtb", tree], TimeSpan.FromMinutes(2));
        Assert.That(failing.WaitForExit(60), Is.EqualTo(2), failing.Describe);
    }

    [Test]
    public void WhatItsFileDoesNotDefineIsAnErrorThatNamesIt()
    {
        const string Macro = "BOARD_MTIMECMP";
        var copy = _folder.File("Acme.Less");
        var (status, output) = Commands.Run("cp", ["-a", Board, copy]);
        Assert.That(status, Is.Zero, output);
        Replace(copy, "MachineMode/board.inc", "MachineMode/board.inc", (Macro, "OTHER_NAME"));
        (status, output) = Commands.Run(
            "env",
            ["-C", copy, $"NUGET_PACKAGES={_folder.File("cache")}", "dotnet", "publish", "-c", "Release", "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RestoreIgnoreFailedSources=true"],
            TimeSpan.FromMinutes(4));
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Contain($"error: macro '{Macro}' is not defined"));
    }

    /// <summary>The board gives its own advice.</summary>
    [Test]
    public void AdvisesAsItsBoardDoes() =>
        Refusal.Expect(
            Firmware.Stub, "rvirt: error: no kernel given: hand one over as the initial RAM disk, at the boot loader by initrd FILE$", null, Memory,
            further: ["-dtb", Tree], image: Image(Firmware.Stub));

    /// <summary>It has the library's driver in its packages, and does not name it.</summary>
    [Test]
    public void RefusesAUARTThatItNamesNoDriverFor()
    {
        var tree = _folder.File("other-uart.dtb");
        File.WriteAllBytes(tree, RenamedTree.Of(Memory, uart: "ns16550a"));
        Refusal.Expect(
            Firmware.Stub, "rvirt: error: the console's UART is ns16550a, for which the board has no driver: name one that it drives in stdout-path$", Repository.UBootElf, Memory,
            further: ["-dtb", tree], image: Image(Firmware.Stub));
    }

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void RefusesAMachineThatIsNotItsBoard(Firmware firmware) =>
        Refusal.Expect(firmware, "rvirt: error: this machine is not one that the image was built for: it knows Acme One$", Repository.UBootElf, Memory, image: Image(firmware));

    [Test]
    public void RvirtsOwnImageDoesNotKnowTheBoard() =>
        Refusal.Expect(Firmware.Stub, "rvirt: error: this machine is not one that the image was built for: it knows QEMU virt$", Repository.UBootElf, Memory, further: ["-dtb", Tree]);

    /// <summary>What the build wrote and read in the board's folder, and the images: not even a path leads back.</summary>
    [Test]
    public void NamesNoPlaceOfTheRepositoryAndItsImagesNoneAtAll()
    {
        var top = Encoding.UTF8.GetBytes(Repository.Top + "/");
        Assert.That(Directory.GetFiles(Board, "*", SearchOption.AllDirectories).Where(file => File.ReadAllBytes(file).AsSpan().IndexOf(top) >= 0), Is.Empty);
        var here = Encoding.UTF8.GetBytes(_folder.File(""));
        Assert.That(new[] { Firmware.Stub, Firmware.Sbi }.Where(firmware => File.ReadAllBytes(Image(firmware)).AsSpan().IndexOf(here) >= 0), Is.Empty);
    }

    /// <summary>The list of types compiled: each board's console is up, by the driver that it alone names, and each ends by its own device.</summary>
    [Test]
    public void BoardsOfOneImageBringDriversOfTheirOwn()
    {
        var both = _folder.File("Acme.Both");
        var (status, output) = Commands.Run("cp", ["-r", Board, both]);
        Assert.That(status, Is.Zero, output);
        // The second has what QEMU's board has, and comes first in the list.
        Replace(
            both, "AcmeOne.cs", "AcmeTwo.cs", ("struct AcmeOne", "struct AcmeTwo"), ("Acme One", "Acme Two"), ("acme,one", "acme,two"), ("AcmeUart", "HostUart16550"), ("AcmePower", "HostSiFiveTest"));
        Replace(both, "Image.cs", "Image.cs", ("Boards<AcmeOne>", "Boards<AcmeTwo, Boards<AcmeOne>>"));
        Publish(both);
        var two = _folder.File("acme-two.dtb");
        File.WriteAllBytes(two, Tools.Compile(Tools.Decompile(Tools.DumpQemu($"-m {Memory}M -smp 1"), warnings: false)
            .Replace("compatible = \"riscv-virtio\";", "compatible = \"acme,two\";", StringComparison.Ordinal)));
        var image = Path.Combine(both, "bin/Release/net10.0/publish/acme-one.elf");
        foreach (var (tree, board) in new[] { (Tree, "Acme One"), (two, "Acme Two") })
        {
            using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Stub, Repository.UBootElf, Memory, 1, image), "-dtb", tree], TimeSpan.FromMinutes(2));
            qemu.Expect($"rvirt: {board}, ", 60);
            qemu.ExpectTyping("\n", "=> ");
            qemu.Send("poweroff\n");
            Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        }

        Refusal.Expect(
            Firmware.Stub, "rvirt: error: this machine is not one that the image was built for: it knows Acme Two, Acme One$", Repository.UBootElf, Memory, image: image);
    }

    [Test]
    public void AMachineModePartWithoutTheBoardsDevicesIsRefused()
    {
        var copy = _folder.File("Without.Devices");
        var (status, output) = Commands.Run("cp", ["-r", Board, copy]);
        Assert.That(status, Is.Zero, output);
        File.Delete(Path.Combine(copy, "MachineMode/board.inc"));
        (status, output) = Commands.Run(
            "env", ["-C", copy, $"NUGET_PACKAGES={_folder.File("cache")}", "dotnet", "msbuild", "-t:RvirtBootImages", "-nologo", "-nodeReuse:false"], TimeSpan.FromMinutes(1));
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Contain("error RVB0001: image acme-one has MachineMode, and the project has no MachineMode/board.inc").And.Not.Contain("image acme-one-sbi"));
    }

    private static void Replace(string folder, string file, string other, params ReadOnlySpan<(string Old, string New)> changes)
    {
        var text = File.ReadAllText(Path.Combine(folder, file));
        foreach (var (old, replacement) in changes)
        {
            Assert.That(text, Does.Contain(old));
            text = text.Replace(old, replacement, StringComparison.Ordinal);
        }

        File.WriteAllText(Path.Combine(folder, other), text);
    }

    private string Published(string name) => Path.Combine(Board, "bin/Release/net10.0/publish", name);

    private string Image(Firmware firmware) => Published(firmware == Firmware.Stub ? "acme-one.elf" : "acme-one-sbi.elf");

    [GeneratedRegex(@"^`Acme\.One/([^`]+)`:\n\n```\w+\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex ShownFile();
}
