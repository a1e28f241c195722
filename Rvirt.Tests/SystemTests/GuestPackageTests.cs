using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>guests/fetch.sh with a mirror of our own on this disk: what the lock file pins is taken, and nothing else without a word.</summary>
[Category("System")]
public sealed class GuestPackageTests
{
    private TemporaryFolder _folder = null!;
    private string _mirror = "";

    [SetUp]
    public void MakeAMirror()
    {
        _folder = new TemporaryFolder();
        _mirror = Directory.CreateDirectory(_folder.File("mirror/pool")).Parent!.FullName;
        var guests = Directory.CreateDirectory(_folder.File("guests")).FullName;
        foreach (var file in (string[])["lib.sh", "fetch.sh", "index.sh"])
        {
            File.Copy(Path.Combine(Repository.Top, "guests", file), Path.Combine(guests, file));
        }

        File.WriteAllText(Path.Combine(guests, "packages.list"), "# NAME USE\ntiny root\n");
        Offer(1, "one");
        Pin(1, "one");
    }

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void TakesWhatIsPinned()
    {
        Offer(2, "two");
        Index(2, "two");
        var (status, output) = Fetch();
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain("root tiny 1 ").And.Not.Contain("WARNING"));
        Assert.That(File.ReadAllText(Cached("one")), Is.EqualTo("one"));
    }

    [Test]
    public void NeedsNoMirrorTheSecondTime()
    {
        Assert.That(Fetch().Status, Is.Zero);
        Directory.Delete(_mirror, recursive: true);
        var (status, output) = Fetch();
        Assert.That(status, Is.Zero, output);
        Assert.That(output.Trim(), Is.EqualTo($"root tiny 1 {Cached("one")}"), "no download, no warning");
    }

    [Test]
    public void TakesTheNewestAndSaysSoWhereThePinnedVersionHasLeftTheMirror()
    {
        File.Delete(Pool(1));
        Offer(2, "two");
        Offer(10, "ten");
        Index(2, "two");
        Index(10, "ten");
        var (status, output) = Fetch();
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain($"root tiny 10 {Cached("ten")}"));
        Assert.That(output, Does.Match("WARNING: tiny 1, pinned in packages.lock, is not on the mirror any more: using tiny 10 from its unsigned index"));
    }

    [Test]
    public void StopsAtAPinnedPackageWithAnotherSum()
    {
        Offer(1, "evil");
        Index(1, "evil");
        var (status, output) = Fetch();
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("does not have the SHA256 sum it must have").And.Not.Contain("root tiny"));
    }

    [Test]
    public void StopsAtANewerPackageWithAnotherSumThanItsIndexGives()
    {
        File.Delete(Pool(1));
        Offer(2, "evil");
        Index(2, "two");
        var (status, output) = Fetch();
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("does not have the SHA256 sum it must have").And.Not.Contain("root tiny"));
    }

    [Test]
    public void DownloadsADamagedFileOfTheCacheAgain()
    {
        Assert.That(Fetch().Status, Is.Zero);
        File.WriteAllText(Cached("one"), "damaged");
        var (status, output) = Fetch();
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain("is damaged: downloading it again"));
        Assert.That(File.ReadAllText(Cached("one")), Is.EqualTo("one"));
    }

    [Test]
    public void SaysWhatItCannotGet()
    {
        Directory.Delete(_mirror, recursive: true);
        var (status, output) = Fetch();
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("guest: error: the mirror has no trixie index for riscv64"));
    }

    [Test]
    public void PinsTheNewestVersions()
    {
        Offer(2, "two");
        Index(2, "two");
        var (status, output) = Fetch("--lock");
        Assert.That(status, Is.Zero, output);
        Assert.That(File.ReadAllText(_folder.File("guests/packages.lock")), Does.Contain($"tiny tiny 2 pool/tiny_2.deb {Sum("two")} 3"));
    }

    private static string Sum(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(content)));

    private string Pool(int version) => Path.Combine(_mirror, $"pool/tiny_{version}.deb");

    private string Cached(string content) => _folder.File($"cache/rvirt/debs/{Sum(content)}.deb");

    private void Offer(int version, string content) => File.WriteAllText(Pool(version), content);

    private void Pin(int version, string content) => File.WriteAllText(
        _folder.File("guests/packages.lock"), $"tiny tiny {version} pool/tiny_{version}.deb {Sum(content)} {content.Length}\n");

    private void Index(int version, string content)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_mirror, "dists/trixie/main/binary-riscv64")).FullName;
        var packages = Path.Combine(folder, "Packages");
        File.AppendAllText(
            packages,
            $"Package: tiny\nVersion: {version}\nFilename: pool/tiny_{version}.deb\nSize: {content.Length}\nSHA256: {Sum(content)}\n\n");
        Assert.That(Commands.Run("xz", ["-kf", packages]).Status, Is.Zero);
    }

    private (int Status, string Output) Fetch(params string[] arguments) => Commands.Run(
        "env", [$"RVIRT_MIRROR=copy://{_mirror}", $"XDG_CACHE_HOME={_folder.File("cache")}", _folder.File("guests/fetch.sh"), .. arguments]);
}
