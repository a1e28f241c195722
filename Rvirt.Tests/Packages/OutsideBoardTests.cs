using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.Core.DeviceTree;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>
/// A board of somebody else's: the files that docs/adding-a-board.md shows, in a folder of their own, with nothing of the repository but its
/// packages. Its machine is QEMU's under another name.
/// </summary>
[Category("System")]
[NonParallelizable]
public sealed partial class OutsideBoardTests
{
    private const int Memory = 320 + 512;

    private static readonly string[] s_files = ["Acme.One.csproj", "nuget.config", "AcmeOne.cs", "Image.cs", "MachineMode/board.inc"];

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
        var (status, output) = Commands.Run(
            "env",
            [
                $"NUGET_PACKAGES={_folder.File("cache")}", "dotnet", "publish", Board, "-c", "Release", "--nologo", "-nodeReuse:false",
                "-p:UseSharedCompilation=false", "-p:RestoreIgnoreFailedSources=true",
            ],
            TimeSpan.FromMinutes(4));
        Assert.That(status, Is.Zero, output);
        File.WriteAllBytes(Tree, Renamed());
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void Has_its_images_where_it_is_published() =>
        Assert.That(Directory.GetFiles(Published("")).Select(Path.GetFileName), Is.SupersetOf(new[] { "acme-one.elf", "acme-one.sym", "acme-one-sbi.elf", "acme-one-sbi.sym", "acme-one-sbi.bin" }));

    /// <summary>What is ours came from the folder, into a cache that was empty.</summary>
    [Test]
    public void Takes_packages_alone() =>
        Assert.That(
            Directory.GetDirectories(_folder.File("cache"), "rvirt.*").Select(Path.GetFileName),
            Is.EquivalentTo(new[] { "rvirt.core", "rvirt.mmu", "rvirt.devices", "rvirt.hypervisor", "rvirt.boot", "rvirt.aot" }));

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void Boots_Debian_to_ssh(Firmware firmware)
    {
        using var machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(400), Image(firmware), more: ["-dtb", Tree]);
        machine.Qemu.Expect("rvirt: Acme One, ", 60);
        machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 240);
        Assert.That(machine.Guests[0].Run("uname -m; cat /proc/device-tree/model"), Is.EqualTo("riscv64\nriscv-virtio,rvirt\0"), "the guest's board is no matter of the host's");
        machine.Guests[0].RunToTheEnd("poweroff");
        Assert.That(machine.Qemu.WaitForExit(120), Is.Zero, machine.Qemu.Describe);
    }

    /// <summary>The board gives its own advice.</summary>
    [Test]
    public void Advises_as_its_board_does() =>
        Refusal.Expect(
            Firmware.Stub, "rvirt: error: no kernel given: hand one over as the initial RAM disk, at the boot loader by initrd FILE$", null, Memory,
            further: ["-dtb", Tree], image: Image(Firmware.Stub));

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void Refuses_a_machine_that_is_not_its_board(Firmware firmware) =>
        Refusal.Expect(firmware, "rvirt: error: this machine is not one that the image was built for: it knows Acme One$", Repository.UBootElf, Memory, image: Image(firmware));

    [Test]
    public void Rvirts_own_image_does_not_know_the_board() =>
        Refusal.Expect(Firmware.Stub, "rvirt: error: this machine is not one that the image was built for: it knows QEMU virt$", Repository.UBootElf, Memory, further: ["-dtb", Tree]);

    /// <summary>What the build wrote and read in the board's folder, and the images: not even a path leads back.</summary>
    [Test]
    public void Names_no_place_of_the_repository_and_its_images_none_at_all()
    {
        var top = Encoding.UTF8.GetBytes(Repository.Top + "/");
        Assert.That(Directory.GetFiles(Board, "*", SearchOption.AllDirectories).Where(file => File.ReadAllBytes(file).AsSpan().IndexOf(top) >= 0), Is.Empty);
        var here = Encoding.UTF8.GetBytes(_folder.File(""));
        Assert.That(new[] { Firmware.Stub, Firmware.Sbi }.Where(firmware => File.ReadAllBytes(Image(firmware)).AsSpan().IndexOf(here) >= 0), Is.Empty);
    }

    [Test]
    public void A_machine_mode_part_without_the_boards_addresses_is_refused()
    {
        var copy = _folder.File("Without.Addresses");
        var (status, output) = Commands.Run("cp", ["-r", Board, copy]);
        Assert.That(status, Is.Zero, output);
        File.Delete(Path.Combine(copy, "MachineMode/board.inc"));
        (status, output) = Commands.Run(
            "env", ["-C", copy, $"NUGET_PACKAGES={_folder.File("cache")}", "dotnet", "msbuild", "-t:RvirtBootImages", "-nologo", "-nodeReuse:false"], TimeSpan.FromMinutes(1));
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Contain("error RVB0001: image acme-one has MachineMode, and the project has no MachineMode/board.inc").And.Not.Contain("image acme-one-sbi"));
    }

    private string Published(string name) => Path.Combine(Board, "bin/Release/net10.0/publish", name);

    private string Image(Firmware firmware) => Published(firmware == Firmware.Stub ? "acme-one.elf" : "acme-one-sbi.elf");

    /// <summary>QEMU's own tree, of a machine like those of these tests, by another name.</summary>
    private static byte[] Renamed()
    {
        var source = Tools.Decompile(Tools.DumpQemu($"-m {Memory}M -smp 1"), warnings: false);
        var renamed = source.Replace("compatible = \"riscv-virtio\";", "compatible = \"acme,one\";", StringComparison.Ordinal)
            .Replace("model = \"riscv-virtio,qemu\";", "model = \"Acme One\";", StringComparison.Ordinal);
        Assert.That(renamed, Does.Contain("acme,one").And.Contain("\"Acme One\"").And.Not.Contain("riscv-virtio"));
        return Tools.Compile(renamed);
    }

    [GeneratedRegex(@"^`Acme\.One/([^`]+)`:\n\n```\w+\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex ShownFile();
}
