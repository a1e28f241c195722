using System;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>The archive of <c>make release</c>, unpacked in an empty folder, by somebody who has QEMU and dtc, and no .NET.</summary>
[Category("System,Image")]
// Alone: makes images.
[NonParallelizable]
public sealed class ReleaseTests
{
    // All that is on the way to programs there.
    private static readonly string[] s_programs = ["sh", "env", "dirname", "readlink", "cp", "setpriv", "dtc", "qemu-system-riscv64"];

    private readonly TemporaryFolder _folder = new();

    private static string Archive => Directory.GetFiles(Path.Combine(Repository.Top, "artifacts/release"), "*.tar.gz").Single();

    private string Unpacked => _folder.File(Path.GetFileName(Archive)[..^".tar.gz".Length]);

    [OneTimeSetUp]
    public void Unpack()
    {
        Assert.That(Repository.Disk, Is.Not.Empty);
        Run("env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES", "make", "-C", Repository.Top, "release");
        Run("tar", "-C", _folder.File(""), "-xf", Archive);
        Directory.CreateDirectory(_folder.File("bin"));
        foreach (var program in s_programs)
        {
            File.CreateSymbolicLink(_folder.File($"bin/{program}"), Run("sh", "-c", $"command -v {program}").Trim());
        }
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void BootsTheGuestToALoginWithoutNET()
    {
        string[] there = ["-i", "-C", Unpacked, $"PATH={_folder.File("bin")}", $"HOME={_folder.File("home")}", $"XDG_RUNTIME_DIR={_folder.File("run")}"];
        Assert.That(Commands.Run("env", [.. there, "sh", "-c", "command -v dotnet"]).Status, Is.Not.Zero, "there is no dotnet");
        using var terminal = new Terminal([.. there, "./rvirt", "run", "--ssh-port", $"{HostPorts.Free()}"]);
        terminal.Expect("login: ");
        Assert.That(File.ReadAllText($"/proc/{terminal.Process.Id}/maps"), Does.Contain(Path.Combine(Unpacked, "runtime/shared/")), "its own runtime");
        terminal.LogIn(Unpacked);
        terminal.Type("poweroff\n");
        Assert.That(terminal.Status, Is.Zero);
    }

    [Test]
    public void HasImagesOfEachBoardItsChecksumsAndNothingOfThisMachine()
    {
        Assert.That(
            Directory.GetFiles(Path.Combine(Unpacked, "artifacts/images"), "*.elf").Select(Path.GetFileName),
            Is.EquivalentTo(["rvirt-generic-sbi.elf", "rvirt-qemu.elf", "rvirt-qemu-sbi.elf", "rvirt-unleashed.elf", "rvirt-unleashed-sbi.elf"]));
        Run("env", "-C", Unpacked, "sha256sum", "--quiet", "-c", "SHA256SUMS");
        Run("env", "-C", Path.GetDirectoryName(Archive)!, "sha256sum", "--quiet", "-c", Path.GetFileName(Archive) + ".sha256");
        var listed = File.ReadAllLines(Path.Combine(Unpacked, "SHA256SUMS")).Select(line => line[66..]);
        var there = Directory.GetFiles(Unpacked, "*", SearchOption.AllDirectories).Select(file => "./" + Path.GetRelativePath(Unpacked, file));
        Assert.That(listed.Append("./SHA256SUMS"), Is.SupersetOf(there.Where(file => !file.StartsWith("./artifacts/run/", StringComparison.Ordinal))));
        Assert.That(Commands.Run("grep", ["-rlF", Repository.Top + "/", Unpacked]).Status, Is.EqualTo(1), "no file names the clone");
    }

    [Test]
    public void IsTheSameWhenItIsMadeAgain()
    {
        var first = Run("sha256sum", Archive);
        Run(Path.Combine(Repository.Top, "guests/release.sh"));
        Assert.That(Run("sha256sum", Archive), Is.EqualTo(first));
    }

    private static string Run(string program, params string[] arguments)
    {
        var (status, output) = Commands.Run(program, arguments, TimeSpan.FromMinutes(5));
        Assert.That(status, Is.Zero, output);
        return output;
    }
}
