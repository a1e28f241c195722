using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>The first command of the README in a clone where nothing has been built, as somebody who has just got it types it; what was downloaded is in the user's cache.</summary>
[Category("System")]
public sealed class CloneTests
{
    [Test]
    public void OneCommandLeadsFromACloneToALogin()
    {
        using var folder = new TemporaryFolder();
        var clone = folder.File("clone");
        Git("clone", "--quiet", Repository.Top, clone);
        using var terminal = new Terminal([
            "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES", "-u", "RVIRT_SETTINGS", "-u", "RVIRT_GOALS", "-u", "SUITE", "MSBUILDDISABLENODEREUSE=1", "UseSharedCompilation=false",
            $"XDG_RUNTIME_DIR={folder.File("run")}", "make", "-C", clone, "qemu", $"SSH_PORT={HostPorts.Free()}"]);
        terminal.Expect("image: compiling Rvirt");
        terminal.Expect("rvirt-qemu.elf, ");
        terminal.Expect("rvirt: QEMU virt, ");
        terminal.Expect("login: ");
        terminal.LogIn(clone);
        terminal.Type("uname -m\n");
        terminal.Expect("riscv64");
        terminal.Type("poweroff\n");
        Assert.That(terminal.Status, Is.Zero, terminal.Text);
        Assert.That(Git("-C", clone, "status", "--porcelain"), Is.Empty, "what was built lies where git does not look");
    }

    private static string Git(params string[] arguments)
    {
        var (status, output) = Commands.Run("git", arguments);
        Assert.That(status, Is.Zero, output);
        return output;
    }
}
