using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Machines;

namespace Rvirt.Tests.Tool;

/// <summary>What QEMU is told, by settings.</summary>
public sealed class RunPlanTests
{
    private static readonly WorkingCopy Copy = new("/a b/c,d", "/a b/c,d/artifacts/guest");

    [Test]
    public void NamesWithSpacesAndCommasStayOneArgument()
    {
        using var folder = new TemporaryFolder();
        var kernel = folder.Write("my kernel,1", [1, 2, 3, 4]);
        var initrd = folder.Write("init rd,2", [1]);
        var disk = folder.Write("disk ,3", [1]);
        var settings = RunSettingsTests.Read(("KERNEL", kernel), ("INITRD", initrd), ("DISK", disk), ("APPEND", "one 'two' $x,3"), ("MEMORY", "1G"), ("SSH_PORT", "20000"));
        var plan = RunPlan.Make(settings, Copy, [disk], "/blob");
        Assert.That(plan.Arguments, Is.EqualTo(
        [
            "-M", "virt", "-nographic", "-bios", "none", "-m", "1344M", "-smp", "1", "-kernel", "/a b/c,d/artifacts/images/rvirt-qemu.elf", "-initrd", "/blob",
            "-drive", $"if=none,id=disk0,format=raw,file={folder.File("disk ,,3")}", "-device", "virtio-blk-device,drive=disk0,bus=virtio-mmio-bus.7",
            "-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:20000-:22", "-device", "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.6",
            "-device", "virtio-rng-device,bus=virtio-mmio-bus.5",
        ]));
        var guest = plan.Guests.Single();
        Assert.That((guest.Kernel, guest.Initrd, guest.Append), Is.EqualTo((kernel, initrd, "one 'two' $x,3")));
    }

    /// <summary>One hart more than guests: the first has no S-mode. The board ends by starting again, where QEMU is to end.</summary>
    [TestCase("stub", "-bios none -m 1344M -smp 3 -kernel /a b/c,d/artifacts/images/rvirt-unleashed.elf -initrd /blob")]
    [TestCase("sbi", "-m 1344M -smp 3 -kernel /a b/c,d/artifacts/images/rvirt-unleashed-sbi.elf -initrd /blob")]
    public void TheUnleashedHasOneCardAndOneWireForAll(string firmware, string expected)
    {
        const string Wire = " -nic user,id=net0,hostfwd=tcp:127.0.0.1:10001-10.0.2.15:22,hostfwd=tcp:127.0.0.1:10002-10.0.2.16:22";
        foreach (var (card, drive, disks) in new (string?, string, string?[])[] { (null, "", [null, null]), ("/the card,", " -drive if=sd,format=raw,file=/the card,,", ["rvirt.g0", "rvirt.g1"]) })
        {
            var plan = RunPlan.Make(RunSettingsTests.Read(("BOARD", "unleashed"), ("GUESTS", "2"), ("FIRMWARE", firmware)), Copy, [card, null], "/blob");
            Assert.That(string.Join(' ', plan.Arguments), Is.EqualTo("-M sifive_u -nographic -no-reboot " + expected + drive + Wire));
            Assert.That(plan.Guests.Select(guest => (guest.Devices, guest.Disk, guest.Network)), Is.EqualTo(disks.Select(disk => ((IReadOnlyList<uint>?)null, disk, "wire"))));
            Assert.That(plan.Guests.Select(guest => guest.Append), Is.EqualTo(Enumerable.Range(0, 2).Select(i => $"console=ttyS0 rvirt.name=guest{i} rvirt.address=10.0.2.{15 + i}")));
        }
    }

    [Test]
    public void MemoryHoldsForAKernelWithoutAnInitrd()
    {
        using var folder = new TemporaryFolder();
        var settings = RunSettingsTests.Read(("KERNEL", folder.Write("kernel", [1, 2, 3, 4])), ("MEMORY", "64M"));
        Assert.That(RunPlan.Make(settings, Copy, [null], "/blob").Guests.Single().Memory, Is.EqualTo(67108864));
    }

    [Test]
    public void ABlobIsPassedOnAsItIs()
    {
        using var folder = new TemporaryFolder();
        var blob = folder.Write("guests.dtb", [0xd0, 0x0d, 0xfe, 0xed, 0]);
        var plan = RunPlan.Make(RunSettingsTests.Read(("KERNEL", blob), ("FIRMWARE", "sbi")), Copy, [null], "/blob");
        Assert.That(plan.Guests, Is.Empty);
        Assert.That(string.Join(' ', plan.Arguments), Does.Contain($"-kernel /a b/c,d/artifacts/images/rvirt-qemu-sbi.elf -initrd {blob} ").And.Not.Contain("-bios"));
    }

    [TestCase("0", 6)]
    [TestCase("1", 3)]
    public void EachHartOfEachGuestHasOneOfTheMachine(string native, int machine)
    {
        var guests = native == "1" ? "1" : "2";
        var plan = RunPlan.Make(RunSettingsTests.Read(("GUESTS", guests), ("VCPUS", "3"), ("NATIVE", native)), Copy, ["/0", "/1"], "/blob");
        Assert.That(plan.Arguments[plan.Arguments.ToList().IndexOf("-smp") + 1], Is.EqualTo(machine.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.That(plan.Guests.Select(guest => guest.Harts), Is.All.EqualTo(3));
    }

    [Test]
    public void GivesEachOfFourGuestsAHartANetworkAndAPort()
    {
        var plan = RunPlan.Make(RunSettingsTests.Read(("GUESTS", "4"), ("MEMORY", "64M")), Copy, ["/0", "/1", "/2", "/3"], "/blob");
        Assert.That(string.Join(' ', plan.Arguments), Does.Contain("-m 576M -smp 4 "));
        Assert.That(plan.Arguments.Count(word => word.Contains("hostfwd=tcp:127.0.0.1:", System.StringComparison.Ordinal)), Is.EqualTo(4));
        Assert.That(plan.Guests.SelectMany(guest => guest.Devices!), Is.EquivalentTo(new uint[] { 7, 6, 5, 4, 3, 2, 1, 0 }));
        Assert.That(plan.Guests.Select(guest => guest.Append), Has.All.StartsWith("console=ttyS0 rvirt.name=guest"));
    }

    [TestCase("trixie", "/a b/c,d/artifacts/guest/")]
    [TestCase("sid", "/a b/c,d/artifacts/guest-sid/")]
    public void GuestsAreOfTheSuiteThatWasNamed(string suite, string folder)
    {
        var guest = RunPlan.Make(RunSettingsTests.Read(("SUITE", suite)), Copy, [null], "/blob").Guests.Single();
        Assert.That((guest.Kernel, guest.Initrd), Is.EqualTo((folder + "Image", folder + "initrd")));
    }

    /// <summary>RVIRT_GUEST_OUT names the place of the guest, whatever its suite.</summary>
    [Test]
    public void APlaceOfOnesOwnHoldsTheGuestOfAnySuite()
    {
        var plan = RunPlan.Make(RunSettingsTests.Read(("SUITE", "sid")), new WorkingCopy("/top", "/mine"), [null], "/blob");
        Assert.That(plan.Guests.Single().Kernel, Is.EqualTo("/mine/Image"));
    }

    /// <summary>As the host's command line has it (docs/consoles.md).</summary>
    [TestCase(new[] { "-m", "1G" }, 0x1d)]
    [TestCase(new[] { "-append", "rvirt.mode=resident" }, 0x1d)]
    [TestCase(new[] { "-append", "rvirt.escape=^A", "-m", "1G", "-append", "rvirt.mode=resident rvirt.escape=^X" }, 0x18)]
    [TestCase(new[] { "-append", "rvirt.escape=none" }, null)]
    [TestCase(new[] { "-append", "rvirt.escape=^x" }, 0x1d)]
    [TestCase(new[] { "rvirt.escape=^X" }, 0x1d)]
    public void WhoeverRunsQEMUKnowsTheConsolesEscape(string[] arguments, int? expected) => Assert.That(RunCommand.EscapeOf(arguments), Is.EqualTo((byte?)expected));

    [Test]
    public void RunsNatively()
    {
        var plan = RunPlan.Make(RunSettingsTests.Read(("NATIVE", "1"), ("QEMU_EXTRA", "-d int")), Copy, [null], "/blob");
        Assert.That(plan.Guests, Is.Empty);
        Assert.That(plan.Arguments, Does.Contain("/a b/c,d/artifacts/guest/Image").And.Not.Contain("-bios"));
        Assert.That(plan.Arguments.TakeLast(2), Is.EqualTo(["-d", "int"]));
    }
}
