using System;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Testing.DeviceTree;
using Rvirt.Testing.Memory;

namespace Rvirt.Tests.Core.DeviceTree;

internal sealed unsafe class GuestDeviceTreeTests
{
    private static readonly byte[] Seed = [1, 2, 3, 4, 5, 6, 7, 8];

    internal static GuestMachineDescription Describe(int harts) => new()
    {
        HartCount = harts,
        TimebaseFrequency = 10_000_000,
        Isa = "rv64imafdc_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs"u8,
        TranslationMode = TranslationMode.Sv48,
        Board = GuestBoard.Standard,
        MemorySize = 0x1_4000_0000,
        BootArguments = "console=ttyS0 root=/dev/vda"u8,
        InitrdStart = 0x1_8800_0000,
        InitrdEnd = 0x1_8812_3456,
        RandomSeed = Seed,
        VirtioSlots = 0xff,
    };

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(16)]
    public void DtcFindsNothingToWarnOf(int harts) => Assert.That(Tools.Decompile(Generate(Describe(harts))), Does.Contain("riscv,isa-extensions"));

    [Test]
    public void DtcFindsNothingToWarnOfInTheBarestMachine()
    {
        var board = GuestBoard.Standard;
        board.Remove(GuestDeviceKind.TestDevice);
        board.Remove(GuestDeviceKind.Clock);
        board.Remove(GuestDeviceKind.Uart);
        board.Remove(GuestDeviceKind.Virtio);
        var machine = new GuestMachineDescription { HartCount = 1, Board = board, MemorySize = 1 << 27, VirtioSlots = 0xff };
        var text = Tools.Decompile(Generate(machine));
        Assert.That(text, Does.Not.Contain("serial").And.Not.Contain("stdout-path").And.Not.Contain("rtc").And.Not.Contain("virtio,mmio").And.Not.Contain("syscon").And.Not.Contain("initrd").And.Not.Contain("rng-seed"));
    }

    [Test]
    public void HasWhatQemusVirtBoardHas()
    {
        using var mine = new GuardedBuffer(Generate(Describe(2)));
        using var theirs = new GuardedBuffer(Tools.DumpQemu("-cpu rv64,h=off,sstc=off -smp 2 -m 5G"));
        Assert.That(FdtReader.Open(mine.Pointer, mine.Length, out var guest), Is.EqualTo(FdtError.None));
        Assert.That(FdtReader.Open(theirs.Pointer, theirs.Length, out var board), Is.EqualTo(FdtError.None));
        string[] ours = ["riscv,isa-base", "riscv,isa-extensions", "phandle", "interrupt-parent", "regmap", "interrupts-extended", "riscv,ndev", "cpu",
            "model", "bootargs", "linux,initrd-start", "linux,initrd-end", "rng-seed"];
        var compared = 0;
        foreach (var node in guest.Descendants(guest.Root))
        {
            var path = Path(guest, node);
            Assert.That(board.TryFind(path, out var other), System.Text.Encoding.ASCII.GetString(path));
            foreach (var property in guest.Properties(node))
            {
                var name = System.Text.Encoding.ASCII.GetString(property.Name);
                if (Array.IndexOf(ours, name) < 0 && !(name == "#address-cells" && node.Depth == 3))
                {
                    Assert.That(board.TryProperty(other, property.Name, out var theirProperty), name);
                    Assert.That(property.Bytes.ToArray(), Is.EqualTo(theirProperty.Bytes.ToArray()), $"{System.Text.Encoding.ASCII.GetString(path)} {name}");
                    compared++;
                }
            }
        }

        Assert.That(compared, Is.GreaterThan(60));

        // Contexts are numbered as the board numbers them.
        Assert.That(HostTree.Read(guest, 0, ulong.MaxValue, default(UsualDrivers), out var mineHost), Is.EqualTo(HostTreeError.None));
        Assert.That(HostTree.Read(board, 0, ulong.MaxValue, default(UsualDrivers), out var theirHost), Is.EqualTo(HostTreeError.None));
        Assert.That(mineHost.Harts[0].PlicContext, Is.EqualTo(theirHost.Harts[0].PlicContext).And.EqualTo(1));
        Assert.That(mineHost.Harts[1].PlicContext, Is.EqualTo(theirHost.Harts[1].PlicContext).And.EqualTo(3));
    }

    [TestCase("/", "#address-cells #size-cells compatible model")]
    [TestCase("/chosen", "bootargs stdout-path linux,initrd-start linux,initrd-end rng-seed")]
    [TestCase("/memory", "device_type reg")]
    [TestCase("/cpus", "#address-cells #size-cells timebase-frequency")]
    [TestCase("/cpus/cpu@0", "device_type reg status compatible riscv,isa riscv,isa-base riscv,isa-extensions mmu-type phandle")]
    [TestCase("/cpus/cpu-map/cluster0/core0", "cpu")]
    [TestCase("/cpus/cpu@0/interrupt-controller", "#address-cells #interrupt-cells interrupt-controller compatible phandle")]
    [TestCase("/poweroff", "compatible regmap offset value")]
    [TestCase("/reboot", "compatible regmap offset value")]
    [TestCase("/soc", "#address-cells #size-cells compatible ranges")]
    [TestCase("/soc/plic", "compatible #address-cells #interrupt-cells interrupt-controller interrupts-extended reg riscv,ndev phandle")]
    [TestCase("/soc/test", "compatible reg phandle")]
    [TestCase("/soc/serial", "compatible reg clock-frequency interrupts interrupt-parent")]
    [TestCase("/soc/rtc", "compatible reg interrupts interrupt-parent")]
    [TestCase("/soc/virtio_mmio", "compatible reg interrupts interrupt-parent")]
    public void EachNodeHasWhatGuestsLookFor(string path, string properties)
    {
        using var blob = new GuardedBuffer(Generate(Describe(1)));
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.TryFind(System.Text.Encoding.ASCII.GetBytes(path), out var node));
        foreach (var name in properties.Split(' '))
        {
            Assert.That(tree.TryProperty(node, System.Text.Encoding.ASCII.GetBytes(name), out _), name);
        }
    }

    [Test]
    public void EachHartIsACoreOfOneCluster()
    {
        var text = Tools.Decompile(Generate(Describe(16)));
        var harts = Regex.Matches(text, @"cpu@([0-9a-f]+) \{[^{]*phandle = <(0x[0-9a-f]+)>").ToDictionary(match => Convert.ToInt32(match.Groups[1].Value, 16), match => match.Groups[2].Value);
        var cores = Regex.Matches(text, @"core([0-9]+) \{\s*cpu = <(0x[0-9a-f]+)>").ToDictionary(match => int.Parse(match.Groups[1].Value), match => match.Groups[2].Value);
        Assert.That(cores, Has.Count.EqualTo(16));
        Assert.That(cores, Is.EquivalentTo(harts));
        Assert.That(Regex.Matches(text, @"\bphandle = <(0x[0-9a-f]+)>").Select(match => match.Groups[1].Value), Is.Unique);
    }

    [Test]
    public void MemoryMayStartAnywhere()
    {
        using var blob = new GuardedBuffer(Generate(Describe(1) with { Board = GuestBoard.Standard with { MemoryBase = 0x12_8000_0000 } }));
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(tree.TryFind("/memory"u8, out var node) && tree.TryReg(node, 0, out var address, out _) && address == 0x12_8000_0000);
    }

    [Test]
    public void SaysWhatTheDescriptionSays()
    {
        using var blob = new GuardedBuffer(Generate(Describe(1) with { VirtioSlots = 0b1000_0010 }));
        Assert.That(FdtReader.Open(blob.Pointer, blob.Length, out var tree), Is.EqualTo(FdtError.None));
        Assert.That(HostTree.Read(tree, 0, ulong.MaxValue, default(UsualDrivers), out var host), Is.EqualTo(HostTreeError.None));
        Assert.That(host.VirtioSlotCount, Is.EqualTo(2));
        Assert.That((host.VirtioSlots[0].Base, host.VirtioSlots[0].Interrupt), Is.EqualTo((0x10002000UL, 2u)));
        Assert.That((host.VirtioSlots[1].Base, host.VirtioSlots[1].Interrupt), Is.EqualTo((0x10008000UL, 8u)));
        Assert.That((host.InitrdStart, host.InitrdEnd), Is.EqualTo((0x1_8800_0000UL, 0x1_8812_3456UL)));
        Assert.That(host.MemoryBanks[0].Size, Is.EqualTo(0x1_4000_0000));
        Assert.That(host.CommandLine.SequenceEqual("console=ttyS0 root=/dev/vda"u8));
        Assert.That(host.Plic.TryUInt32("riscv,ndev"u8, out var sources) ? sources : 0, Is.EqualTo(0x5f));
        Assert.That(host.Reset.Base, Is.EqualTo(0x100000));
        Assert.That(host.Clock.Base, Is.EqualTo(0x101000));
        Assert.That((host.Uart.HasDriver, host.Uart.Base, host.Uart.Interrupt), Is.EqualTo((true, 0x10000000UL, 10u)));
        Assert.That(tree.TryFind("/cpus/cpu@0"u8, out var cpu));
        Assert.That(tree.TryProperty(cpu, "riscv,isa-extensions"u8, out var extensions));
        string[] expected = ["i", "m", "a", "f", "d", "c", "zicsr", "zifencei", "zihintpause", "zba", "zbb", "zbc", "zbs"];
        var position = 0;
        foreach (var name in expected)
        {
            Assert.That(extensions.TryNextString(ref position, out var text));
            Assert.That(System.Text.Encoding.ASCII.GetString(text), Is.EqualTo(name));
        }

        Assert.That(position, Is.EqualTo(extensions.Length));
    }

    [Test]
    public void TheLargestMachineFitsTheBufferSuggested()
    {
        var machine = Describe(16);
        machine.BootArguments = new byte[GuestDeviceTree.MaximumBootArguments].Select(_ => (byte)'x').ToArray();
        var isa = "rv64imafdcb" + string.Concat(Enumerable.Range(0, 93).Select(i => $"_z{i:00}"));
        machine.Isa = System.Text.Encoding.ASCII.GetBytes(isa);
        Assert.That(machine.Isa.Length, Is.EqualTo(GuestIsa.MaximumLength).Within(1));
        Assert.That(Generate(machine), Has.Length.GreaterThan(GuestDeviceTree.SuggestedBufferLength / 2));
    }

    internal static byte[] Generate(in GuestMachineDescription machine)
    {
        var buffer = new byte[GuestDeviceTree.SuggestedBufferLength];
        Assert.That(GuestDeviceTree.Generate(machine, buffer, out var length), Is.EqualTo(FdtWriteError.None));
        return buffer[..length];
    }

    private static byte[] Path(in FdtReader tree, FdtNode target)
    {
        var names = new string[FdtReader.MaximumDepth + 1];
        foreach (var node in tree.Descendants(tree.Root))
        {
            names[node.Depth] = System.Text.Encoding.ASCII.GetString(tree.Name(node));
            if (node.Offset == target.Offset)
            {
                return System.Text.Encoding.ASCII.GetBytes("/" + string.Join('/', names[1..(node.Depth + 1)]));
            }
        }

        throw new InvalidOperationException();
    }
}
