using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// guests/debian.sh up to the one boot in which Debian installs itself, for which a script stands in: that takes a quarter of an hour,
/// and <c>make debian-test</c> is what shows it. The packages are the real ones.
/// </summary>
[Category("System")]
public sealed class DistributionBuildTests
{
    private const string Installs = """for i in {1..60}; do echo "Unpacking $i"; done; echo "rvirt-debian: installed" """;

    private static readonly string[] s_whole = [".lock", "disk.ext4", "inputs", "log"];

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Begin()
    {
        _folder = new TemporaryFolder();
        Directory.CreateDirectory(_folder.File("bin"));
        Directory.CreateDirectory(_folder.File("out"));
    }

    [TearDown]
    public void End() => _folder.Dispose();

    [Test]
    public void MakesADiskThatIsReadyToInstallItselfAndMakesItOnce()
    {
        var (status, output) = Build(Installs);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain("50 of "), "it says how far it is");
        Assert.That(Left(), Is.EquivalentTo(s_whole));

        // What the machine that installs it is given: a network could bring in what nothing has checked.
        var started = File.ReadAllLines(_folder.File("started"));
        Assert.That(started, Has.Length.EqualTo(1));
        Assert.That(started[0], Does.Contain("init=/rvirt/first").And.Contains("-nic none"));

        Assert.That(Read("/rvirt/authorized_keys"), Is.EqualTo(File.ReadAllBytes(Repository.OfGuest("id_ed25519.pub"))), "make ssh's key gets in");
        Assert.That(Read("/etc/ssh/ssh_host_ed25519_key"), Is.EqualTo(File.ReadAllBytes(Repository.OfGuest("host_ed25519"))), "it is the host that make ssh knows");
        Assert.That(Text("/etc/apt/sources.list.d/debian.sources"), Does.Contain("Suites: trixie").And.Not.Contains("localhost").And.Not.Contains("//127."));
        Assert.That(Attributes("/rvirt/first"), Does.Match(@"User:\s+0 ").And.Match(@"Mode:\s+0755"));
        Assert.That(Attributes("/rvirt/password"), Does.Match(@"User:\s+0 ").And.Match(@"Mode:\s+0600"));
        Assert.That(Attributes("/etc/ssh/ssh_host_ed25519_key"), Does.Match(@"Mode:\s+0600"));
        Assert.That(Attributes("/tmp"), Does.Match(@"Mode:\s+01777"));

        // A password is checked as login does it: by hashing with the salt that stands there.
        var hash = Text("/rvirt/password").Trim();
        var again = Commands.Run("openssl", ["passwd", "-6", "-salt", hash.Split('$')[2], "-in", Repository.OfGuest("root-password")]);
        Assert.That(hash, Is.EqualTo(again.Output.Trim()));

        // What starts the installation runs on riscv64: an ELF's machine number is 243.
        foreach (var program in new[] { "/usr/bin/dash", "/usr/bin/dpkg", "/usr/bin/tar", "/usr/bin/mount" })
        {
            Assert.That(BitConverter.ToUInt16(Read(program).AsSpan(18)), Is.EqualTo(243), program);
        }

        // Each package that the list names by its own name waits in one of two folders, and every one that there is can be read.
        var packages = Names("/rvirt/essential").Concat(Names("/rvirt/distribution")).ToList();
        var named = File.ReadLines(Path.Combine(Repository.Top, "guests", "debian.list")).Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words[0] is not ("essential" or "important") && words[1] != "https").Select(words => words[0] + ".deb");
        Assert.That(named, Is.SubsetOf(packages));
        Assert.That(packages, Is.Unique);
        Assert.That(output, Does.Contain($"debian: {packages.Count} packages on a "));
        _folder.Write("systemd.deb", Read("/rvirt/distribution/systemd.deb"));
        Assert.That(Commands.Run("dpkg-deb", ["-f", _folder.File("systemd.deb"), "Package", "Architecture"]).Output, Is.EqualTo("Package: systemd\nArchitecture: riscv64\n"));

        var release = Names("/usr/lib/modules").Single(name => name[0] != '.');
        Assert.That(Text($"/usr/lib/modules/{release}/modules.dep"), Does.Contain("virtio_net.ko"), "the kernel's modules are there, and indexed");

        (status, output) = Build(Installs);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.EndWith($"debian: up to date in {_folder.File("out")}\n").And.Not.Contains("unpacking"));
        Assert.That(File.ReadAllLines(_folder.File("started")), Has.Length.EqualTo(1));
    }

    // The machine ends without having said so; it says so and leaves a file system that is not whole.
    [TestCase("echo 'dpkg: error processing package systemd'; echo 'rvirt-debian: failed to install'", "did not install itself", true)]
    [TestCase("dd if=/dev/zero of=\"$OUT/disk.ext4.new\" bs=1M seek=1 count=256 conv=notrunc status=none; " + Installs, "is not clean", false)]
    public void WhatDidNotInstallItselfDoesNotTakeThePlaceOfADisk(string machine, string message, bool kept)
    {
        _folder.Write("out/disk.ext4", "the old disk"u8);
        _folder.Write("out/inputs", "the old inputs"u8);
        var (status, output) = Build(machine);
        Assert.That(status, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("debian: error: ").And.Contains(message));
        Assert.That(File.ReadAllText(_folder.File("out/disk.ext4")), Is.EqualTo("the old disk"));
        Assert.That(File.ReadAllText(_folder.File("out/inputs")), Is.EqualTo("the old inputs"));
        Assert.That(Left(), Is.EquivalentTo(kept ? s_whole.Append("failed.ext4") : s_whole));
        if (kept)
        {
            Assert.That(output, Does.Contain("dpkg: error processing package systemd"), "the end of what it said");
        }
    }

    private (int Status, string Output) Build(string machine)
    {
        var script = $"""
            #!/bin/bash
            OUT={_folder.File("out")}
            echo "$@" >>{_folder.File("started")}
            {machine}
            """;
        Commands.Run("chmod", ["+x", _folder.Write("bin/qemu-system-riscv64", Encoding.UTF8.GetBytes(script))]);
        return Commands.Run(
            "env",
            [$"RVIRT_DEBIAN_OUT={_folder.File("out")}", $"PATH={_folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}", Path.Combine(Repository.Top, "guests/debian.sh")],
            TimeSpan.FromMinutes(5));
    }

    private IEnumerable<string?> Left() => Directory.GetFileSystemEntries(_folder.File("out")).Select(Path.GetFileName);

    private string Text(string path) => Encoding.UTF8.GetString(Read(path));

    private byte[] Read(string path)
    {
        using var content = new MemoryStream();
        var (status, errors) = Commands.Pipe("/usr/sbin/debugfs", ["-R", "cat " + path, _folder.File("out/disk.ext4")], null, content);
        Assert.That(status == 0 && content.Length > 0, $"{path}: {errors}");
        return content.ToArray();
    }

    private string Attributes(string path) => Commands.Run("/usr/sbin/debugfs", ["-R", "stat " + path, _folder.File("out/disk.ext4")]).Output;

    // debugfs lists a folder as /inode/mode/owner/group/name/length/.
    private List<string> Names(string path) =>
        [.. Commands.Run("/usr/sbin/debugfs", ["-R", "ls -p " + path, _folder.File("out/disk.ext4")]).Output.Split('\n')
            .Where(line => line.StartsWith('/')).Select(line => line.Split('/')[5]).Where(name => name is not ("." or ".."))];
}
