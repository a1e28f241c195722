using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// guests/fetch.sh for a suite that moves, with a mirror of our own on this disk and a key of our own: what is pinned as long as it is there, else what a signed
/// index says is newest, all of it, and the same the next time.
/// </summary>
[Category("System")]
public sealed class SuitePackageTests
{
    private const string Kernel = "7.2.1+deb14-riscv64";

    private readonly List<(string Package, int Version, string Fields)> _packages = [];
    private TemporaryFolder _folder = null!;
    private SigningKey _key = null!;
    private string _mirror = "";

    [SetUp]
    public void MakeAMirror()
    {
        _packages.Clear();
        _folder = new TemporaryFolder();
        _key = new SigningKey(_folder);
        _mirror = Directory.CreateDirectory(_folder.File("mirror/pool")).Parent!.FullName;
        var guests = Directory.CreateDirectory(_folder.File("guests")).FullName;
        foreach (var file in (string[])["lib.sh", "fetch.sh", "index.sh"])
        {
            File.Copy(Path.Combine(Repository.Top, "guests", file), Path.Combine(guests, file));
        }

        File.WriteAllText(Path.Combine(guests, "packages.list"), "# NAME USE\nlinux-image-riscv64 kernel\ntool root\n");
        Offer("linux-image-riscv64", 1, $"Depends: linux-base-riscv64 (= 1), linux-image-{Kernel} (= 1)\n");
        foreach (var part in (string[])["image", "base", "binary", "modules"])
        {
            Offer($"linux-{part}-{Kernel}", 1);
        }

        Offer("tool", 1, "Pre-Depends: libone (>= 1)\nDepends: shell | other, libtwo:any\n");
        Offer("libone", 1, "Section: libs\nDepends: libthree\n");
        Offer("libtwo", 1, "Section: libs\n");
        Offer("libthree", 1, "Section: libs\nDepends: libone, scripts\n");
        Offer("shell", 1, "Section: shells\n");
        Offer("other", 1, "Section: shells\n");
        Offer("scripts", 1, "Section: admin\n");
        Publish();
    }

    [TearDown]
    public void RemoveFolder()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void PinsTheKernelInItsPartsAndTheLibraries()
    {
        Lock();
        var pinned = File.ReadLines(_folder.File("guests/sid.lock")).Where(line => line[0] != '#').Select(line => string.Join(' ', line.Split(' ').Take(3)));
        Assert.That(pinned, Is.EquivalentTo(
        [
            $"linux-image-riscv64 linux-base-{Kernel} 1", $"linux-image-riscv64 linux-binary-{Kernel} 1", $"linux-image-riscv64 linux-modules-{Kernel} 1",
            "tool tool 1", "libone libone 1", "libtwo libtwo 1", "libthree libthree 1",
        ]));
    }

    [Test]
    public void TakesWhatIsPinnedWhileItIsThere()
    {
        Lock();
        Offer("tool", 2);
        Publish();
        var (status, output) = Fetch();
        Assert.That(status, Is.Zero, output);
        Assert.That(Taken(output), Is.EquivalentTo(
        [
            $"kernel linux-base-{Kernel} 1", $"kernel linux-binary-{Kernel} 1", $"kernel linux-modules-{Kernel} 1", "root tool 1", "root libone 1", "root libtwo 1", "root libthree 1",
        ]));
        Assert.That(output, Does.Not.Contain("WARNING"));
        Directory.Delete(_mirror, recursive: true);
        Assert.That(Fetch(), Is.EqualTo((0, string.Concat(output.Split('\n').Where(line => !line.StartsWith("guest:", StringComparison.Ordinal) && line.Length > 0).Select(line => line + "\n")))), "from the cache");
    }

    /// <summary>One package has moved on: all are of the same index then, and stay so when the mirror moves again, or is not there.</summary>
    [Test]
    public void TakesAllOfTheNewestWhereOneIsGoneAndTheSameTheNextTime()
    {
        Lock();
        File.Delete(Pool("libtwo", 1));
        Offer("libtwo", 2, "Section: libs\n");
        Offer("tool", 2, "Depends: libtwo\n");
        Publish();
        string[] expected = [$"kernel linux-base-{Kernel} 1", $"kernel linux-binary-{Kernel} 1", $"kernel linux-modules-{Kernel} 1", "root tool 2", "root libtwo 2"];
        var (status, output) = Fetch();
        Assert.That(status, Is.Zero, output);
        Assert.That(Taken(output), Is.EquivalentTo(expected));
        Assert.That(output, Does.Contain("WARNING: of the packages that sid.lock pins some are not on the mirror any more").And.Contain("SUITE=sid guests/fetch.sh --lock"));

        Offer("tool", 3);
        Publish();
        Assert.That(Taken(Fetch().Output), Is.EquivalentTo(expected));
        Directory.Delete(_mirror, recursive: true);
        Assert.That(Taken(Fetch().Output), Is.EquivalentTo(expected));
    }

    [Test]
    public void TakesTheNewestAgainWhereWhatWasNewestIsGoneToo()
    {
        Lock();
        File.Delete(Pool("libtwo", 1));
        Offer("libtwo", 2, "Section: libs\n");
        Publish();
        Assert.That(Fetch().Status, Is.Zero);
        File.Delete(Pool("libtwo", 2));
        Directory.Delete(_folder.File("cache/rvirt/debs"), recursive: true);
        Offer("libtwo", 3, "Section: libs\n");
        Publish();
        var (status, output) = Fetch();
        Assert.That(status, Is.Zero, output);
        Assert.That(Taken(output), Does.Contain("root libtwo 3"));
    }

    [Test]
    public void TakesNothingFromAnIndexThatIsNotSigned()
    {
        Lock();
        File.Delete(Pool("tool", 1));
        Offer("tool", 2);
        Publish();
        File.Delete(Path.Combine(_mirror, "dists/sid/InRelease"));
        var (status, output) = Fetch();
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("guest: error: the signed sid package index cannot be used").And.Not.Contain("root "));
    }

    [Test]
    public void TakesNothingFromAnIndexThatSomebodyChanged()
    {
        Lock();
        File.Delete(Pool("tool", 1));
        Offer("tool", 2);
        Publish();
        File.AppendAllText(Path.Combine(_mirror, "dists/sid/main/binary-riscv64/Packages"), "\nPackage: evil\n");
        var (status, output) = Fetch();
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("guest: error: the signed sid package index cannot be used").And.Not.Contain("root "));
    }

    [Test]
    public void StopsAtAPackageWithAnotherSum()
    {
        Lock();
        File.WriteAllText(Pool("tool", 1), "evil");
        var (status, output) = Fetch();
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("does not have the SHA256 sum it must have").And.Not.Contain("root tool"));
    }

    [Test]
    public void KnowsThreeSuites()
    {
        var (status, output) = Commands.Run("env", ["SUITE=bullseye", _folder.File("guests/fetch.sh")]);
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Is.EqualTo("guest: error: SUITE is trixie or forky or sid, not bullseye\n"));
    }

    private static IEnumerable<string> Taken(string output) => output.Split('\n')
        .Where(line => line.StartsWith("kernel ", StringComparison.Ordinal) || line.StartsWith("root ", StringComparison.Ordinal)).Select(line => string.Join(' ', line.Split(' ').Take(3)));

    private static string Content(string package, int version) => $"{package} {version}";

    private string Pool(string package, int version) => Path.Combine(_mirror, $"pool/{package}_{version}.deb");

    private void Offer(string package, int version, string fields = "")
    {
        File.WriteAllText(Pool(package, version), Content(package, version));
        _packages.RemoveAll(one => one.Package == package);
        _packages.Add((package, version, fields));
    }

    private void Publish()
    {
        var index = string.Concat(_packages.Select(one =>
            $"Package: {one.Package}\nVersion: {one.Version}\nArchitecture: riscv64\n{one.Fields}Filename: pool/{one.Package}_{one.Version}.deb\n" +
            $"Size: {Content(one.Package, one.Version).Length}\nSHA256: {Sum(Content(one.Package, one.Version))}\n\n"));
        var folder = Directory.CreateDirectory(Path.Combine(_mirror, "dists/sid/main/binary-riscv64")).FullName;
        File.WriteAllText(Path.Combine(folder, "Packages"), index);
        var release = _folder.Write("Release", Encoding.ASCII.GetBytes(
            $"Origin: Debian\nSuite: unstable\nCodename: sid\nArchitectures: riscv64\nComponents: main\nDate: Sun, 01 Mar 2026 00:00:00 UTC\nSHA256:\n" +
            $" {Sum(index)} {index.Length} main/binary-riscv64/Packages\n"));
        _key.Sign(release, Path.Combine(_mirror, "dists/sid/InRelease"));
    }

    private static string Sum(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(content)));

    private void Lock()
    {
        var (status, output) = Fetch("--lock");
        Assert.That(status, Is.Zero, output);
    }

    private (int Status, string Output) Fetch(params string[] arguments) => Commands.Run(
        "env",
        ["SUITE=sid", $"RVIRT_MIRROR=copy://{_mirror}", $"RVIRT_KEYRING={_key.Keyring}", $"XDG_CACHE_HOME={_folder.File("cache")}", _folder.File("guests/fetch.sh"), .. arguments]);
}
