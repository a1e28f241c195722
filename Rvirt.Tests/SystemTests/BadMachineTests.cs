using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>Machines and firmware that cannot work: a device tree that lacks something, a call or a counter that is missing.</summary>
[Category("System,Image")]
public sealed class BadMachineTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Sbi)]
    public void NoPlic(Firmware firmware) => RefusesTree(firmware, "no driver for the machine's PLIC: use a machine with one that it drives, not sifive,nope-1.0.0, on QEMU leave out aia=aplic-imsic", tree =>
    {
        Replace(tree, "sifive,plic-1.0.0\0", "sifive,nope-1.0.0\0");
        Replace(tree, "riscv,plic0\0", "riscv,nope0\0");
    });

    /// <summary>OpenSBI itself does not start on such a machine, so this is the stub's alone.</summary>
    [TestCase("timebase-frequency\0", "timebase-frequencx\0", "no timebase-frequency")]
    [TestCase("mmu-type\0", "mmu-typx\0", "names no 64-bit hart with an MMU")]
    [TestCase("riscv-virtio\0", "riscv-virtix\0", "not one that the image was built for")]
    public void ATreeThatLacksSomething(string name, string instead, string pattern) =>
        RefusesTree(Firmware.Stub, pattern, tree => Replace(tree, name, instead));

    [TestCase("NO_TREE", "no device tree in a1: use")]
    [TestCase("FOREIGN_TREE", "device tree is bad.*magic.*; start with")]
    [TestCase("TIMER COUNTERS=0", "no time CSR.*use firmware")]
    [TestCase("BASE_ONLY", "cannot interrupt other harts.*use OpenSBI")]
    [TestCase("PLAIN", "cannot set a timer.*use OpenSBI")]
    public void FirmwareWithoutWhatIsNeeded(string defines, string pattern)
    {
        var bare = BareProgram.Build(_folder, "bare-firmware.S", 0x80000000, defines.Split(' '));
        Refusal.Expect(Firmware.Sbi, pattern, Repository.UBootElf, further: ["-bios", bare, "-cpu", "rv64,sstc=off"]);
    }

    [TestCase("0x10005", false)]
    [TestCase("0x10006", true)]
    [TestCase("0x10009", true)]
    [TestCase("0x20000", true)]
    public void OpenSBIThatPrintsEachTrapGetsAWarningThatSaysWhatToDo(string version, bool warned)
    {
        var bare = BareProgram.Build(_folder, "bare-firmware.S", 0x80000000, "STIMECMP", $"OPENSBI={version}");
        var payload = BareProgram.Build(_folder, "counter-payload.S", 0x80200000);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Sbi, payload, memory: 256), "-bios", bare], TimeSpan.FromSeconds(60));
        qemu.WaitForExit(50);
        Assert.That(qemu.Serial, Does.Contain("guest guest0: hart 0"), "it goes on");
        Assert.That(
            qemu.Serial.Split('\n').Count(line => line.Contains("warning: OpenSBI from 1.6 on", StringComparison.Ordinal) && line.Contains("use Rvirt's image with its own machine-mode part", StringComparison.Ordinal)),
            Is.EqualTo(warned ? 1 : 0), qemu.Serial);
    }

    /// <summary>The real thing: it complains about each fence, the warning stood before that, and the guest runs to its end.</summary>
    [Test]
    public void TheNewestOpenSBIComplainsAboutAGuestsFencesAndTheWarningSaysSoBefore()
    {
        var payload = BareProgram.Build(_folder, "fence-payload.S", 0x80200000);
        using var qemu = QemuMachine.Start(
            [.. GuestMachine.Rvirt(Firmware.Sbi, payload, memory: 256), "-bios", Repository.NewestOpenSbi], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.EqualTo(7), qemu.Describe);
        var serial = qemu.Serial;
        Assert.That(serial, Does.Match(@"OpenSBI v1\.([6-9]|\d\d)"));
        Assert.That(Regex.Count(serial, "warning: OpenSBI from 1.6 on"), Is.EqualTo(1), serial);
        Assert.That(Regex.Count(serial, "Invalid opcode for CSR read/write instruction"), Is.EqualTo(2), serial);
        Assert.That(
            serial.IndexOf("warning: OpenSBI", StringComparison.Ordinal), Is.LessThan(serial.IndexOf("Invalid opcode", StringComparison.Ordinal)), serial);
    }

    [TestCase(Firmware.Stub, "timers of the machine-mode part")]
    [TestCase(Firmware.Sbi, "timers of the firmware")]
    public void SaysWhoseTimersItUses(Firmware firmware, string expected)
    {
        var payload = BareProgram.Build(_folder, "devices-payload.S", 0x80200000);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(firmware, payload, memory: 256), "-cpu", "rv64,h=off,sstc=off"], TimeSpan.FromSeconds(60));
        qemu.WaitForExit(50);
        Assert.That(qemu.Serial, Does.Contain(expected));
    }

    [Test]
    public void ACounterThatTheFirmwareDeniesIsTheGuestsException()
    {
        var bare = BareProgram.Build(_folder, "bare-firmware.S", 0x80000000, "STIMECMP", "COUNTERS=2");
        var payload = BareProgram.Build(_folder, "counter-payload.S", 0x80200000);
        using var qemu = QemuMachine.Start([.. GuestMachine.Rvirt(Firmware.Sbi, payload, memory: 256), "-bios", bare], TimeSpan.FromSeconds(60));
        Assert.That(qemu.WaitForExit(50), Is.Zero, qemu.Describe);
    }

    /// <summary>Interrupt 11 of a hart is M-mode's, 9 is S-mode's (Privileged spec 1.13 §3.1.9); 16 leads nowhere.</summary>
    [Test]
    public void NoMachineModeContextAtThePlic() => RefusesTree(
        Firmware.Resident, "the hart that boots has no M-mode context at the PLIC: use rvirt.mode=deprivileged",
        tree => Replace(tree, "\u000b\0\0\0\u0002\0\0\0\u0009", "\u0010\0\0\0\u0002\0\0\0\u0009"));

    private void RefusesTree(Firmware firmware, string pattern, Action<byte[]> spoil)
    {
        var file = _folder.File("machine.dtb");
        var (status, output) = Commands.Run("qemu-system-riscv64", ["-M", $"virt,dumpdtb={file}", "-m", "768M"]);
        Assert.That(status, Is.Zero, output);
        var tree = File.ReadAllBytes(file);
        spoil(tree);
        Refusal.Expect(firmware, pattern, Repository.UBootElf, further: ["-dtb", _folder.Write("spoilt.dtb", tree)]);
    }

    private static void Replace(byte[] bytes, string from, string to)
    {
        var at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(from));
        Assert.That(at, Is.Positive, from);
        Encoding.ASCII.GetBytes(to).CopyTo(bytes, at);
    }
}
