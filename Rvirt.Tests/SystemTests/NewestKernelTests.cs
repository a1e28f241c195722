using System;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tool.Machines;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// The newest kernel that Debian serves, with what is around it in the same suite, to SSH and off again.
/// It is the one that guests/sid.lock pins or, where that has left the mirror, the newest of the signed index: a failure says which, and whether it boots without Rvirt.
/// </summary>
[Category("System,Image")]
public sealed class NewestKernelTests
{
    private GuestMachine _machine = null!;

    /// <summary>Its version: the package of its Image is <c>linux-binary-VERSION</c>.</summary>
    private static string Version => File.ReadLines(Repository.OfGuest("inputs", Suite.Newest))
        .Select(line => line.Split(' ')).Single(words => words[0] == "kernel" && words[1].StartsWith("linux-binary-", StringComparison.Ordinal))[1]["linux-binary-".Length..];

    [OneTimeSetUp]
    public void Boot()
    {
        TestContext.Out.WriteLine($"{Suite.Newest}'s kernel is {Version}");
        try
        {
            _machine = Start(Firmware.Stub);
        }
        catch (AssertionException problem)
        {
            throw new AssertionException($"{Suite.Newest}'s kernel {Version} does not boot to SSH under Rvirt, and {WithoutRvirt()}\n{problem.Message}");
        }
    }

    [OneTimeTearDown]
    public void End() => _machine?.Dispose();

    [Test]
    public void RunsTheKernelAndThePackagesOfTheSuite()
    {
        Assert.That(_machine.Guests[0].Run("uname -r"), Is.EqualTo(Version));
        Assert.That(_machine.Guests[0].Run("cat /etc/debian_version"), Does.EndWith("/sid"));
        Assert.That(_machine.Guests[0].Run("cat /etc/issue"), Does.StartWith("Debian").And.Not.Match(@"\d"), "what the console says above its login is true of every suite");
        Assert.That(_machine.Guests[0].Run("dmesg"), Does.Not.Contain("Oops").And.Not.Contain("WARNING:").And.Not.Contain("BUG:"));
    }

    /// <summary>File system, network and processes at work.</summary>
    [Test, DependsOnTest(nameof(RunsTheKernelAndThePackagesOfTheSuite), AllowFailure = true)]
    public void WritesAndReadsBack()
    {
        var sums = _machine.Guests[0].Run("dd if=/dev/urandom of=/root/file bs=1M count=8 2>/dev/null; sha256sum </root/file; sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum </root/file").Split('\n');
        Assert.That(sums[1], Is.EqualTo(sums[0]));
    }

    [Test, DependsOnTest(nameof(WritesAndReadsBack), AllowFailure = true)]
    public void PowersOffWithSuccess()
    {
        _machine.Guests[0].RunToTheEnd("poweroff");
        Assert.That(_machine.Qemu.WaitForExit(120), Is.Zero, _machine.Qemu.Describe);
    }

    private static GuestMachine Start(Firmware firmware)
    {
        var machine = GuestMachine.BootDebian(firmware, 1, TimeSpan.FromSeconds(900), suite: Suite.Newest);
        try
        {
            machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 240);
            return machine;
        }
        catch
        {
            machine.Dispose();
            throw;
        }
    }

    private static string WithoutRvirt()
    {
        try
        {
            Start(Firmware.Native).Dispose();
            return "does without";
        }
        catch (AssertionException)
        {
            return "does not without either: the kernel, the mirror's other packages or the recipe are to blame";
        }
    }
}
