using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>
/// The templates of <c>dotnet new</c>, installed by their package's name, into settings that nobody else has. What they make lies in a folder outside
/// of the repository, is named by its user, and needs packages alone.
/// </summary>
[Category("System")]
public sealed partial class TemplateTests
{
    private const int Memory = 256;

    private readonly TemporaryFolder _folder = new();

    [OneTimeSetUp]
    public void Install()
    {
        _folder.Write("nuget.config", Encoding.UTF8.GetBytes($"<configuration><packageSources><add key=\"here\" value=\"{PackageFolder.Path}\" /></packageSources></configuration>"));
        Dotnet("new", "install", "Rvirt.Templates@0.1.0", "--add-source", PackageFolder.Path, "--debug:custom-hive", _folder.File("hive"));
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void AnImageHasItsUsersNamePrintsAndEnds()
    {
        Make("rvirt-image", "First.Light");
        Assert.That(Files("First.Light"), Is.EquivalentTo(["First.Light.csproj", "First.Light.ld", "Image.cs", "Start.S"]));
        Publish("First.Light");
        using var qemu = QemuMachine.Start(["-bios", "none", "-smp", "1", "-kernel", Published("First.Light", "First.Light.elf")], TimeSpan.FromMinutes(2));
        qemu.Expect("^Hello from C#, without a runtime\r?\n$", 60);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    /// <summary>Each line as the page has it, by somebody whose clone has just those packages, and whose home has no more than NuGet's settings of this machine.</summary>
    [Test]
    public void AnImageComesOfTheLinesOfThePage()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Top, "docs/images.md"));
        var lines = TypedLines().Match(page[page.IndexOf("A template makes", StringComparison.Ordinal)..]).Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()).ToArray();
        Assert.That(lines[0], Is.EqualTo("make packages"));
        Assert.That(lines[^1], Does.StartWith("qemu-system-riscv64 "));
        var clone = Directory.CreateDirectory(_folder.File("lines/clone/artifacts")).Parent!.FullName;
        File.CreateSymbolicLink(Path.Combine(clone, "artifacts/packages"), PackageFolder.Path);
        var home = Directory.CreateDirectory(_folder.File("lines/home/.nuget")).Parent!.FullName;
        var settings = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/NuGet");
        if (Directory.Exists(settings))
        {
            Assert.That(Commands.Run("cp", ["-r", settings, Path.Combine(home, ".nuget/NuGet")]).Status, Is.Zero);
        }

        string[] there = ["-C", clone, "-u", "NUGET_PACKAGES", $"HOME={home}", "MSBUILDDISABLENODEREUSE=1", "UseSharedCompilation=false", "bash", "-ec"];
        var (status, output) = Commands.Run("env", [.. there, string.Join('\n', lines[1..])], TimeSpan.FromMinutes(8));
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.EndWith("Hello from C#, without a runtime\n").Or.EndWith("Hello from C#, without a runtime\r\n"));
    }

    /// <summary>By the names that were asked for, of the board, of its devices and of its images, and none of the example's is left.</summary>
    [Test]
    public void ABoardHasItsUsersNamesAndBootsAGuest()
    {
        Make("rvirt-board", "Own.Board", "--title", "Own Board", "--compatible", "own,board", "--image", "own", "--uart", "own,uart", "--power", "own,power");
        Assert.That(Files("Own.Board"), Is.EquivalentTo(["Own.Board.csproj", "OwnBoard.cs", "OwnBoardUart.cs", "OwnBoardPower.cs", "Image.cs", "MachineMode/board.inc"]));
        Assert.That(Files("Own.Board").Where(file => Example().IsMatch(File.ReadAllText(Path.Combine(_folder.File("Own.Board"), file)))), Is.Empty);
        Publish("Own.Board");
        var tree = _folder.Write("own.dtb", RenamedTree.Of(Memory, "own,board", "Own Board", "own,uart\", \"ns16550", "own,power"));
        foreach (var (firmware, image) in new[] { (Firmware.Stub, "own.elf"), (Firmware.Sbi, "own-sbi.elf") })
        {
            using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(firmware, Repository.UBootElf, Memory, 1, Published("Own.Board", image)), "-dtb", tree], TimeSpan.FromMinutes(2));
            qemu.Expect("rvirt: Own Board, ", 60);
            qemu.ExpectTyping("\n", "=> ");
            qemu.Send("poweroff\n");
            Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        }
    }

    /// <summary>Packages of another version bring templates that ask for that version.</summary>
    [Test]
    public void WhatIsMadeAsksForPackagesOfTheTemplatesOwnVersion()
    {
        PackageFolder.Pack("Rvirt.Templates", _folder.File("other"), "-p:VersionSuffix=other.7");
        using var archive = ZipFile.OpenRead(_folder.File("other/Rvirt.Templates.0.1.0-other.7.nupkg"));
        var asked = archive.Entries.Where(entry => entry.Name.EndsWith(".csproj", StringComparison.Ordinal)).SelectMany(entry =>
        {
            using var reader = new StreamReader(entry.Open());
            return Version().Matches(reader.ReadToEnd()).Select(match => match.Groups[1].Value);
        });
        Assert.That(asked, Is.EqualTo(Enumerable.Repeat("0.1.0-other.7", 3)));
    }

    private void Make(string template, string name, params ReadOnlySpan<string> options) =>
        Dotnet(["new", template, "-n", name, "-o", _folder.File(name), "--debug:custom-hive", _folder.File("hive"), .. options]);

    private void Publish(string name) => Dotnet(
        "publish", _folder.File(name), "-c", "Release", "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RestoreIgnoreFailedSources=true", "-p:TreatWarningsAsErrors=true");

    private void Dotnet(params string[] arguments)
    {
        var (status, output) = Commands.Run("env", ["-C", _folder.File(""), $"NUGET_PACKAGES={_folder.File("cache")}", "dotnet", .. arguments], TimeSpan.FromMinutes(4));
        Assert.That(status, Is.Zero, output);
    }

    private IEnumerable<string> Files(string name) => Directory.GetFiles(_folder.File(name), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder.File(name), file))
        .Where(file => !file.StartsWith("bin/", StringComparison.Ordinal) && !file.StartsWith("obj/", StringComparison.Ordinal)).ToArray();

    private string Published(string name, string file) => Path.Combine(_folder.File(name), "bin/Release/net10.0/publish", file);

    [GeneratedRegex("acme", RegexOptions.IgnoreCase)]
    private static partial Regex Example();

    [GeneratedRegex(@"(?:^    .*\n)+", RegexOptions.Multiline)]
    private static partial Regex TypedLines();

    [GeneratedRegex("<PackageReference [^>]*Version=\"([^\"]*)\"")]
    private static partial Regex Version();
}
