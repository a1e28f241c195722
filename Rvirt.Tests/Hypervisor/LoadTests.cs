using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Boards;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Tests.Core.DeviceTree;

namespace Rvirt.Tests.Hypervisor;

/// <summary>What a guest finds in its RAM: kernel, initial RAM disk and device tree, each whole and in its place.</summary>
internal sealed class LoadTests
{
    private const string Loop = "here: j here\n";

    [TestCase(1)]
    [TestCase(4095)]
    [TestCase(4096)]
    [TestCase(70001)]
    public void TheRAMDiskIsWholeAndNothingIsBehindIt(int length)
    {
        var disk = new byte[length];
        new Random(length).NextBytes(disk);
        disk[^1] |= 1;
        using var world = new GuestWorld(GuestPayload.Program(Loop) with { Initrd = disk });
        var text = Tree(world.Guest);
        var start = Cells(text, "linux,initrd-start");
        Assert.That(Cells(text, "linux,initrd-end") - start, Is.EqualTo((ulong)length));
        Assert.That(world.Guest.Ram(start, length).SequenceEqual(disk));
        Assert.That(world.Guest.Ram(start + (ulong)length, 8).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    /// <summary>Read by dtc, which also has to find nothing to complain about.</summary>
    [Test]
    public void TheTreeNamesWhatTheGuestHasAndNothingElse()
    {
        using var world = new GuestWorld(
            new WorldOptions
            {
                Attach = machine =>
                {
                    machine.AttachVirtio(2, new VirtioEntropy(1));
                    machine.AttachVirtio(5, new VirtioEntropy(2));
                    machine.AttachVirtio(6, new VirtioEntropy(3));
                },
            },
            GuestPayload.Program(Loop) with { Memory = 6 << 20, Arguments = "some words", Slots = [2, 0] },
            GuestPayload.Program(Loop) with { Slots = [] });
        var text = Tree(world.Guests[0]);
        Assert.That(Nodes(text, "virtio_mmio"), Is.EqualTo(["10001000", "10002000"]), "in slots of its own, from the first on");
        Assert.That(text, Does.Contain("bootargs = \"some words\";").And.Contain("reg = <0x00 0x80000000 0x00 0x600000>;"));
        Assert.That(Nodes(text, "serial").Concat(Nodes(text, "plic")).Concat(Nodes(text, "test")).Concat(Nodes(text, "rtc")), Is.EqualTo(["10000000", "c000000", "100000", "101000"]));
        Assert.That(Nodes(text, "cpu"), Is.EqualTo(["0"]));
        Assert.That(text, Does.Not.Contain("linux,initrd"));
        Assert.That(Nodes(Tree(world.Guests[1]), "virtio_mmio"), Is.Empty);
        var kinds = Enumerable.Range(0, 8).Select(slot => world.Guests[0].Bus.SlotKind(slot)).ToArray();
        Assert.That(kinds, Is.EqualTo(new uint[] { 4, 4, 0, 0, 0, 0, 0, 0 }));
    }

    [Test]
    public void ASoleGuestThatNamesNoDevicesHasAllThereAre()
    {
        using var world = new GuestWorld(
            new WorldOptions { Attach = machine => machine.AttachVirtio(3, new VirtioEntropy(1)) }, GuestPayload.Program(Loop));
        Assert.That(Nodes(Tree(world.Guest), "virtio_mmio"), Is.EqualTo(["10001000"]));
    }

    [Test]
    public void EachPartOfAKernelIsWhereItWasLinkedAndWhatItWantsZeroedIsZero()
    {
        var content = ElfBuilder.Code(100);
        var elf = new ElfBuilder { Entry = 0x8030_0000 }.Load(0x8030_0000, content, 0x3000).Load(0x8020_1000, content, 100).Build();
        using var world = new GuestWorld(new GuestPayload(elf));
        Assert.That(world.Guest.VCpu.Pc, Is.EqualTo(0x8030_0000));
        Assert.That(world.Guest.Ram(0x8030_0000, 100).SequenceEqual(content));
        Assert.That(world.Guest.Ram(0x8030_0064, 0x3000 - 100).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        Assert.That(world.Guest.Ram(0x8020_1000, 100).SequenceEqual(content));
    }

    /// <summary>Tree and RAM disk are moved at the start: neither may end up in the other.</summary>
    [Test]
    public void AKernelThatIsHandedOverAloneGetsTheMachinesCommandLine()
    {
        var kernel = GuestPayload.Program(Loop + ".zero 20000\n").Kernel;
        using var machine = new Machine(32 << 20);
        var (tree, initrd) = (machine.RamBase + (31 << 20), machine.RamBase + (30 << 20));
        machine.Load(initrd, kernel);
        MachineTree.Write(machine, tree, initrd, kernel.Length, "words of the machine");
        var desktop = new DesktopMachine(machine);
        Assert.That(desktop.Boot<Boards<ReferenceBoard>>(tree), desktop.Emergency);
        Assert.That(Tree(desktop.Guests[0]), Does.Contain("bootargs = \"words of the machine\";"));
        Assert.That(desktop.Guests[0].Ram(GuestPayload.RamBase, 4).SequenceEqual(new byte[] { 0x6f, 0, 0, 0 }));
    }

    /// <summary>Who prefetches has to know by how much: a guest is told both, or neither.</summary>
    [TestCase("riscv,isa = \"rv64imafdc_zicbop\"; riscv,cbop-block-size = <64>;", true)]
    [TestCase("riscv,isa = \"rv64imafdc_zicbop\";", false)]
    [TestCase("riscv,isa = \"rv64imafdc\"; riscv,cbop-block-size = <64>;", false)]
    public void PrefetchesAreOfferedWithTheBlockThatTheyAreFor(string properties, bool offered)
    {
        using var world = new SetupWorld();
        Assert.That(
            world.Boot([world.Guest("one", Loop + string.Concat(Enumerable.Repeat("nop\n", 32)))], text => text.Replace("riscv,isa = \"rv64imafdc\";", properties, StringComparison.Ordinal)), Is.True, world.Desktop.Emergency);
        var text = Tree(world.Desktop.Guests[0]);
        Assert.That(text.Contains("_zicbop", StringComparison.Ordinal), Is.EqualTo(offered));
        Assert.That(text.Contains("riscv,cbop-block-size = <0x40>;", StringComparison.Ordinal), Is.EqualTo(offered));
    }

    private static string Tree(DesktopGuest guest)
    {
        var blob = guest.Ram(guest.VCpu.X[11], GuestDeviceTree.SuggestedBufferLength);
        return Tools.Decompile(blob[..(int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(blob[4..])]);
    }

    private static string[] Nodes(string tree, string name) =>
        [.. tree.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith(name + "@", StringComparison.Ordinal)).Select(line => line[(name.Length + 1)..].Split(' ')[0])];

    // A property of two cells.
    private static ulong Cells(string tree, string name)
    {
        var at = tree.IndexOf(name + " = <", StringComparison.Ordinal) + name.Length + 4;
        var cells = tree[at..tree.IndexOf('>', at)].Split(' ');
        return (Convert.ToUInt64(cells[0], 16) << 32) | Convert.ToUInt64(cells[1], 16);
    }
}
