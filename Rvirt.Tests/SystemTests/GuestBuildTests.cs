using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>guests/build.sh, ended in the middle of what it makes: the guest of the build before stays whole, and the next build leaves nothing behind.</summary>
[Category("System")]
public sealed class GuestBuildTests
{
    private static readonly string[] s_parts = ["Image", "disk.ext4", "initrd", "inputs", "known_hosts"];

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Begin() => _folder = new TemporaryFolder();

    [TearDown]
    public void End() => _folder.Dispose();

    // A tool that writes some of its output, and then finds the disk full, or takes the build with it.
    [TestCase("mke2fs", "for word; do case $word in *.new) printf half >\"$word\" ;; esac; done; exit 1")]
    [TestCase("mke2fs", "for word; do case $word in *.new) printf half >\"$word\" ;; esac; done; kill -9 $PPID")]
    [TestCase("gzip", "head -c 100000; exit 1")]
    [TestCase("cpio", "printf half; kill -9 $(cut -d ' ' -f 4 /proc/$PPID/stat)")]
    [TestCase("cp", "case $* in *Image.new) head -c 100000 \"$1\" >\"$2\"; exit 1 ;; esac; exec /bin/cp \"$@\"")]
    [TestCase("openssl", "case $1 in rand) exec \"$REAL\" \"$@\" ;; esac; exit 1")]
    public void LeavesNothingUnfinished(string tool, string script)
    {
        Directory.CreateDirectory(_folder.File("out 1"));
        foreach (var part in s_parts)
        {
            _folder.Write($"out 1/{part}", Encoding.UTF8.GetBytes("the old " + part));
        }

        var real = Commands.Run("sh", ["-c", $"PATH=$PATH:/usr/sbin:/sbin; command -v {tool}"]).Output.Trim();
        Directory.CreateDirectory(_folder.File("bin"));
        Commands.Run("chmod", ["+x", _folder.Write($"bin/{tool}", Encoding.UTF8.GetBytes($"#!/bin/bash\n{script}\n"))]);
        var (status, output) = Build($"REAL={real}", $"PATH={_folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}");
        Assert.That(status, Is.Not.Zero, output);
        foreach (var part in s_parts)
        {
            Assert.That(File.ReadAllText(Out(part)), Is.EqualTo("the old " + part), output);
        }

        (status, output) = Build();
        Assert.That(status, Is.Zero, output);
        Assert.That(Directory.GetFileSystemEntries(_folder.File("out 1")).Select(Path.GetFileName), Is.EquivalentTo(s_parts.Concat(
            [".lock", "host_ed25519", "host_ed25519.pub", "id_ed25519", "id_ed25519.pub", "root-password"])));

        // What is the same in each clone is what the build of the working copy made.
        Assert.That(Hash(Out("Image")), Is.EqualTo(Hash(Repository.Kernel)));
        Assert.That(Hash(Out("initrd")), Is.EqualTo(Hash(Repository.Initrd)));
        Assert.That(new FileInfo(Out("disk.ext4")).Length, Is.EqualTo(512L << 20));
    }

    private string Out(string name) => _folder.File($"out 1/{name}");

    private (int Status, string Output) Build(params IReadOnlyList<string> environment) => Commands.Run(
        "env",
        [$"RVIRT_GUEST_OUT={_folder.File("out 1")}", .. environment, Path.Combine(Repository.Top, "guests/build.sh")],
        TimeSpan.FromMinutes(2));

    private static string Hash(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexString(SHA256.HashData(stream));
    }
}
