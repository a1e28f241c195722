using System.IO;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>guests/setup.sh among commands of our own: it installs what is missing, by the rights there are, and touches nothing otherwise.</summary>
[Category("System")]
public sealed class SetupTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void DoesNothingWhereNothingIsMissing()
    {
        var (status, output, calls) = Run(user: 1000, sudo: true, installed: "installed");
        Assert.That((status, output, calls), Is.EqualTo((0, "", "")));
    }

    [Test]
    public void InstallsAsRoot()
    {
        var (status, output, calls) = Run(user: 0, sudo: false, installed: "");
        Assert.That(status, Is.Zero, output);
        Assert.That(calls, Does.Match(@"^apt-get -q update\napt-get -q install -y --no-install-recommends clang-19 lld-19 .*openssh-client\n$"));
    }

    [Test]
    public void InstallsWithSudo()
    {
        var (status, output, calls) = Run(user: 1000, sudo: true, installed: "");
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.StartWith("guest: installing clang-19 "));
        Assert.That(calls, Does.Match("^sudo apt-get -q update\napt-get -q update\nsudo env DEBIAN_FRONTEND=noninteractive apt-get -q install "));
    }

    [Test]
    public void SaysWhatToInstallWhereItMayNot()
    {
        var (status, output, calls) = Run(user: 1000, sudo: false, installed: "");
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Match("guest: error: these packages need root rights to install: apt-get install clang-19 .*openssh-client"));
        Assert.That(calls, Is.Empty);
    }

    [Test]
    public void ShowsWhyAptFailed()
    {
        var (status, output, _) = Run(user: 0, sudo: false, installed: "", apt: 100);
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Contain("the mirror is gone").And.Contain("guest: error: apt-get could not install them"));
    }

    [Test]
    public void SaysHowFarItIs()
    {
        var (status, output, _) = Run(user: 0, sudo: false, installed: "", says: "[ $2 = update ] && exit; for i in {1..70}; do echo \"Unpacking p$i (1.0-1) ...\"; done; for i in {1..40}; do echo \"Setting up p$i (1.0-1) ...\"; done");
        Assert.That(status, Is.Zero, output);
        Assert.That(output.Split('\n')[1..^1], Is.EqualTo(["guest: 50 packages are unpacked, 0 set up", "guest: 70 packages are unpacked, 30 set up"]));
        Assert.That(File.ReadAllText(_folder.File("out/setup.log")), Does.Contain("Setting up p40 (1.0-1)"));
    }

    private (int Status, string Output, string Calls) Run(int user, bool sudo, string installed, int apt = 0, string says = "echo 'the mirror is gone'")
    {
        var bin = Directory.CreateDirectory(_folder.File("bin")).FullName;
        foreach (var tool in (string[])["bash", "env", "dirname", "mkdir", "tail"])
        {
            File.CreateSymbolicLink(Path.Combine(bin, tool), "/usr/bin/" + tool);
        }

        var log = _folder.File("calls");
        File.WriteAllText(log, "");
        Command("id", $"echo {user}");
        Command("dpkg-query", $"printf '%s' '{installed}'");
        Command("apt-get", $"echo \"apt-get $*\" >>{log}; {says}; exit {apt}");
        if (sudo)
        {
            Command("sudo", $"echo \"sudo $*\" >>{log}; exec \"$@\"");
        }

        var (status, output) = Commands.Run(
            "env", ["-i", $"PATH={bin}", $"HOME={_folder.File("home")}", $"RVIRT_GUEST_OUT={_folder.File("out")}", "bash", Path.Combine(Repository.Top, "guests/setup.sh")]);
        return (status, output, File.ReadAllText(log));

        void Command(string name, string body)
        {
            var file = _folder.Write("bin/" + name, System.Text.Encoding.ASCII.GetBytes($"#!/usr/bin/bash\n{body}\n"));
            Commands.Run("chmod", ["+x", file]);
        }
    }
}
