using System;
using System.IO;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>The Makefile's commands, as a person types them.</summary>
[Category("System")]
[NonParallelizable]
public sealed class MakeCommandTests
{
    [TestCase("qemu", "MEM=1G", "make qemu has no setting MEM: is it MEMORY?")]
    [TestCase("qemu", "GUEST=2", "make qemu has no setting GUEST: is it GUESTS?")]
    [TestCase("qemu", "MEMORY=1.5G", "MEMORY: '1.5G' is no size")]
    [TestCase("qemu", "KERNEL=/tmp", "KERNEL: /tmp is a folder")]
    [TestCase("qemu-gdb", "GDB_PORT=x", "GDB_PORT is 1 to 65535")]
    [TestCase("ssh", "GUEST=guest1", "GUEST is 0 to 3")]
    [TestCase("desktop-linux", "NATIVE=yes", "NATIVE is 1 or 0, not yes")]
    public void Judges_before_it_builds(string target, string setting, string expected)
    {
        var (status, output) = Make(target, setting);
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("error: " + expected).And.Not.Contain("guest:").And.Not.Contain("image:").And.Not.Contain("building"));
    }

    [Test]
    public void Says_that_nothing_waits_for_a_debugger()
    {
        var port = HostPorts.Free();
        var (status, output) = Make("gdb", $"GDB_PORT={port}");
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain($"error: nothing waits for a debugger on port {port}"));
    }

    [Test]
    public void Ssh_passes_on_a_command_and_its_status()
    {
        using var folder = new TemporaryFolder();
        var ssh = folder.Write("ssh", "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done\nexit 7\n"u8);
        Commands.Run("chmod", ["+x", ssh]);
        Assert.That(Repository.Key, Is.Not.Empty);
        var (status, output) = Make("ssh", "GUEST=2", "SSH_PORT=20000", "CMD=echo \"a  b\"; exit 7", $"PATH={Path.GetDirectoryName(ssh)}:{Environment.GetEnvironmentVariable("PATH")}");
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("<-p><20002>").And.Contain("<root@127.0.0.1><echo \"a  b\"; exit 7>").And.Contain("Error 7"));
    }

    /// <summary>The tool becomes QEMU: same process, and QEMU's own exit status.</summary>
    [Test]
    public void Becomes_QEMU_with_files_whose_names_hold_spaces_and_commas()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("bin"));
        var qemu = folder.Write("bin/qemu-system-riscv64", "#!/bin/sh\nprintf '<%s>' pid=$$ \"$@\"\nexit 9\n"u8);
        Commands.Run("chmod", ["+x", qemu]);
        var kernel = folder.Write("my kernel,1", File.ReadAllBytes(Repository.UBootBinary));
        var disk = folder.Write("disk ,2", new byte[4096]);
        var tool = typeof(Rvirt.Tool.Commands.RunCommand).Assembly.Location;
        Assert.That(Repository.Image(Firmware.Stub), Is.Not.Empty);
        var (status, output) = Commands.Run(
            "env",
            [
                "-u", "INITRD", "-u", "NATIVE", "-u", "RVIRT_SETTINGS", $"PATH={folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
                $"KERNEL={kernel}", $"DISK={disk}", $"SSH_PORT={HostPorts.Free()}", "APPEND=é 'x", "sh", "-c", "echo shell=$$; exec dotnet \"$0\" run", tool,
            ]);
        Assert.That(status, Is.EqualTo(9), output);
        var shell = output.Split('\n')[0]["shell=".Length..];
        Assert.That(output, Does.Contain($"<pid={shell}>").And.Contain($"file={folder.File("disk ,,2")}>"));
    }

    private static (int Status, string Output) Make(params string[] arguments) => Commands.Run(
        "env", ["-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "-C", Repository.Top, .. arguments], TimeSpan.FromSeconds(300));
}
