using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Settings;

namespace Rvirt.Tests.Tool;

/// <summary>Settings are judged: each wrong one gets one line that names it.</summary>
public sealed class RunSettingsTests
{
    [TestCase("512M", 536870912UL)]
    [TestCase("08M", 8388608UL)]
    [TestCase("010M", 10485760UL)]
    [TestCase("2G", 2147483648UL)]
    [TestCase("2g", 2147483648UL)]
    public void SizesAreDecimal(string text, ulong bytes) => Assert.That(Read(("MEMORY", text)).Memory, Is.EqualTo(bytes));

    [TestCase("MEMORY", "1.5G", "'1.5G' is no size")]
    [TestCase("MEMORY", "lots", "'lots' is no size")]
    [TestCase("MEMORY", "0x10M", "'0x10M' is no size")]
    [TestCase("MEMORY", "3M", "multiple of 2M, which 3M is not")]
    [TestCase("MEMORY", "512", "multiple of 2M, which 512 is not")]
    [TestCase("MEMORY", "4096G", "1024G at most")]
    [TestCase("GUESTS", "5", "GUESTS is 1 to 4")]
    [TestCase("GUESTS", "guest1", "GUESTS is 1 to 4")]
    [TestCase("VCPUS", "0", "VCPUS is 1 to 8")]
    [TestCase("VCPUS", "9", "VCPUS is 1 to 8")]
    [TestCase("SSH_PORT", "abc", "SSH_PORT is 1 to 65535")]
    [TestCase("SSH_PORT", "65536", "SSH_PORT is 1 to 65535")]
    [TestCase("NATIVE", "yes", "NATIVE is 1 or 0, not yes")]
    [TestCase("FIRMWARE", "bbl", "FIRMWARE is stub or sbi, not bbl")]
    [TestCase("KERNEL", "/none/such", "KERNEL: cannot read /none/such")]
    [TestCase("INITRD", "/none/such", "INITRD: cannot read /none/such")]
    [TestCase("DISK", "/tmp", "DISK: /tmp is a folder")]
    [TestCase("KERNEL", "/tmp", "KERNEL: /tmp is a folder")]
    [TestCase("QEMU_EXTRA", "-name 'a", "QEMU_EXTRA: a ' is not closed")]
    public void SaysWhatIsWrong(string name, string value, string expected) =>
        Assert.That(() => Read((name, value)), Throws.TypeOf<FormatException>().With.Message.Contains(expected));

    /// <summary>The guest is of virtio devices.</summary>
    [Test]
    public void TheUnleashedIsRefusedWithoutRvirt() => Assert.That(
        () => Read(("BOARD", "unleashed"), ("NATIVE", "1")),
        Throws.TypeOf<FormatException>().With.Message.EqualTo("NATIVE is for BOARD=virt: the guest has no drivers for the devices of QEMU's sifive_u"));

    [Test]
    public void OffIsOff() => Assert.Multiple(() =>
    {
        Assert.That(Read(("NATIVE", "0")).Native, Is.False);
        Assert.That(Read(("NATIVE", "1")).Native, Is.True);
        Assert.That(() => Read(("GUESTS", "3"), ("VCPUS", "6")), Throws.TypeOf<FormatException>().With.Message.Contains("3 guests of 6 harts need more than the 16 harts that"));
        Assert.That(() => Read(("NATIVE", "1"), ("GUESTS", "2")), Throws.TypeOf<FormatException>().With.Message.Contains("NATIVE=1 runs one guest"));
    });

    [TestCase("MEM", "MEMORY")]
    [TestCase("GUEST", "GUESTS")]
    [TestCase("kernel", "KERNEL")]
    [TestCase("FRIMWARE", "FIRMWARE")]
    public void RefusesAMistypedName(string typed, string meant) => Assert.That(
        () => Setting.RefuseUnknown("make qemu", [typed], RunSettings.Names),
        Throws.TypeOf<FormatException>().With.Message.Contains($"no setting {typed}: is it {meant}?"));

    [Test]
    public void SplitsWordsWithoutAShell() =>
        Assert.That(Words.Split("X", "-a 'b c'  \"d\\\"e\" f\\ g $(h) ''"), Is.EqualTo(["-a", "b c", "d\"e", "f g", "$(h)", ""]));

    internal static RunSettings Read(params (string Name, string Value)[] settings) =>
        RunSettings.Read(new Setting(settings.ToDictionary(pair => pair.Name, pair => pair.Value)), debug: false);
}
